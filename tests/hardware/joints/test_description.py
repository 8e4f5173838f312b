"""The links' places from a URDF, as the robot side computes them for RViz."""

import mujoco
import numpy as np
import pytest

from hardware.joints.description import JointFrames
from sim.bodies.model import build_joint_model
from sim.bodies.urdf import joint_robot_urdf
from sim.errors import ConfigError
from sim.registry import load_robot

G1 = load_robot("g1").parameters()
URDF = joint_robot_urdf("g1")


def test_links_chained_are_where_mujoco_has_them():
    model = build_joint_model("g1", floor=False)
    data = mujoco.MjData(model)
    frames = JointFrames(URDF, G1.joint_names, "pelvis")
    rng = np.random.default_rng(2)
    for _ in range(5):
        data.qpos[:7] = (0, 0, 0, 1, 0, 0, 0)
        data.qpos[7:] = rng.uniform(G1.position_low_rad, G1.position_high_rad)
        mujoco.mj_kinematics(model, data)
        poses = {"pelvis": (np.zeros(3), np.array([1.0, 0, 0, 0]))}
        for link in frames.links(data.qpos[7:]):  # parents come before children
            place, turn = poses[link.parent]
            offset, product = np.empty(3), np.empty(4)
            mujoco.mju_rotVecQuat(offset, np.array(link.position), turn)
            mujoco.mju_mulQuat(product, turn, np.array(link.orientation_wxyz))
            poses[link.child] = (place + offset, product)
        assert len(poses) == 30
        for name, (place, turn) in poses.items():
            np.testing.assert_allclose(place, data.body(name).xpos, atol=1e-7, err_msg=name)
            assert abs(np.dot(turn, data.body(name).xquat)) == pytest.approx(1.0, abs=1e-9), name


@pytest.mark.parametrize(
    ("text", "names", "base", "message"),
    [
        ("", G1.joint_names, "pelvis", "no robot's description"),
        ("<robot", G1.joint_names, "pelvis", "no robot's description"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><robot/>', G1.joint_names, "pelvis", "no robot's description"),
        ("<robot/>", G1.joint_names, "pelvis", "no joint 'left_hip_pitch_joint'"),
        (URDF, (*G1.joint_names, "tail"), "pelvis", "no joint 'tail'"),
        (URDF, G1.joint_names[1:], "pelvis", "'left_hip_pitch_joint' that the robot does not have"),
        (URDF, G1.joint_names, "base_link", "base ['pelvis'], expected 'base_link'"),
        (URDF.replace("revolute", "prismatic"), G1.joint_names, "pelvis", "of type 'prismatic'"),
        (URDF.replace('<axis xyz="0 1 0"', '<axis xyz="0 0 0"'), G1.joint_names, "pelvis", "has no axis"),
        (URDF.replace('<axis xyz="0 1 0"', '<axis xyz="0 1"'), G1.joint_names, "pelvis", "three numbers"),
        (URDF.replace('<axis xyz="0 1 0"', '<axis xyz="0 nan 0"'), G1.joint_names, "pelvis", "three numbers"),
        (URDF.replace("<parent ", "<parents "), G1.joint_names, "pelvis", "no robot's description"),
    ],
)
def test_a_description_that_is_none_or_another_s_is_refused_in_one_line(text, names, base, message):
    with pytest.raises(ConfigError) as caught:
        JointFrames(text, names, base)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
