"""What training reads agrees with MuJoCo, goes on through loops, and stands still beyond ends."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion.clip import Clip
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.reference import Reference
from sim.motion.retarget import retarget
from sim.motion.robot_poses import robot_model
from sim.motion.size import stature_for
from sim.quaternions import conjugate, from_rotation_vector, multiply, rotate
from sim.registry import load_robot


def made(name, duration_s=2.0):
    return retarget(generate(name, Settings(duration_s=duration_s, stature_m=stature_for("g1"))), "g1")


@pytest.fixture(scope="module")
def walk():
    return made("walk")


@pytest.fixture(scope="module")
def reference(walk):
    return Reference([walk, made("wave").cut(0, 60)])


def test_frames_are_those_of_the_clip(walk, reference):
    time_s = np.arange(walk.num_frames) / walk.fps
    state = reference.at(np.zeros(len(time_s), int), time_s)
    np.testing.assert_allclose(state.root_position_w, walk.root_position_w, atol=1e-5)
    np.testing.assert_allclose(state.joint_position, walk.joint_angles, atol=1e-5)
    np.testing.assert_array_equal(state.contact, walk.contact)
    assert reference.joint_names == walk.joint_names
    assert reference.feet == ("left_foot", "right_foot")


def test_bodies_and_velocities_are_what_mujoco_computes(walk, reference):
    """Between frames too: positions by MuJoCo from the joints, velocities by MuJoCo from the joints' velocities."""
    model = robot_model("g1")
    data = mujoco.MjData(model)
    time_s = np.array([0.31, 0.777, 1.503])
    state = reference.at(np.zeros(3, int), time_s)
    for k in range(3):
        data.qpos[:] = np.concatenate([state.root_position_w[k], state.root_quaternion_w[k], state.joint_position[k]])
        spin = rotate(
            conjugate(state.root_quaternion_w[k]), state.root_angular_velocity_w[k]
        )  # MuJoCo's is in the body
        data.qvel[:] = np.concatenate([state.root_velocity_w[k], spin, state.joint_velocity[k]])
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(state.body_position_w[k], data.xpos[1:], atol=2e-3)
        np.testing.assert_allclose(np.abs((state.body_quaternion_w[k] * data.xquat[1:]).sum(axis=1)), 1.0, atol=1e-4)
        for body in range(1, model.nbody):
            velocity = np.zeros(6)
            mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, body, velocity, 0)
            np.testing.assert_allclose(state.body_angular_velocity_w[k, body - 1], velocity[:3], atol=0.15)
            np.testing.assert_allclose(state.body_velocity_w[k, body - 1], velocity[3:], atol=0.05)


def test_loops_go_on_where_they_ended(walk, reference):
    number = np.zeros(3, int)
    first = reference.at(number, np.array([0.0, 0.5, 1.9]))
    later = reference.at(number, np.array([0.0, 0.5, 1.9]) + 5 * walk.duration_s)
    way = later.root_position_w - first.root_position_w
    speed = 0.6 * np.sqrt(stature_for("g1") / 1.7)
    np.testing.assert_allclose(way, np.tile((5 * walk.duration_s * speed, 0.0, 0.0), (3, 1)), atol=0.02)
    np.testing.assert_allclose(later.joint_position, first.joint_position, atol=1e-4)
    np.testing.assert_allclose(later.body_velocity_w, first.body_velocity_w, atol=1e-3)
    # Across the seam nothing jumps: no faster than anywhere else.
    time_s = np.linspace(1.9, 2.1, 201)
    across = reference.at(np.zeros(201, int), time_s).body_position_w
    within = reference.at(np.zeros(201, int), time_s - 1.0).body_position_w
    assert np.abs(np.diff(across, axis=0)).max() < 1.5 * np.abs(np.diff(within, axis=0)).max() + 1e-4
    assert not reference.ended(number, np.full(3, 100.0)).any()


def circle(radius=2.0, rounds=0.25, frames=50):
    """A robot that glides along a circle: a quarter of it per loop."""
    angle = 2.0 * np.pi * rounds * np.arange(frames) / frames
    names = load_robot("g1").joint_names
    place = np.stack([radius * np.sin(angle), radius * (1.0 - np.cos(angle)), np.full(frames, 0.8)], axis=1)
    return Clip(
        name="circle", character="g1", fps=50.0, joint_names=names,
        root_position_w=place, root_quaternion_w=from_rotation_vector(np.outer(angle, (0.0, 0.0, 1.0))),
        joint_angles=np.zeros((frames, len(names))), loops=True,
    )  # fmt: skip


def test_loops_that_turn_go_round():
    reference = Reference([circle()], bodies=("pelvis", "left_hand"))
    state = reference.at(np.zeros(4, int), np.array([0.3, 1.3, 2.3, 4.3]))
    np.testing.assert_allclose(state.root_position_w[3], state.root_position_w[0], atol=1e-3)
    quarter = np.array([np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)])
    for k in (1, 2):
        center = np.array([0.0, 2.0, 0.0])
        turned = rotate(quarter, state.body_position_w[k - 1] - center) + center
        np.testing.assert_allclose(state.body_position_w[k], turned, atol=1e-3)
        np.testing.assert_allclose(state.body_velocity_w[k], rotate(quarter, state.body_velocity_w[k - 1]), atol=1e-3)
        turn = multiply(quarter, state.root_quaternion_w[k - 1])
        np.testing.assert_allclose(np.abs(turn @ state.root_quaternion_w[k]), 1.0, atol=1e-5)
    speed = 2.0 * np.pi * 2.0 * 0.25
    np.testing.assert_allclose(np.linalg.norm(state.root_velocity_w, axis=1), speed, rtol=1e-3)
    np.testing.assert_allclose(state.root_angular_velocity_w[:, 2], 0.5 * np.pi, rtol=1e-3)


def test_clips_that_end_are_held_and_say_so(reference):
    number = np.ones(4, int)
    time_s = np.array([-1.0, 0.0, 59 / 50, 9.0])
    state = reference.at(number, time_s)
    np.testing.assert_array_equal(state.joint_position[0], state.joint_position[1])
    np.testing.assert_array_equal(state.joint_position[2], state.joint_position[3])
    assert reference.ended(number, time_s).tolist() == [False, False, True, True]
    assert reference.duration_s[1] == pytest.approx(59 / 50)


def test_many_clips_at_once_are_each_their_own(reference):
    random = np.random.default_rng(0)
    number, time_s = random.integers(0, 2, 100), random.uniform(0.0, 3.0, 100)
    together = reference.at(number, time_s)
    for k in range(0, 100, 17):
        alone = reference.at(number[k : k + 1], time_s[k : k + 1])
        for one, all_ in zip(alone, together):
            np.testing.assert_allclose(one[0], all_[k], atol=1e-6)
    assert together.body_position_w.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together.body_quaternion_w, axis=2), 1.0, atol=1e-5)


def test_clips_that_do_not_belong_together_are_refused(walk):
    person = generate("walk", Settings(duration_s=1.0))
    with pytest.raises(ConfigError, match="at least one clip"):
        Reference([])
    with pytest.raises(ConfigError, match="motion retarget"):
        Reference([person])
    with pytest.raises(ConfigError, match="'walk' is of 'human', the first is of 'g1'"):
        Reference([walk, person])
    with pytest.raises(ConfigError, match="no body or site 'antenna'"):
        Reference([walk], bodies=["antenna"])
    with pytest.raises(ConfigError, match="joint 0 is"):
        Reference([replace(walk, joint_names=walk.joint_names[::-1])])
