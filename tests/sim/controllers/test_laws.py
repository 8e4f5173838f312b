"""The laws against their papers' equations, written out again in NumPy."""

import inspect
import sys

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sim.controllers import firmware
from sim.controllers.controller import Controller, reference_rows
from sim.controllers.registry import NAMES, load_law
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import GRAVITY
from sim.trajectories import parse_trajectory

CRAZYFLIE = load_robot("crazyflie").parameters("l2f_paper")
PERIOD_S = 0.01
E3 = np.array([0.0, 0.0, 1.0])


def flight(law, gains=None, flights=1):
    return Controller(law, CRAZYFLIE, flights, PERIOD_S, gains)


def estimates(n, seed=0, scale=1.0):
    """Estimates near hover, (n, 18), and references near them, (n, 14)."""
    rng = np.random.default_rng(seed)
    seen = scale * 0.02 * rng.normal(size=(n, 18))
    seen[:, 3:12] = Rotation.from_rotvec(scale * 0.1 * rng.normal(size=(n, 3))).as_matrix().reshape(n, 9)
    reference = scale * rng.normal(size=(n, 14)) * ([0.02] * 3 + [0.05] * 3 + [0.3] * 3 + [1.0] * 3 + [0.1, 0.1])
    return seen, reference


def wrench(command):
    """Force along body z and torque of rotors at these speeds."""
    arm, ratio = np.array(CRAZYFLIE.rotor_position_b), CRAZYFLIE.torque_per_thrust
    thrust = CRAZYFLIE.thrust_curve[2] * np.square(command.astype(float))
    torque = (np.cross(arm, E3) + ratio * np.array(CRAZYFLIE.yaw_sign)[:, None] * E3) * thrust[:, None]
    return thrust.sum(), torque.sum(axis=0)


def desired_frame(force, yaw):
    z = force / np.linalg.norm(force)
    y = np.cross(z, [np.cos(yaw), np.sin(yaw), 0.0])
    y /= np.linalg.norm(y)
    return np.stack([np.cross(y, z), y, z], axis=1)


def vee(skew):
    return np.array([skew[2, 1], skew[0, 2], skew[1, 0]])


@pytest.mark.parametrize("name", ["lee", "mellinger"])
def test_first_command_is_the_papers(name):
    law = load_law(name)
    gains = law.published() | dict.fromkeys(("position_i", "position_z_i", "attitude_i", "yaw_i"), 0.0)
    gains |= {"attitude_p": 60.0, "rate_p": 10.0, "yaw_p": 10.0, "yaw_rate_p": 5.0}
    seen, reference = estimates(8, scale=0.5)
    seen[:, 15:18] *= 200.0  # 2 rad/s: gyroscopic torques count
    commands = flight(law, gains, 8).step(seen, reference)
    mass, inertia = CRAZYFLIE.mass, np.array(CRAZYFLIE.inertia)
    for e, ref, command in zip(seen, reference, commands):
        rotation, w = e[3:12].reshape(3, 3), e[15:18]
        kp = np.array([gains["position_p"]] * 2 + [gains["position_z_p"]])
        kv = np.array([gains["velocity_p"]] * 2 + [gains["velocity_z_p"]])
        force = kp * (ref[:3] - e[:3]) + kv * (ref[3:6] - e[12:15]) + ref[6:9] + GRAVITY * E3
        desired = desired_frame(force, ref[12])
        thrust = force @ rotation[:, 2]
        h = (ref[9:12] - desired[:, 2] * (desired[:, 2] @ ref[9:12])) / thrust
        w_d = np.array([-h @ desired[:, 1], h @ desired[:, 0], ref[13] * desired[2, 2]])
        e_r = 0.5 * vee(desired.T @ rotation - rotation.T @ desired)
        if name == "lee":
            w_d = rotation.T @ desired @ w_d
        k_r, k_w = np.array([60.0, 60.0, 10.0]), np.array([10.0, 10.0, 5.0])
        moment = inertia * (-k_r * e_r - k_w * (w - w_d))
        if name == "lee":
            moment += np.cross(w, inertia * w) - inertia * np.cross(w, w_d)
        force_made, torque_made = wrench(command)
        assert force_made == pytest.approx(mass * thrust, rel=1e-5)
        assert torque_made == pytest.approx(moment, rel=1e-4, abs=1e-9)


def test_indi_adds_to_what_the_rotors_do():
    """At rest, with rotors at hover, the first increment is what the errors ask for: mass and inertia times it."""
    law = load_law("indi")
    seen, reference = estimates(1, scale=0.0)
    reference[0, 0:3], seen[0, 15:18] = (0.0, 0.0, 0.02), (0.1, -0.2, 0.3)
    gains = law.published()
    force, torque = wrench(flight(law, gains).step(seen, reference)[0])
    lift = GRAVITY + gains["velocity_z_p"] * gains["position_z_p"] * 0.02
    assert force == pytest.approx(CRAZYFLIE.mass * lift, rel=1e-5)
    k_w = np.array([gains["rate_p"]] * 2 + [gains["yaw_rate_p"]])
    assert torque == pytest.approx(-np.array(CRAZYFLIE.inertia) * k_w * seen[0, 15:18], rel=1e-4, abs=1e-9)


def test_indi_outer_loop_needs_no_integral():
    """A force that nobody told it of is in the measured acceleration: it leans against it within half a second."""
    law = load_law("indi")
    controller = flight(law, law.published() | {"max_tilt": 0.5})
    seen, reference = estimates(1, scale=0.0)
    push, speed = 0.5, 0.0
    for _ in range(3):
        speed += PERIOD_S * push
        seen[0, 12] = speed  # accelerates although it is level
        command = controller.step(seen, reference)
    assert command[0, [0, 3]].min() > command[0, [1, 2]].max()  # front rotors faster: nose up, backwards


def test_pid_is_the_firmwares_cascade():
    law = load_law("pid")
    gains = law.published() | {"rate_d": 0.0}
    seen, reference = estimates(1, scale=0.0)
    reference[0, 0], reference[0, 2] = 0.01, 0.1
    force, torque = wrench(flight(law, gains).step(seen, reference)[0])
    dt = PERIOD_S
    velocity = gains["position_p"] * 0.01
    pitch = (gains["velocity_p"] + gains["velocity_i"] * dt) * velocity
    rate = (gains["attitude_p"] + gains["attitude_i"] * dt) * pitch
    about_y = (gains["rate_p"] + gains["rate_i"] * dt) * rate
    assert torque == pytest.approx([0.0, CRAZYFLIE.inertia[1] * about_y, 0.0], rel=1e-4, abs=1e-9)
    climb = (gains["position_z_p"] + gains["position_z_i"] * dt) * 0.1
    lift = GRAVITY + (gains["velocity_z_p"] + gains["velocity_z_i"] * dt) * climb
    assert force == pytest.approx(CRAZYFLIE.mass * lift, rel=1e-5)


def test_pid_flies_in_the_frame_of_its_heading():
    law = load_law("pid")
    seen, reference = estimates(1, scale=0.0)
    seen[0, 3:12] = Rotation.from_euler("z", 90, degrees=True).as_matrix().ravel()
    reference[0, 1], reference[0, 12] = 0.01, np.pi / 2
    _, torque = wrench(flight(law).step(seen, reference)[0])
    assert torque[1] > 1e-6  # ahead is world y: nose down
    assert torque[0] == pytest.approx(0.0, abs=1e-9)


def test_conversion_from_counts_agrees_with_the_measured_effectiveness():
    """G1 of controller_indi.h, rad/s^2 a count, was measured in flight; the conversion comes from mass and geometry."""
    roll, yaw = firmware.ROLL_PER_COUNT, firmware.YAW_PER_COUNT
    assert roll == pytest.approx(0.5 * (0.0066146 + 0.0052125), rel=0.2)
    assert yaw == pytest.approx(0.001497, rel=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_gains_are_named_in_the_order_the_law_reads(name):
    law = load_law(name)
    module = sys.modules[f"sim.controllers.{name}"]
    for index, gain in enumerate(law.gains[:-1]):
        assert getattr(module, f"_{gain.name.upper()}") == index
    assert law.gains[-1].name == "preview_s"
    assert all(gain.source and gain.low < gain.high for gain in law.gains)


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_in_its_own_flight(name):
    seen, reference = estimates(3)
    seen[1, 13] = np.nan
    command = flight(load_law(name), flights=3).step(seen, reference)
    assert np.isnan(command[1]).all()
    assert np.isfinite(command[[0, 2]]).all()


@pytest.mark.parametrize("name", NAMES)
def test_restarted_flight_repeats_itself(name):
    law = load_law(name)
    controller = flight(law, flights=2)
    seen, reference = estimates(2)
    first = controller.step(seen, reference)
    for _ in range(3):
        controller.step(seen, reference)
    controller.restart(np.array([1]))
    again = controller.step(seen, reference)
    assert np.array_equal(again[1], first[1])
    assert not np.array_equal(again[0], first[0])


def test_gains_are_checked():
    law = load_law("lee")
    with pytest.raises(ConfigError, match="has no gain 'position_d'"):
        law.row(law.published() | {"position_d": 1.0})
    with pytest.raises(ConfigError, match="lacks its gain 'rate_p'"):
        law.row({k: v for k, v in law.published().items() if k != "rate_p"})
    with pytest.raises(ConfigError, match="not finite"):
        law.row(law.published() | {"rate_p": np.nan})
    with pytest.raises(ConfigError, match="unknown controller 'lqr'; choose from: pid"):
        load_law("lqr")


def test_reference_rows_keep_the_trajectorys_order():
    reference = parse_trajectory("figure8:period=3.5").sample([3.0, 4.0])
    rows = reference_rows(reference)
    assert rows.shape == (2, 14)
    assert rows[1, 9:12] == pytest.approx(reference.jerk_w[1])


def test_every_law_says_where_it_is_from():
    for name in NAMES:
        law = load_law(name)
        assert "firmware" in law.source
        assert inspect.getdoc(sys.modules[f"sim.controllers.{name}"])
