"""The model behind a task: what it keeps of the robot's, and robots that do not fit."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sim.bodies.parameters import joint_parameters
from sim.errors import ConfigError
from sim.legged.physics import Physics
from sim.legged.scene import build_legged_scene, resting_history


@pytest.fixture(scope="module")
def scene():
    return build_legged_scene("go1", joint_parameters("go1", "policy"), 0.005)


def test_the_robot_is_all_there_with_its_policy_gains(scene):
    p = scene.parameters
    assert [scene.model.joint(k).name for k in range(1, scene.model.njnt)] == list(p.joint_names)
    np.testing.assert_allclose(scene.model.actuator_gainprm[:, 0], p.kp)
    assert scene.model.opt.timestep == 0.005
    assert scene.model.opt.integrator == mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    assert scene.model.nsensor == 3 * len(p.feet)
    assert [scene.model.geom(geoms[0]).name for geoms in scene.foot_geoms] == list(p.feet)


def test_feet_are_measured_where_they_are(scene):
    data = mujoco.MjData(scene.model)
    data.qpos[:7] = (0.3, -0.2, scene.parameters.base_height_m - 0.001, 1.0, 0.0, 0.0, 0.0)
    data.qpos[7:] = scene.parameters.default_pose_rad
    data.qvel[0] = 0.4
    mujoco.mj_forward(scene.model, data)
    for foot, place, speed, contact in zip(
        scene.parameters.feet, scene.foot_position, scene.foot_velocity, scene.foot_contact
    ):
        np.testing.assert_allclose(data.sensordata[place], data.site(foot).xpos)
        np.testing.assert_allclose(data.sensordata[speed], [0.4, 0.0, 0.0], atol=1e-9)
        assert data.sensordata[contact] == 1.0
    data.qpos[2] += 0.1
    mujoco.mj_forward(scene.model, data)
    assert not data.sensordata[scene.foot_contact].any()


def test_a_robot_at_rest_has_commanded_its_pose_always(scene):
    data = mujoco.MjData(scene.model)
    data.history[:] = resting_history(scene.model, scene.parameters)
    for joint, angle in enumerate(scene.parameters.default_pose_rad):
        for ago in (0.005, 0.02, 0.04):
            read = mujoco.mj_readCtrl(scene.model, data, joint, -ago, np.zeros((1, 1)), -1)
            assert read.item() == pytest.approx(angle)


def test_a_foot_that_is_not_there_is_named():
    p = replace(joint_parameters("go1", "policy"), feet=("FL_foot", "tail"))
    with pytest.raises(ConfigError, match="'go1': its model has no site 'tail'"):
        build_legged_scene("go1", p, 0.005)


def test_an_unstable_model_is_refused_before_anything_is_trained():
    p = joint_parameters("go1", "policy")
    wild = replace(p, kp=(9e5,) * 12, kd=(0.0,) * 12, effort_n_m=(1e9,) * 12)
    with pytest.raises(ConfigError, match=r"'go1' is unstable with the gains 'policy' at steps of 0\.005 s"):
        build_legged_scene("go1", wild, 0.005, physics=Physics(integrator="Euler"))


@pytest.mark.parametrize("robot", ["crazyflie", "panda"])
def test_robots_without_legs_are_refused(robot):
    with pytest.raises(ConfigError, match=f"'{robot}' has no legs"):
        joint_parameters(robot, "policy")


def test_a_set_of_gains_that_a_robot_does_not_have_is_named():
    with pytest.raises(ConfigError, match="'go1' has no parameter set 'soft'; choose one of: policy, stand"):
        joint_parameters("go1", "soft")
