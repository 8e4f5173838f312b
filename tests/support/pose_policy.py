"""A policy for robots with joints that needs no training: the default pose, leaning against a tilt.

It makes bundles with which everything after training (checks, link, virtual humanoid) can be tested.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from policies.bundle import Bundle, BundleInfo, Golden, RobotInfo, save_bundle
from policies.export_onnx import export_onnx
from policies.provenance import plain, provenance
from policies.torch_policy import TorchPolicy
from sim.registry import load_robot
from sim.spec import ActionSpec, ObservationTerm, Timing

LEAN = 0.2
"""Ankle angle per tilt of the pelvis: gravity's x in the body, which is the sine of the pitch."""


class PosePolicy(nn.Module):
    """gravity_b (3), angular_velocity_b (3), joint position offsets and velocities, applied action -> joint targets."""

    state_size, state_scale = 0, ()

    def __init__(self, robot: str, parameter_set: str | None = None):
        super().__init__()
        parameters = load_robot(robot).parameters(parameter_set)
        n = parameters.num_joints
        self.observation_size, self.action_size = 6 + 3 * n, n
        ankles = [LEAN if "ankle_pitch" in name else 0.0 for name in parameters.joint_names]
        self.register_buffer("pose", torch.tensor([parameters.default_pose_rad]))
        self.register_buffer("ankles", torch.tensor([ankles]))

    def config(self):
        return {"kind": "test_pose"}

    def forward(self, observation, state_in, reset):
        return self.pose + self.ankles * torch.clamp(observation[:, 0:1], -0.3, 0.3), state_in


def describe_pose_policy(policy: PosePolicy, robot_name: str, parameter_set: str | None = None) -> BundleInfo:
    """What the policy's numbers mean."""
    robot = load_robot(robot_name)
    parameters = robot.parameters(parameter_set)
    n = parameters.num_joints
    terms = (
        ("gravity_b", 3, "1", "body", "imu"),
        ("angular_velocity_b", 3, "rad/s", "body", "imu"),
        ("joint_position_offset", n, "rad", "joint", "encoders"),
        ("joint_velocity", n, "rad/s", "joint", "encoders"),
        ("applied_action", n, "rad", "joint", "supervisor"),
    )
    return BundleInfo(
        task="pose",
        robot=RobotInfo(
            robot.name, parameters.name, robot.motor_names, robot.joint_names, robot.model_hash(), plain(parameters)
        ),
        observation=tuple(ObservationTerm(*term) for term in terms),
        action=ActionSpec(
            "joint_position",
            parameters.joint_names,
            "rad",
            parameters.position_low_rad,
            parameters.position_high_rad,
            parameters.default_pose_rad,
            (5.0,) * n,
            "damp",
        ),
        timing=Timing(control_period_s=0.02, physics_step_s=0.002, latency_assumed_s=0.0, latency_budget_s=0.02),
        limits=robot.limits,
        state_size=0,
        state_scale=(),
        command_ranges={},
        network=policy.config(),
        provenance=provenance(0, policy.config()),
    )


def build_pose_bundle(folder: Path, robot: str = "g1", parameter_set: str | None = None) -> Bundle:
    """Write the bundle of a ``PosePolicy``; its golden sequences are seeded random observations."""
    policy = PosePolicy(robot, parameter_set).eval()
    rng = np.random.default_rng(0)
    observation = rng.normal(size=(2, 10, policy.observation_size)).astype(np.float32)
    reset = np.zeros((2, 10), np.float32)
    reset[:, 0] = 1.0
    torch_policy, state = TorchPolicy(policy), np.zeros((2, 0), np.float32)
    actions = [torch_policy.step(observation[:, t], state, reset[:, t] > 0.5)[0] for t in range(10)]
    golden = Golden(observation, reset, np.zeros((2, 10, 0), np.float32), np.stack(actions, 1))
    return save_bundle(folder, describe_pose_policy(policy, robot, parameter_set), export_onnx(policy), golden)
