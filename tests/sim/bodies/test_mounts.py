"""A robot made of two models: the arm sits on the quadruped, neither changed, and bad mounts are named."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sim.bodies.model import build_joint_model, reset_to_default_pose
from sim.errors import ConfigError
from sim.registry import load_robot

GO1, GO1_ARM = load_robot("go1"), load_robot("go1_arm")


def test_the_quadruped_below_is_the_one_without_an_arm():
    alone, carrying = build_joint_model("go1"), build_joint_model("go1_arm")
    for link in GO1.parameters().link_names:
        np.testing.assert_array_equal(carrying.body(link).inertia, alone.body(link).inertia)
        np.testing.assert_array_equal(carrying.body(link).pos, alone.body(link).pos)
    assert GO1_ARM.joint_names[:12] == GO1.joint_names
    assert GO1_ARM.joint_names[12:] == tuple(f"arm_joint{k}" for k in range(1, 7))


def test_the_hand_is_where_the_published_lengths_put_it():
    """Angles of zero: 0.0585 and 0.045 up, 0.35 back, 0.218 forward and 0.057 up, 0.07, 0.0492 and 0.051 forward."""
    model = build_joint_model("go1_arm", floor=False)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    reach = data.site("arm_end_effector").xpos - data.site("back").xpos
    np.testing.assert_allclose(reach, (-0.35 + 0.218 + 0.07 + 0.0492 + 0.051, 0.0, 0.0585 + 0.045 + 0.057), atol=1e-9)


def test_in_the_default_pose_the_hand_is_level_and_above_the_body():
    parameters = GO1_ARM.parameters()
    model = build_joint_model("go1_arm")
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    (hand,) = parameters.hands
    np.testing.assert_allclose(data.site(hand).xmat.reshape(3, 3), np.eye(3), atol=1e-9)
    assert data.site(hand).xpos[2] > parameters.base_height_m + 0.3


def test_the_policy_s_gains_take_a_push():
    parameters = GO1_ARM.parameters("policy")
    model = build_joint_model("go1_arm", "policy", timestep=0.005)
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    mujoco.mj_step(model, data, nstep=200)
    data.qvel[1] += 0.2
    mujoco.mj_step(model, data, nstep=600)
    assert data.sensor("attitude").data[0] > np.cos(np.radians(5.0) / 2.0)


def test_the_hash_follows_both_files(tmp_path):
    assert GO1_ARM.model_hash() != GO1.model_hash()
    other = tmp_path / "z1.xml"
    other.write_text(GO1_ARM.mounts[0].mjcf.read_text() + "\n")
    changed = replace(GO1_ARM, mounts=(replace(GO1_ARM.mounts[0], mjcf=other),))
    assert changed.model_hash() != GO1_ARM.model_hash()


def test_bad_mounts_are_named_in_one_line(tmp_path):
    mount = GO1_ARM.mounts[0]
    with pytest.raises(ConfigError, match=r"robot 'go1_arm': go1\.xml has no site named 'belly'"):
        build_joint_model(replace(GO1_ARM, mounts=(replace(mount, site="belly"),)))
    broken = tmp_path / "z1.xml"
    broken.write_text(mount.mjcf.read_text()[:2000])
    with pytest.raises(ConfigError, match=r"cannot read z1\.xml"):
        build_joint_model(replace(GO1_ARM, mounts=(replace(mount, mjcf=broken),)))
