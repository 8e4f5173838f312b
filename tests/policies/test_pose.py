"""The bundle that a robot with joints runs first."""

import numpy as np
import pytest

import sim2metal
from hardware.joints.observation import JointObservation
from hardware.states import JointState
from policies.pose import Stand, build_pose_bundle, observation_terms, pose_network
from policies.runtime import load_policy
from sim.errors import ConfigError
from sim.registry import load_robot

ROBOT = load_robot("g1")
PARAMETERS = ROBOT.parameters()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_pose_bundle(tmp_path_factory.mktemp("pose") / "bundle", episodes=3)


def test_it_stands(bundle):
    assert bundle.info.evaluation == {"episodes": 3, "push_m_s": 0.15, "standing": 1.0}


def test_the_bundle_runs_and_says_what_it_is(bundle):
    loaded, policy = load_policy(bundle.path)
    assert loaded.info.action.level == "joint_position"
    assert loaded.info.action.names == ROBOT.joint_names
    assert loaded.info.limits == ROBOT.limits
    upright = np.zeros(policy.bundle.info.observation_size)
    upright[2] = -1.0
    np.testing.assert_allclose(policy.single().step(upright), PARAMETERS.default_pose_rad, atol=1e-6)


def test_the_robot_side_builds_the_same_observation_as_the_simulation(bundle):
    """What the policy would see on a robot that stands and moves as the simulated one."""
    stand = Stand(ROBOT, PARAMETERS, np.random.default_rng(1))
    stand.push(0.3)
    for _ in range(20):
        stand.step(np.asarray(PARAMETERS.default_pose_rad))
    data = stand._data
    state = JointState(
        received_ns=0, robot_ms=0, torque=(), temperature_c=(),
        position=tuple(data.qpos[7:]), velocity=tuple(data.qvel[6:]),
        orientation_wxyz=tuple(data.sensor("attitude").data), angular_velocity_b=tuple(data.sensor("gyro").data),
        battery_v=50.0, armed=True,
    )  # fmt: skip
    seen = JointObservation(bundle.info)(state, (1.0, 0.0, 0.0, 0.0), stand.applied)
    np.testing.assert_allclose(seen, stand.observe(), atol=1e-6)


def test_golden_sequences_come_from_a_closed_loop(bundle):
    observation = bundle.golden().observation
    assert observation.shape == (4, 100, sum(term.size for term in observation_terms(29)))
    assert observation[:, 0, 2].max() < -0.99, "every sequence starts upright"
    assert observation[:, -1, 2].max() > -0.5, "and is pushed until one has fallen"


def test_the_ankles_lean_against_the_tilt():
    policy = pose_network(PARAMETERS)
    import torch

    observation = torch.zeros(1, policy.observation_size)
    observation[0, 0] = 0.1
    action, _ = policy(observation, torch.zeros(1, 0), torch.zeros(1, 1))
    change = action[0].numpy() - np.asarray(PARAMETERS.default_pose_rad)
    moved = [name for name, value in zip(ROBOT.joint_names, change) if abs(value) > 1e-6]
    assert moved == ["left_ankle_pitch_joint", "right_ankle_pitch_joint"]


def test_robots_without_joints_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="robot 'crazyflie' has no joints to hold in a pose"):
        build_pose_bundle(tmp_path / "b", "crazyflie")
    assert sim2metal.main(["pose", "g2", "--out", str(tmp_path / "b")]) == 2
    assert not (tmp_path / "b").exists()
