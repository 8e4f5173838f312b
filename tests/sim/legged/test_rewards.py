"""Terms of reward and ends against plain loops over simulations, joints and feet; and the same by torch."""

import math

import numpy as np
import pytest
import torch

from sim.legged import ends, rewards, tracking_errors
from sim.legged.hand import HandState
from sim.legged.state import BodyConstants, BodyState, gravity_direction, turned_back
from sim.legged.tracked import Tracked
from sim.motion.reference import State
from sim.quaternions import conjugate, rotate

N, J, F, B = 64, 6, 2, 5
FEET, ENDS = (2, 3), (4, 1)
"""Numbers of the bodies that feet are of, and of those that hands and head are of."""


def turns(rng, *shape):
    values = rng.normal(size=(N, *shape, 4))
    return (values / np.linalg.norm(values, axis=-1, keepdims=True)).astype(np.float32)


def plain_state(seed=0):
    rng = np.random.default_rng(seed)

    def some(*shape, reach=1.0):
        return rng.uniform(-reach, reach, (N, *shape)).astype(np.float32)

    robot = BodyConstants(
        *(rng.uniform(0.2, 1.0, J).astype(np.float32) * sign for sign in (1.0, -1.0, 1.0, 30.0, 10.0, 0.5)),
        base_height=0.7, period_s=0.02,
    )  # fmt: skip
    quaternion = turns(rng)
    places = some(B, 3)
    reference = State(
        some(3), turns(rng), some(3), some(3), some(J), some(J), places, turns(rng, B), some(B, 3), some(B, 3),
        some(F) > 0,
    )  # fmt: skip
    tracked = Tracked(
        reference, some(2), places + some(B, 3, reach=0.3), turns(rng, B), some(B, 3), some(B, 3),
        np.array(FEET), np.array(ENDS),
    )  # fmt: skip
    command = some(3)
    command[::3] *= 0.05  # some are to stand
    return BodyState(
        robot=robot, position_w=some(3) + np.float32([0.0, 0.0, 0.7]), quaternion_w=quaternion, velocity_w=some(3),
        velocity_b=some(3), angular_velocity_b=some(3, reach=3.0), gravity_b=gravity_direction(quaternion),
        joint_position=some(J, reach=2.0), joint_velocity=some(J, reach=5.0), last_joint_velocity=some(J, reach=5.0),
        torque=some(J, reach=20.0), foot_position_w=some(F, 3), foot_velocity_w=some(F, 3),
        foot_contact=(some(F) > 0).astype(np.float32), air_time=abs(some(F)), landed=(some(F) > 0).astype(np.float32),
        command=command, centre=some(J), target=some(J), tracked=tracked, action=some(J, reach=4.0),
        last_action=some(J, reach=4.0), friction=some(1), base_mass=some(1), action_delay=some(1),
        foot_height_command=some(F, reach=0.1).clip(0.0),
        hand=HandState((rng.uniform(size=J) > 0.5).astype(np.float32), some(3), some(4), *(some(6) for _ in range(3))),
    )  # fmt: skip


def walks(s, k):
    return sum(float(c) ** 2 for c in s.command[k]) > 0.1**2


def contacts(s, k):
    return [bool(touch) for touch in s.foot_contact[k]]


def single_support(s, k):
    return float(sum(contacts(s, k)) == 1) if walks(s, k) else float(all(contacts(s, k)))


def air_time(s, k, least_s, most_s):
    flown = [max(min(t, most_s) - least_s, 0.0) for t, landed in zip(s.air_time[k], s.landed[k]) if landed]
    return sum(flown) / 0.02 if walks(s, k) else 0.0


def legs(s, k):
    """Return joints from the default pose, None for those that carry the hand."""
    away = s.joint_position[k] - s.robot.default_pose
    return [None if carries else float(angle) for angle, carries in zip(away, s.hand.carrying)]


def joint_range(s, k, share):
    total = 0.0
    for q, low, high in zip(s.joint_position[k], s.robot.position_low, s.robot.position_high):
        spare = (1.0 - share) * (high - low) / 2.0
        total += max(low + spare - q, 0.0) + max(q - (high - spare), 0.0)
    return total


def squares(values):
    return sum(float(v) ** 2 for v in values)


def off_balance(s, k):
    """From the middle of the feet to where a body on stiff legs that moves so comes to rest."""
    fall_s = math.sqrt(0.7 / 9.81)
    feet = [sum(float(s.foot_position_w[k, foot, axis]) for foot in range(F)) / F for axis in range(2)]
    return [float(s.position_w[k, axis]) + fall_s * float(s.velocity_w[k, axis]) - feet[axis] for axis in range(2)]


def away(s, k):
    return s.joint_position[k] - s.robot.default_pose


def offset(s, k, bodies=range(B)):
    """Return how far bodies are from their places, axis by axis, in a row."""
    here, there = s.tracked.position_w[k], s.tracked.reference.body_position_w[k]
    return [float(here[b][axis] - there[b][axis]) for b in bodies for axis in range(3)]


def squared_sine(one, other):
    """Return (2 sin(angle / 2))^2 of the turn from one to the other, by matrices: |A - B|^2 / 2."""
    return squares((matrix(one) - matrix(other)).ravel()) / 2.0


def matrix(quaternion):
    return np.array([rotate(quaternion, axis) for axis in np.eye(3)])


def mean_square(values):
    values = np.ravel(values)
    return squares(values) / len(values)


PLAIN = {
    "track_velocity": lambda s, k, std: math.exp(-squares(s.command[k, :2] - s.velocity_b[k, :2]) / std**2),
    "track_yaw_rate": lambda s, k, std: math.exp(-((s.command[k, 2] - s.angular_velocity_b[k, 2]) ** 2) / std**2),
    "vertical_velocity": lambda s, k: s.velocity_b[k, 2] ** 2,
    "roll_pitch_rate": lambda s, k: squares(s.angular_velocity_b[k, :2]),
    "tilt": lambda s, k: squares(s.gravity_b[k, :2]),
    "upright": lambda s, k, std: math.exp(-squares(s.gravity_b[k, :2]) / std**2),
    "height": lambda s, k, std: math.exp(-((s.position_w[k, 2] - 0.7) ** 2) / std**2),
    "pose": lambda s, k: squares(away(s, k) / s.robot.action_scale) / J,
    "stand_still": lambda s, k: 0.0 if walks(s, k) else sum(map(abs, away(s, k))),
    "effort": lambda s, k: squares(s.torque[k] / s.robot.effort) / J,
    "power": lambda s, k: sum(abs(t * v) for t, v in zip(s.torque[k], s.joint_velocity[k])),
    "joint_acceleration": lambda s, k: squares((s.joint_velocity[k] - s.last_joint_velocity[k]) / 0.02),
    "joint_speed": lambda s, k: squares(s.joint_velocity[k]),
    "joint_range": joint_range,
    "action_change": lambda s, k: squares(s.action[k] - s.last_action[k]),
    "foot_air_time": air_time,
    "foot_slip": lambda s, k: sum(squares(v[:2]) for v, c in zip(s.foot_velocity_w[k], contacts(s, k)) if c),
    "foot_clearance": lambda s, k, height_m: sum(
        abs(p[2] - height_m) * math.hypot(v[0], v[1]) for p, v in zip(s.foot_position_w[k], s.foot_velocity_w[k])
    ),
    "single_support": single_support,
    "feet_down": lambda s, k: sum(contacts(s, k)) / F,
    "stillness": lambda s, k, std: math.exp(-squares(s.velocity_b[k, :2]) / std**2),
    "balance": lambda s, k, std: math.exp(-squares(off_balance(s, k)) / std**2),
    "moving": lambda s, k: float(walks(s, k)),
    "leg_pose": lambda s, k: np.mean([(o / a) ** 2 for o, a in zip(legs(s, k), s.robot.action_scale) if o is not None]),
    "leg_stand_still": lambda s, k: 0.0 if walks(s, k) else sum(abs(o) for o in legs(s, k) if o is not None),
    "hand_position": lambda s, k, std: math.exp(-squares(s.hand.error_h[k, :3]) / std**2),
    "hand_orientation": lambda s, k, std: math.exp(-squares(s.hand.error_h[k, 3:]) / std**2),
    "hand_velocity": lambda s, k, std: math.exp(-squares((s.hand.command_h - s.hand.twist_h)[k, :3]) / std**2),
    "hand_angular_velocity": lambda s, k, std: math.exp(-squares((s.hand.command_h - s.hand.twist_h)[k, 3:]) / std**2),
    "foot_height": lambda s, k, std: math.exp(-squares(s.foot_position_w[k, :, 2] - s.foot_height_command[k]) / std**2),
    "contact_schedule": lambda s, k: np.mean(
        [touch == (height <= 0.0) for touch, height in zip(contacts(s, k), s.foot_height_command[k])]
    ),
    "same_contacts": lambda s, k: np.mean([a == b for a, b in zip(contacts(s, k), s.tracked.reference.contact[k])]),
    "body_position": lambda s, k: mean_square(offset(s, k)),
    "end_position": lambda s, k: mean_square(offset(s, k, ENDS)),
    "foot_position": lambda s, k: mean_square(offset(s, k, FEET)),
    "body_rotation": lambda s, k: np.mean(
        [squared_sine(*pair) for pair in zip(s.tracked.quaternion_w[k], s.tracked.reference.body_quaternion_w[k])]
    ),
    "body_velocity": lambda s, k: mean_square(s.tracked.velocity_w[k] - s.tracked.reference.body_velocity_w[k]),
    "body_angular_velocity": lambda s, k: mean_square(
        s.tracked.angular_velocity_w[k] - s.tracked.reference.body_angular_velocity_w[k]
    ),
    "joint_position": lambda s, k: mean_square(s.joint_position[k] - s.tracked.reference.joint_position[k]),
    "joint_velocity": lambda s, k: mean_square(s.joint_velocity[k] - s.tracked.reference.joint_velocity[k]),
    "largest_joint_position": lambda s, k: max(abs(s.joint_position[k] - s.tracked.reference.joint_position[k])) ** 2,
    "mean_body_distance": lambda s, k: np.mean([math.sqrt(squares(offset(s, k, [b]))) for b in range(B)]),
    "off_height": lambda s, k, most_m: max(abs(z) for z in offset(s, k, (0, *FEET, *ENDS))[2::3]) > most_m,
    "off_tilt": lambda s, k, most: (
        math.dist(s.gravity_b[k], rotate(conjugate(s.tracked.reference.root_quaternion_w[k]), (0.0, 0.0, -1.0))) > most
    ),
    "off_place": lambda s, k, most_m: np.mean([math.sqrt(squares(offset(s, k, [b]))) for b in range(B)]) > most_m,
    "tilted": lambda s, k, most_rad: math.acos(max(-1.0, min(1.0, -s.gravity_b[k, 2]))) > most_rad,
    "low": lambda s, k, share: s.position_w[k, 2] < share * 0.7,
}
ARGUMENTS = {
    "track_velocity": {"std": 0.5}, "track_yaw_rate": {"std": 0.4}, "upright": {"std": 0.3}, "height": {"std": 0.2},
    "stillness": {"std": 0.4}, "joint_range": {"share": 0.8}, "foot_air_time": {"least_s": 0.2, "most_s": 0.6},
    "foot_clearance": {"height_m": 0.1}, "tilted": {"most_rad": 1.0}, "low": {"share": 0.8},
    "hand_position": {"std": 0.6}, "hand_orientation": {"std": 0.7}, "hand_velocity": {"std": 0.8},
    "balance": {"std": 1.5}, "hand_angular_velocity": {"std": 0.9}, "foot_height": {"std": 0.5},
    "off_height": {"most_m": 0.25}, "off_tilt": {"most": 1.3}, "off_place": {"most_m": 0.28},
}  # fmt: skip


MODULES = (rewards, ends, tracking_errors)


def term(name):
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


def test_every_term_has_a_plain_reference():
    known = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
    }
    assert known == set(PLAIN)


@pytest.mark.parametrize("name", PLAIN)
def test_a_term_is_what_a_plain_loop_computes(name):
    s, arguments = plain_state(), ARGUMENTS.get(name, {})
    found = term(name)(s, **arguments)
    assert found.shape == (N,)
    np.testing.assert_allclose(found, [PLAIN[name](s, k, **arguments) for k in range(N)], rtol=2e-5, atol=2e-5)
    assert len(np.unique(found)) > 1


def as_torch(record):
    return {
        name: torch.from_numpy(value if value.dtype == int else np.asarray(value, np.float32))
        if isinstance(value, np.ndarray)
        else value
        for name, value in vars(record).items()
    }


@pytest.mark.parametrize("name", PLAIN)
def test_torch_computes_the_same_by_the_same_function(name):
    s, arguments = plain_state(), ARGUMENTS.get(name, {})
    parts = {
        "robot": BodyConstants(**as_torch(s.robot)),
        "hand": HandState(**as_torch(s.hand)),
        "tracked": torch_tracked(s),
    }
    theirs = BodyState(**{**as_torch(s), **parts})
    found = term(name)(theirs, **arguments)
    np.testing.assert_allclose(found.numpy(), term(name)(s, **arguments), rtol=1e-5, atol=1e-6)


def torch_tracked(s):
    reference = State(*(torch.from_numpy(value) for value in s.tracked.reference))
    return Tracked(**{**as_torch(s.tracked), "reference": reference})


def test_turning_into_the_body_is_the_inverse_turn():
    s = plain_state(1)
    np.testing.assert_allclose(
        turned_back(s.quaternion_w, s.velocity_w), rotate(conjugate(s.quaternion_w), s.velocity_w), atol=1e-6
    )
    down = np.tile([0.0, 0.0, -1.0], (N, 1))
    np.testing.assert_allclose(s.gravity_b, rotate(conjugate(s.quaternion_w), down), atol=1e-6)
