"""Every robot with joints: its compiled MJCF against the constants beside it, and whether it can stand."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sim.bodies.model import build_joint_model, reset_to_default_pose
from sim.bodies.parameters import joint_robots
from sim.errors import ConfigError
from sim.mjcf import read_mjcf
from sim.registry import load_robot
from sim.robots.g1 import links as g1
from sim.robots.go1 import links as go1
from sim.robots.go1_arm import links as z1
from sim.spec import GRAVITY

JOINT_ROBOTS = joint_robots()
SETS = [(name, which) for name in JOINT_ROBOTS for which in load_robot(name).parameter_sets]
RATE_200_HZ_S = 0.005
"""The longest physics step that policies are trained with."""


def check_against_constants(model, parameters, rtol):
    names = list(parameters.joint_names)
    assert model.joint(0).name == "root"
    assert model.joint(0).type[0] == mujoco.mjtJoint.mjJNT_FREE
    assert [model.joint(k).name for k in range(1, model.njnt)] == names
    assert [model.actuator(k).name for k in range(model.nu)] == names
    assert [model.body(k).name for k in range(1, model.nbody)] == list(parameters.link_names)
    assert (model.nq, model.nv, model.na) == (7 + len(names), 6 + len(names), 0)
    np.testing.assert_allclose(model.body_mass[1:], parameters.link_mass, rtol=rtol)
    np.testing.assert_allclose(model.dof_armature[6:], parameters.armature_kg_m2, rtol=rtol)
    np.testing.assert_array_equal(model.dof_armature[:6], 0.0)
    np.testing.assert_allclose(
        model.jnt_range[1:], np.c_[parameters.position_low_rad, parameters.position_high_rad], rtol=rtol
    )
    assert model.jnt_limited[1:].all()
    effort = np.asarray(parameters.effort_n_m)
    np.testing.assert_allclose(model.actuator_forcerange, np.c_[-effort, effort])
    assert model.actuator_forcelimited.all()
    np.testing.assert_allclose(model.actuator_gainprm[:, 0], parameters.kp)
    np.testing.assert_allclose(model.actuator_biasprm[:, 1], np.negative(parameters.kp))
    np.testing.assert_allclose(model.actuator_biasprm[:, 2], np.negative(parameters.kd))
    np.testing.assert_array_equal(model.opt.gravity, [0.0, 0.0, -GRAVITY])


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_mjcf_as_it_stands_is_the_default_parameter_set(name):
    robot = load_robot(name)
    # The file rounds what the constants compute: armatures to 8 digits, ranges to 9.
    check_against_constants(read_mjcf(robot).compile(), robot.parameters(), rtol=1e-7)


@pytest.mark.parametrize(("name", "which"), SETS)
def test_built_model_is_the_named_parameter_set(name, which):
    model = build_joint_model(name, which, timestep=0.001)
    check_against_constants(model, load_robot(name).parameters(which), rtol=1e-12)
    assert model.opt.timestep == 0.001


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_limits_are_those_of_a_bundle(name):
    """Bundles refuse limits that are not positive; the joints' are those of the default set."""
    limits, parameters = load_robot(name).limits, load_robot(name).parameters()
    assert 0.0 < limits.battery_min_v < limits.battery_takeoff_v
    assert min(limits.tilt_rad, limits.angular_rate_rad_s, limits.link_silence_s, limits.state_age_s) > 0.0
    assert (limits.position_low_rad, limits.position_high_rad, limits.velocity_rad_s, limits.torque_n_m) == (
        parameters.position_low_rad, parameters.position_high_rad, parameters.velocity_rad_s, parameters.effort_n_m
    )  # fmt: skip


@pytest.mark.parametrize(("name", "which"), SETS)
def test_constants_are_consistent(name, which):
    parameters = load_robot(name).parameters(which)
    n = parameters.num_joints
    for field in ("position_low_rad", "position_high_rad", "velocity_rad_s", "effort_n_m", "armature_kg_m2",
                  "default_pose_rad", "kp", "kd", "action_scale_rad"):  # fmt: skip
        assert len(getattr(parameters, field)) == n, field
    assert len(set(parameters.joint_names)) == n
    pose = np.asarray(parameters.default_pose_rad)
    assert (pose > parameters.position_low_rad).all()
    assert (pose < parameters.position_high_rad).all()
    for field in ("velocity_rad_s", "effort_n_m", "armature_kg_m2", "kp", "kd", "action_scale_rad"):
        assert min(getattr(parameters, field)) > 0.0


def right_of(left):
    """Name of the part on the right that mirrors one on the left; None for one that is not on the left."""
    for there, here in (("left_", "right_"), ("FL_", "FR_"), ("RL_", "RR_")):
        if left.startswith(there):
            return here + left.removeprefix(there)
    return None


ARM_LINKS = {f"arm_{link}": part for link, part in z1.ARM_LINKS.items()}
ASYMMETRY_M = {"g1": 2e-4, "go1": 2.1e-3, "go1_arm": 2.1e-3}
"""Published numbers that differ from side to side: the Go1's calves are all the same part, its middle to the left."""


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_left_and_right_are_mirror_images(name):
    model = build_joint_model(name, floor=False)
    data = mujoco.MjData(model)
    parameters = load_robot(name).parameters()
    reset_to_default_pose(model, data, parameters)
    pairs = [(link, right_of(link)) for link in parameters.link_names if right_of(link)]
    assert pairs
    atol = ASYMMETRY_M.get(name, 1e-9)
    for here, there in pairs:
        left, right = data.body(here), data.body(there)
        np.testing.assert_allclose(left.xpos * [1.0, -1.0, 1.0], right.xpos, atol=min(atol, 2e-4), err_msg=here)
        np.testing.assert_allclose(left.xipos * [1.0, -1.0, 1.0], right.xipos, atol=atol, err_msg=here)
        np.testing.assert_allclose(model.body(left.id).inertia, model.body(right.id).inertia, rtol=2e-3)
    for site in (*parameters.feet, *parameters.hands):
        if right_of(site):
            left, right = data.site(site), data.site(right_of(site))
            np.testing.assert_allclose(left.xpos * [1.0, -1.0, 1.0], right.xpos, atol=2e-4, err_msg=site)


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_ranges_and_pose_of_left_and_right_mirror_each_other(name):
    """What is about y has the same angles on either side, what is about x or z has the opposite ones."""
    parameters = load_robot(name).parameters()
    model = build_joint_model(name, floor=False)
    index = {joint: k for k, joint in enumerate(parameters.joint_names)}
    for joint, left in index.items():
        if not (there := right_of(joint)):
            continue
        right = index[there]
        low, high = parameters.position_low_rad[left], parameters.position_high_rad[left]
        pose = parameters.default_pose_rad[left]
        if not model.joint(joint).axis[1]:
            low, high, pose = -high, -low, -pose
        mirrored = (low, high, pose)
        assert (
            parameters.position_low_rad[right], parameters.position_high_rad[right], parameters.default_pose_rad[right]
        ) == pytest.approx(mirrored), joint  # fmt: skip
        for field in ("velocity_rad_s", "effort_n_m", "armature_kg_m2", "kp", "kd", "action_scale_rad"):
            assert getattr(parameters, field)[left] == getattr(parameters, field)[right]


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_sites_are_where_their_names_say(name):
    parameters = load_robot(name).parameters()
    model = build_joint_model(name)
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    assert len(parameters.feet) in (2, 4)
    for foot in parameters.feet:
        assert data.site(foot).xpos[2] == pytest.approx(0.0, abs=2e-3), "under the sole, on the ground"
    for site in filter(None, (*parameters.hands, parameters.head)):
        assert data.site(site).xpos[2] > data.site(parameters.feet[0]).xpos[2] + 0.1


@pytest.mark.parametrize(("name", "which"), SETS)
def test_every_foot_touches_the_ground_in_the_default_pose(name, which):
    """The height of the base is that of its own pose: neither is the robot thrown up at reset, nor does it drop."""
    parameters = load_robot(name).parameters(which)
    model = build_joint_model(name, which)
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    floor = int(np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE)[0])
    for foot in parameters.feet:
        own = model.geom_bodyid == model.site(foot).bodyid
        solid = np.flatnonzero(own & ((model.geom_contype > 0) | (model.geom_conaffinity > 0)))
        heights = [mujoco.mj_geomDistance(model, data, floor, int(geom), 1.0, None) for geom in solid]
        assert min(heights) == pytest.approx(0.0, abs=1e-3), foot


@pytest.mark.parametrize(("name", "which"), SETS)
def test_200_hz_is_enough_whatever_a_policy_asks(name, which):
    """Targets at random, new ones 50 times a second: the state stays finite and MuJoCo warns of nothing."""
    parameters = load_robot(name).parameters(which)
    model = build_joint_model(name, which, timestep=RATE_200_HZ_S)
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    rng = np.random.default_rng(0)
    pose, scale = np.asarray(parameters.default_pose_rad), np.asarray(parameters.action_scale_rad)
    fastest = 0.0
    for _ in range(150):
        data.ctrl[:] = pose + scale * rng.uniform(-2.0, 2.0, len(pose))
        mujoco.mj_step(model, data, nstep=4)
        fastest = max(fastest, np.abs(data.qvel[:3]).max())
    assert np.isfinite(data.qpos).all()
    assert [warning.number for warning in data.warning] == [0] * len(data.warning)
    assert fastest < 5.0, "thrown about by its own torques"


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_stands_at_200_hz_by_the_discrete_integrator(name):
    """Stiff gains against contacts need it: ``implicitfast`` lets the G1 walk off on its soles (model.py says why)."""
    parameters = load_robot(name).parameters()
    model = build_joint_model(name, timestep=RATE_200_HZ_S)
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    mujoco.mj_step(model, data, nstep=round(2.0 / RATE_200_HZ_S))
    assert data.sensor("attitude").data[0] > np.cos(np.radians(4.0) / 2.0)
    assert data.qpos[2] == pytest.approx(parameters.base_height_m, abs=0.01)


def jittered(name, which, step):
    """State after 0.6 s of targets that jump about the default pose 50 times a second."""
    parameters = load_robot(name).parameters(which)
    model = build_joint_model(name, which, timestep=step)
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    rng = np.random.default_rng(1)
    for _ in range(30):
        data.ctrl[:] = parameters.default_pose_rad + 0.05 * rng.uniform(-1.0, 1.0, parameters.num_joints)
        mujoco.mj_step(model, data, nstep=round(0.02 / step))
    return data.qpos.copy()


@pytest.mark.parametrize("name", [name for name, which in SETS if which == "policy"])
def test_policy_gains_move_it_at_200_hz_as_at_1_khz(name):
    fine, coarse = jittered(name, "policy", 0.001), jittered(name, "policy", RATE_200_HZ_S)
    np.testing.assert_allclose(coarse[:3], fine[:3], atol=3e-3)
    np.testing.assert_allclose(coarse[7:], fine[7:], atol=1e-2)


@pytest.mark.parametrize(("name", "links"), [("g1", g1.LINKS), ("go1", go1.LINKS), ("go1_arm", go1.LINKS | ARM_LINKS)])
def test_inertias_are_the_published_parts(name, links):
    """The MJCF holds the sums of the parts, rounded: the Go1's to nine digits, the G1's to seven."""
    model = read_mjcf(load_robot(name)).compile()
    for link, part in links.items():
        body = model.body(link)
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, body.iquat)
        tensor = turn.reshape(3, 3) @ np.diag(body.inertia) @ turn.reshape(3, 3).T
        np.testing.assert_allclose(body.mass, part.mass, rtol=1e-8)
        np.testing.assert_allclose(body.ipos, part.com, atol=1e-9, err_msg=link)
        np.testing.assert_allclose(tensor, part.tensor, rtol=0.0, atol=3e-7 * np.abs(part.tensor).max(), err_msg=link)


@pytest.mark.parametrize("name", JOINT_ROBOTS)
@pytest.mark.parametrize("push", [(0.0, 0.0), (0.1, 0.0), (-0.1, 0.0), (0.0, 0.2)])
def test_default_pose_stands_for_ten_seconds_under_its_gains(name, push):
    robot = load_robot(name)
    parameters = robot.parameters()
    model = build_joint_model(robot)
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    assert data.ncon >= 4
    mujoco.mj_step(model, data, nstep=round(2.0 / model.opt.timestep))
    data.qvel[:2] += push
    mujoco.mj_step(model, data, nstep=round(10.0 / model.opt.timestep))
    assert data.qpos[2] == pytest.approx(parameters.base_height_m, abs=0.01)
    assert data.sensor("attitude").data[0] > np.cos(np.radians(4.0) / 2.0)
    assert np.abs(data.qvel).max() < 0.1
    assert np.abs(data.qpos[7:] - parameters.default_pose_rad).max() < 0.05
    assert (np.abs(data.actuator_force) < 0.5 * np.asarray(parameters.effort_n_m)).all()


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_without_torque_it_falls(name):
    """What the test above sees is the gains' doing, not the contacts'."""
    robot = load_robot(name)
    parameters = robot.parameters()
    weak = replace(parameters, kp=(0.1,) * parameters.num_joints, kd=(0.1,) * parameters.num_joints)
    model = build_joint_model(robot, weak)
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    mujoco.mj_step(model, data, nstep=round(3.0 / model.opt.timestep))
    assert data.qpos[2] < 0.6 * parameters.base_height_m
    assert np.isfinite(data.qpos).all()


@pytest.mark.parametrize("name", JOINT_ROBOTS)
def test_sensors_are_there(name):
    model = build_joint_model(name)
    for sensor, size in (("gyro", 3), ("accelerometer", 3), ("attitude", 4), ("position", 3), ("velocity", 3)):
        assert model.sensor(sensor).dim[0] == size


def test_g1_against_published_figures_that_are_not_in_its_constants():
    """Standing with straight legs the pelvis is 0.793 m high (Unitree's own MJCF); BeyondMimic's policy gains."""
    model = build_joint_model("g1", floor=False)
    data = mujoco.MjData(model)
    data.qpos[2] = 0.793
    mujoco.mj_forward(model, data)
    assert data.site("left_foot").xpos[2] == pytest.approx(0.0, abs=2e-3)
    assert data.site("right_foot").xpos[2] == pytest.approx(0.0, abs=2e-3)
    policy = dict(zip(load_robot("g1").joint_names, zip(load_robot("g1").parameters("policy").kp,
                                                        load_robot("g1").parameters("policy").kd)))  # fmt: skip
    for joint, kp, kd in (
        ("left_elbow_joint", 14.25, 0.907),
        ("left_hip_yaw_joint", 40.18, 2.56),
        ("left_knee_joint", 99.10, 6.31),
        ("left_wrist_yaw_joint", 16.78, 1.07),
    ):
        assert policy[joint] == pytest.approx((kp, kd), rel=2e-3)


def test_go1_against_published_figures_that_are_not_in_its_constants():
    """mujoco_menagerie's ``unitree_go1`` adds up hip and thigh from the same URDF; 13.1 kg are all links of that."""
    parameters = load_robot("go1").parameters("policy")
    mass = dict(zip(parameters.link_names, parameters.link_mass))
    assert (mass["FR_hip"], mass["FR_thigh"], mass["FR_calf"]) == pytest.approx((0.68, 1.009, 0.195862))
    np.testing.assert_allclose(go1.LINKS["RL_hip"].com, (0.0049166, -0.00762615, -8.865e-5), atol=1e-8)
    np.testing.assert_allclose(go1.LINKS["FR_thigh"].com, (-0.00304722, 0.019315, -0.0305004), atol=1e-7)
    principal = np.linalg.eigvalsh(go1.LINKS["FR_thigh"].tensor)
    np.testing.assert_allclose(principal, (0.000709268, 0.00460903, 0.00478717), rtol=1e-5)
    assert parameters.mass == pytest.approx(13.1, abs=0.01)
    assert parameters.action_scale_rad == (0.5,) * 12
    assert load_robot("g1").parameters("policy").action_scale_rad[17] == pytest.approx(0.439, rel=2e-3)


@pytest.mark.parametrize("leg", go1.LEGS)
def test_go1_has_its_published_lengths(leg):
    """At angles of zero the legs are straight down: the foot's middle is both lengths below the hip, and outward."""
    model = build_joint_model("go1", floor=False)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    ahead, left = 1.0 if leg[0] == "F" else -1.0, 1.0 if leg[1] == "L" else -1.0
    x, y, z = go1.HIP_M
    foot = (ahead * x, left * (y + go1.HIP_OFFSET_M), z - go1.THIGH_M - go1.CALF_M)
    np.testing.assert_allclose(data.geom(f"{leg}_foot").xpos - data.body("trunk").xpos, foot, atol=1e-12)
    hip = data.body(f"{leg}_hip").xpos - data.body("trunk").xpos
    np.testing.assert_allclose(hip, (ahead * x, left * y, z), atol=1e-12)


def test_g1_joint_order_is_that_of_the_motors():
    names = load_robot("g1").joint_names
    assert len(names) == 29
    for index, name in ((3, "left_knee"), (6, "right_hip_pitch"), (12, "waist_yaw"), (18, "left_elbow"),
                        (28, "right_wrist_yaw")):  # fmt: skip
        assert names[index] == f"{name}_joint"


def test_bad_requests_are_named_in_one_line(tmp_path):
    robot = load_robot("g1")
    with pytest.raises(ConfigError, match="robot 'crazyflie' has no joints"):
        build_joint_model("crazyflie")
    with pytest.raises(ConfigError, match="no parameter set 'stiff'; choose one of: policy, stand"):
        build_joint_model("g1", "stiff")
    with pytest.raises(ConfigError, match="time step must be positive"):
        build_joint_model("g1", timestep=-1.0)
    text = robot.mjcf.read_text()
    path = tmp_path / "g1.xml"
    path.write_text(
        text.replace('joint name="left_knee_joint"', 'joint name="x"').replace('joint="left_knee_joint"', 'joint="x"')
    )
    with pytest.raises(ConfigError, match="no joint or no actuator named 'left_knee_joint'"):
        build_joint_model(replace(robot, mjcf=path))
    path.write_text(text[:3000])
    with pytest.raises(ConfigError, match=r"cannot read g1\.xml"):
        build_joint_model(replace(robot, mjcf=path))
