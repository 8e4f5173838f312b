"""Every arm: its model against its constants, its kinematics against MuJoCo's, its impedance against springs."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from mujoco.batch import Batch

from sim.arm.impedance import TACSL, Impedance
from sim.arm.inverse import solve_inverse
from sim.arm.model import FINGERS, TOOL, build_arm_spec
from sim.arm.view import ArmView
from sim.errors import ConfigError
from sim.quaternions import difference, from_rotation_vector, multiply
from sim.registry import load_robot, robot_names
from sim.spec import ArmParameters

ARMS = [name for name in robot_names() if isinstance(load_robot(name).parameters(), ArmParameters)]
CURRENT = int(mujoco.mjtStage.mjSTAGE_VEL)
DOWN = np.array([0.0, 1.0, 0.0, 0.0])


def check_against_constants(model, constants):
    names = list(constants.joint_names)
    assert [model.joint(k).name for k in range(model.njnt)] == names
    assert [model.actuator(k).name for k in range(model.nu)] == names
    np.testing.assert_allclose(model.jnt_range, np.c_[constants.position_low, constants.position_high])
    np.testing.assert_allclose(model.dof_armature, constants.armature)
    np.testing.assert_allclose(model.dof_damping, constants.damping)
    np.testing.assert_allclose(model.actuator_forcerange[:, 1], constants.effort)
    np.testing.assert_allclose(model.actuator_forcerange[:, 0], np.negative(constants.effort))
    np.testing.assert_allclose(model.actuator_gainprm[-2:, 0], constants.finger_kp)
    np.testing.assert_allclose(model.actuator_biasprm[-2:, 2], -constants.finger_kd)
    low, high = np.array(constants.position_low), np.array(constants.position_high)
    assert np.all((low <= constants.home) & (constants.home <= high))


def make(name, count=1):
    spec, constants = build_arm_spec(name, timestep=1 / 480)
    model = spec.compile()
    batch = Batch(model, count, 1, persistent=True)
    arm = ArmView(batch, model, constants)
    arm.joint_position[:] = constants.home
    arm.control[:, -2:] = 0.04
    batch.forward(stage=CURRENT)
    return batch, model, arm


@pytest.mark.parametrize("name", ARMS)
def test_mjcf_and_built_model_are_the_constants(name):
    robot = load_robot(name)
    check_against_constants(mujoco.MjModel.from_xml_path(str(robot.mjcf)), robot.parameters())
    for which in robot.parameter_sets:
        check_against_constants(build_arm_spec(name, which)[0].compile(), robot.parameters(which))


def test_panda_is_as_long_as_its_data_sheet():
    """Stretched up, 0.333 + 0.316 + 0.384 m to the wrist; the flange is 0.088 m aside and 0.107 m down."""
    _, model, _ = make("panda")
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    np.testing.assert_allclose(data.body("hand").xpos, [0.088, 0.0, 1.033 - 0.107], atol=1e-9)
    np.testing.assert_allclose(data.site(TOOL).xpos, [0.088, 0.0, 1.033 - 0.107 - 0.1034], atol=1e-9)


@pytest.mark.parametrize("name", ARMS)
def test_fingers_meet_at_the_tool(name):
    _, model, _ = make(name)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    hand = data.site(TOOL).xmat.reshape(3, 3)
    for finger, side in zip(FINGERS, (1.0, -1.0)):
        np.testing.assert_allclose(hand.T @ data.joint(finger).xaxis, [0.0, side, 0.0], atol=1e-9)


@pytest.mark.parametrize("name", ARMS)
def test_jacobians_velocity_and_inertia_are_mujocos(name):
    batch, model, arm = make(name, 4)
    rng = np.random.default_rng(0)
    arm.joint_position[:, :7] += rng.uniform(-0.3, 0.3, (4, 7))
    arm.joint_velocity[:] = rng.normal(size=(4, 9))
    batch.forward(stage=CURRENT)
    expected = batch.jac(model.body("hand").id, arm.position_w.copy())
    for own, theirs in zip(arm.jacobians(), expected):
        np.testing.assert_allclose(own, theirs[:, :, :7], atol=1e-12)
    for own, theirs in zip(arm.velocity(), expected):
        np.testing.assert_allclose(
            own, np.einsum("nij,nj->ni", theirs[:, :, :7], arm.joint_velocity[:, :7]), atol=1e-12
        )
    data = batch.get_data(2)
    mujoco.mj_forward(model, data)
    full = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, full)
    np.testing.assert_allclose(arm.inertia()[2], full[:7, :7], atol=1e-12)


@pytest.mark.parametrize("name", ARMS)
def test_inverse_kinematics_finds_poses_of_the_work_area(name):
    batch, _, arm = make(name, 32)
    rng = np.random.default_rng(1)
    place = np.array([0.5, 0.0, 0.15]) + rng.uniform(-1, 1, (32, 3)) * [0.1, 0.1, 0.05]
    turn = multiply(from_rotation_vector(rng.uniform(-1, 1, (32, 3)) * [0.1, 0.1, 1.0]), DOWN)
    left = solve_inverse(batch, arm, np.arange(32), place, turn)
    assert left.max() < 1e-6
    batch.forward(stage=CURRENT)
    np.testing.assert_allclose(arm.position_w, place, atol=1e-5)
    np.testing.assert_allclose(difference(turn, arm.quaternion_w), 0.0, atol=1e-5)


def run(batch, arm, law, steps):
    for step in range(steps):
        if step % 8 == 0:
            law.update_posture()
        law.apply()
        batch.step(nstep=1, stage=CURRENT)


@pytest.mark.parametrize("name", ARMS)
def test_tool_reaches_its_goal_and_is_a_spring_there(name):
    batch, model, arm = make(name)
    solve_inverse(batch, arm, np.arange(1), np.array([[0.5, 0.1, 0.2]]), DOWN[None])
    batch.forward(stage=CURRENT)
    law = Impedance(arm)
    law.goal_position_w += [0.02, -0.01, 0.01]
    law.goal_quaternion_w[:] = multiply(from_rotation_vector([0.0, 0.1, 0.0]), law.goal_quaternion_w)
    run(batch, arm, law, 1500)
    np.testing.assert_allclose(arm.position_w, law.goal_position_w, atol=2e-4)
    np.testing.assert_allclose(difference(law.goal_quaternion_w, arm.quaternion_w), 0.0, atol=5e-3)
    force = np.array([0.0, 2.0, 0.0])
    hand, offset = model.body("hand").id, arm.position_w[0] - batch.bind("xipos")[0, model.body("hand").id]
    batch.bind("xfrc_applied")[0, hand] = [*force, *np.cross(offset, force)]
    run(batch, arm, law, 1500)
    np.testing.assert_allclose((arm.position_w - law.goal_position_w)[0], force / TACSL.stiffness_n_m, atol=2e-4)


@pytest.mark.parametrize("name", ARMS)
def test_posture_moves_the_elbow_and_not_the_tool(name):
    batch, _, arm = make(name)
    arm.joint_position[0, :7] += 0.3 * np.random.default_rng(4).normal(size=7)
    batch.forward(stage=CURRENT)
    law = Impedance(arm)
    law.update_posture()
    assert np.abs(law._posture).max() > 0.5
    acceleration = np.linalg.solve(arm.inertia(), law._posture[:, :, None])
    np.testing.assert_allclose(np.concatenate(arm.jacobians(), axis=1) @ acceleration, 0.0, atol=1e-5)


@pytest.mark.parametrize("name", ARMS)
def test_torques_stay_within_the_joints(name):
    _, _, arm = make(name)
    law = Impedance(arm)
    law.goal_position_w += [0.0, 50.0, 0.0]
    law.apply()
    effort = np.array(arm.parameters.effort[:7])
    assert np.all(np.abs(arm.control[0, :7]) <= effort)
    assert np.any(np.abs(arm.control[0, :7]) == effort)


def test_bad_requests_are_named_in_one_line():
    with pytest.raises(ConfigError, match="robot 'crazyflie' is not an arm"):
        build_arm_spec("crazyflie")
    with pytest.raises(ConfigError, match="no parameter set 'fr3'; choose one of: panda"):
        build_arm_spec("panda", "fr3")
    with pytest.raises(ConfigError, match="time step must be positive"):
        build_arm_spec("panda", timestep=0.0)
