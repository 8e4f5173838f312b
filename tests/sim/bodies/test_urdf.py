"""The URDF made from a robot's model: joints, limits, masses and, at random angles, where every link is."""

from pathlib import Path
from xml.etree import ElementTree as ET

import mujoco
import numpy as np
import pytest

from sim.bodies.model import build_joint_model
from sim.bodies.urdf import joint_robot_urdf, roll_pitch_yaw
from sim.errors import ConfigError
from sim.registry import load_robot
from tests.sim.bodies.test_model import JOINT_ROBOTS, SETS

URDF = Path(__file__).parents[3] / "ros2_ws" / "src" / "sim2metal_bringup" / "urdf"


def numbers(text):
    return np.array([float(word) for word in text.split()])


def rotation(rpy):
    """Turns about fixed x, then y, then z, as URDF has it."""
    (cr, cp, cy), (sr, sp, sy) = np.cos(rpy), np.sin(rpy)
    x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return z @ y @ x


def about(axis, angle):
    """Rodrigues' formula."""
    a, b, c = axis
    cross = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def forward(root, base, angles):
    """Place and rotation of every link, by the URDF alone."""
    poses = {base: (np.zeros(3), np.eye(3))}
    waiting = root.findall("joint")
    while waiting:
        ready = [joint for joint in waiting if joint.find("parent").get("link") in poses]
        assert ready, "links that hang on nothing"
        for joint in ready:
            place, turn = poses[joint.find("parent").get("link")]
            origin = joint.find("origin")
            fixed = joint.get("type") == "fixed"
            swing = np.eye(3) if fixed else about(numbers(joint.find("axis").get("xyz")), angles[joint.get("name")])
            poses[joint.find("child").get("link")] = (
                place + turn @ numbers(origin.get("xyz")),
                turn @ rotation(numbers(origin.get("rpy"))) @ swing,
            )
        waiting = [joint for joint in waiting if joint not in ready]
    return poses


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_links_are_where_the_model_has_them(name):
    parameters = load_robot(name).parameters()
    model = build_joint_model(name, floor=False)
    data = mujoco.MjData(model)
    root = ET.fromstring(joint_robot_urdf(name))
    base = parameters.link_names[0]
    rng = np.random.default_rng(1)
    for _ in range(20):
        angles = rng.uniform(parameters.position_low_rad, parameters.position_high_rad)
        data.qpos[:7] = (0, 0, 0, 1, 0, 0, 0)
        data.qpos[7:] = angles
        mujoco.mj_kinematics(model, data)
        poses = forward(root, base, dict(zip(parameters.joint_names, angles)))
        assert set(poses) == set(parameters.link_names)
        for link, (place, turn) in poses.items():
            np.testing.assert_allclose(place, data.body(link).xpos, atol=1e-7, err_msg=link)
            np.testing.assert_allclose(turn, data.body(link).xmat.reshape(3, 3), atol=1e-7, err_msg=link)


@pytest.mark.parametrize(("name", "which"), SETS)
def test_joints_and_limits_are_the_robot_s(name, which):
    parameters = load_robot(name).parameters(which)
    joints = ET.fromstring(joint_robot_urdf(name, which)).findall("joint")
    joints = [joint for joint in joints if joint.get("type") != "fixed"]
    assert sorted(joint.get("name") for joint in joints) == sorted(parameters.joint_names)
    assert {joint.get("type") for joint in joints} == {"revolute"}
    for joint in joints:
        index = parameters.joint_names.index(joint.get("name"))
        limit = {key: float(value) for key, value in joint.find("limit").attrib.items()}
        assert limit == pytest.approx(
            {
                "lower": parameters.position_low_rad[index],
                "upper": parameters.position_high_rad[index],
                "effort": parameters.effort_n_m[index],
                "velocity": parameters.velocity_rad_s[index],
            }
        )


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_masses_and_inertias_are_the_model_s(name):
    parameters = load_robot(name).parameters()
    model = build_joint_model(name, floor=False)
    masses = {}
    for link in ET.fromstring(joint_robot_urdf(name)).findall("link"):
        body = model.body(link.get("name"))
        inertial = link.find("inertial")
        masses[link.get("name")] = float(inertial.find("mass").get("value"))
        np.testing.assert_allclose(numbers(inertial.find("origin").get("xyz")), body.ipos, atol=1e-9)
        assert inertial.find("origin").get("rpy") == "0 0 0"
        i = {key: float(value) for key, value in inertial.find("inertia").attrib.items()}
        tensor = np.array(
            [[i["ixx"], i["ixy"], i["ixz"]], [i["ixy"], i["iyy"], i["iyz"]], [i["ixz"], i["iyz"], i["izz"]]]
        )
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, body.iquat)
        turn = turn.reshape(3, 3)
        np.testing.assert_allclose(turn.T @ tensor @ turn, np.diag(body.inertia), atol=1e-8)
    assert [masses[link] for link in parameters.link_names] == pytest.approx(parameters.link_mass)
    assert sum(masses.values()) == pytest.approx(parameters.mass)


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_every_shape_of_the_model_is_drawn(name):
    model = build_joint_model(name, floor=False)
    drawn = [visual.find("geometry")[0].tag for visual in ET.fromstring(joint_robot_urdf(name)).iter("visual")]
    kinds = [int(kind) for kind in model.geom_type]
    capsules = kinds.count(int(mujoco.mjtGeom.mjGEOM_CAPSULE))
    assert drawn.count("cylinder") == capsules + kinds.count(int(mujoco.mjtGeom.mjGEOM_CYLINDER))
    assert drawn.count("sphere") == 2 * capsules + kinds.count(int(mujoco.mjtGeom.mjGEOM_SPHERE))
    assert drawn.count("box") == kinds.count(int(mujoco.mjtGeom.mjGEOM_BOX))


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_the_file_that_launch_files_use_is_up_to_date(name):
    assert (URDF / f"{name}.urdf").read_text() == joint_robot_urdf(name), f"run: sim2metal urdf {name} --out ..."


@pytest.mark.parametrize("angles", [(0.3, -1.2, 2.0), (0.7, np.pi / 2, 0.0), (-0.7, -np.pi / 2, 0.0), (0, 0, 3.1)])
def test_angles_come_back(angles):
    np.testing.assert_allclose(roll_pitch_yaw(rotation(np.array(angles))), angles, atol=1e-9)


def test_what_has_no_urdf_is_named_in_one_line():
    with pytest.raises(ConfigError, match="'crazyflie' has no joints"):
        joint_robot_urdf("crazyflie")
    with pytest.raises(ConfigError, match="unknown robot"):
        joint_robot_urdf("g2")
    with pytest.raises(ConfigError, match="no parameter set"):
        joint_robot_urdf("g1", "springs")
