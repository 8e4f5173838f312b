"""Left and right exchanged: the image of a motion is the motion of the image."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sim.bodies.model import build_joint_model, reset_to_default_pose
from sim.errors import ConfigError
from sim.legged.mirror import AXIAL, POINT, find_mirror
from sim.legged.spec import actor_terms
from sim.legged.state import gravity_direction
from sim.registry import load_robot
from sim.spec import ObservationTerm

ROBOTS = ("go1", "g1", "biped")


def policy_set(robot):
    return load_robot(robot).parameters("policy")


def named_image(name):
    for one, other in (("left", "right"), ("FL", "FR"), ("RL", "RR")):
        for a, b in ((one, other), (other, one)):
            if name.startswith(a):
                return name.replace(a, b, 1)
    return name


@pytest.mark.parametrize("robot", ROBOTS)
def test_images_are_those_that_the_names_say(robot):
    p = policy_set(robot)
    mirror = find_mirror(robot, p)
    assert [p.joint_names[k] for k in mirror.joints.order] == [named_image(name) for name in p.joint_names]
    assert [p.feet[k] for k in mirror.feet.order] == [named_image(name) for name in p.feet]
    for name, sign in zip(p.joint_names, mirror.joints.sign):
        assert (sign < 0) == any(part in name for part in ("roll", "yaw", "hip_joint"))


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_mirrored_robot_moves_as_the_image_of_the_other(robot):
    """The step of MuJoCo itself, from a state and from its image; parts differ a little between left and right."""
    p = policy_set(robot)
    mirror, model = find_mirror(robot, p).joints, build_joint_model(robot, p, 0.001)
    rng = np.random.default_rng(0)
    one, other = mujoco.MjData(model), mujoco.MjData(model)
    reset_to_default_pose(model, one, p)
    one.qpos[2] += 0.05
    one.qpos[3:7] = np.array([1.0, *rng.normal(0.0, 0.1, 3)])
    one.qpos[3:7] /= np.linalg.norm(one.qpos[3:7])
    one.qpos[7:] += rng.normal(0.0, 0.1, p.num_joints)
    one.qvel[:] = rng.normal(0.0, 0.3, model.nv)
    one.ctrl[:] = one.qpos[7:] + rng.normal(0.0, 0.1, p.num_joints)
    other.qpos[:3] = one.qpos[:3] * POINT
    other.qpos[3:7] = one.qpos[3:7] * (1.0, *AXIAL)
    other.qpos[7:], other.ctrl[:] = mirror(one.qpos[7:]), mirror(one.ctrl)
    other.qvel[:3], other.qvel[3:6], other.qvel[6:] = (
        one.qvel[:3] * POINT, one.qvel[3:6] * AXIAL, mirror(one.qvel[6:]),
    )  # fmt: skip
    for data in (one, other):
        mujoco.mj_step(model, data, nstep=20)
    np.testing.assert_allclose(other.qpos[7:], mirror(one.qpos[7:]), atol=4e-3)
    np.testing.assert_allclose(other.qvel[3:6], one.qvel[3:6] * AXIAL, atol=0.05)
    seen = [gravity_direction(data.qpos[None, 3:7])[0] for data in (one, other)]
    np.testing.assert_allclose(seen[1], seen[0] * POINT, atol=2e-3)


@pytest.mark.parametrize("robot", ROBOTS)
def test_an_image_of_an_image_is_the_observation(robot):
    p = policy_set(robot)
    terms = actor_terms(p.num_joints, commanded=True)
    mirror = find_mirror(robot, p).terms(terms)
    seen = np.random.default_rng(0).normal(size=(5, sum(term.size for term in terms))).astype(np.float32)
    assert not np.array_equal(mirror(seen), seen)
    np.testing.assert_array_equal(mirror(mirror(seen)), seen)
    np.testing.assert_array_equal(mirror(seen)[:, 6:9], seen[:, 6:9] * np.float32([1.0, -1.0, -1.0]))


def test_a_pose_that_is_not_its_own_image_is_refused():
    p = policy_set("go1")
    crooked = replace(p, default_pose_rad=(0.3, *p.default_pose_rad[1:]))
    with pytest.raises(ConfigError, match="'go1': its default pose differs between left and right"):
        find_mirror("go1", crooked)


def test_action_scales_that_differ_between_the_sides_are_refused():
    p = policy_set("go1")
    with pytest.raises(ConfigError, match="'go1': its action scale differs between left and right"):
        find_mirror("go1", replace(p, action_scale_rad=(0.3, *p.action_scale_rad[1:])))


def test_an_observation_whose_image_nobody_knows_is_refused():
    """Taken for its own image, it would teach the wrong thing without a word."""
    with pytest.raises(ConfigError, match="observation 'wind_w' has no mirror image"):
        find_mirror("go1", policy_set("go1")).terms([ObservationTerm("wind_w", 3, "m/s", "world", "simulation")])


def test_a_robot_with_a_joint_to_one_side_has_no_image():
    p = policy_set("go1")
    with pytest.raises(ConfigError, match="'FR_foot' has no mirror image"):
        find_mirror("go1", replace(p, feet=("FR_foot", "RR_foot")))
