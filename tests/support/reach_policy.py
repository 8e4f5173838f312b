"""A contact policy that needs no training: it brings the tool over the fixture, and gives way to what the pads feel."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from policies.bundle import Bundle, BundleInfo, Golden, RobotInfo, save_bundle
from policies.contact_bundle import episode_of
from policies.export_onnx import export_onnx
from policies.learners.contact.inputs import load_input
from policies.provenance import plain
from policies.torch_policy import TorchPolicy
from sim.envs.contact_task import load_contact_task
from sim.registry import load_robot
from sim.spec import Episode

ABOVE_M = 0.1
"""Where it goes, of the tool over the fixture's place."""
YIELD_M_N = 1e-4
"""It rises by this per newton of the pads' mean force."""
STEP_M = 0.01
PATIENCE_S = 0.5
"""Oldest state: computers that run tests are busy."""


class ReachPolicy(nn.Module):
    """23 observations and images, no memory, six motions."""

    observation_size, state_size, action_size = 23, 0, 6
    state_scale = ()

    def __init__(self, images):
        super().__init__()
        self.images = images
        self.register_buffer("over", torch.tensor([[0.0, 0.0, ABOVE_M]]))

    def config(self):
        return {"kind": "test_reach"}

    def forward(self, observation, state_in, reset, *images):
        way = observation[:, 16:19] + self.over - observation[:, 9:12]
        felt = sum(image.flatten(1).mean(1, keepdim=True) for image in images)
        way = way + YIELD_M_N * torch.cat([torch.zeros_like(way[:, :2]), felt], 1)
        return torch.cat([torch.clamp(way, -STEP_M, STEP_M), 0.0 * way], 1), state_in


def reach_info(seen: str = "field", episode: Episode | None = None) -> BundleInfo:
    """``BundleInfo`` of such a policy, as if trained for ``peg_placement``."""
    task, seen_as = load_contact_task("peg_placement").TASK, load_input(seen)
    robot = load_robot(task.robot)
    parameters = robot.parameters()
    return BundleInfo(
        task=task.name,
        robot=RobotInfo(robot.name, parameters.name, (), robot.joint_names, robot.model_hash(), plain(parameters)),
        observation=seen_as.terms(task),
        action=task.action,
        timing=task.timing,
        limits=replace(robot.limits, state_age_s=PATIENCE_S),
        state_size=0,
        state_scale=(),
        command_ranges={},
        network={"kind": "test_reach"},
        provenance={},
        images=seen_as.image_terms(task),
        episode=episode_of(task) if episode is None else episode,
    )


def build_reach_bundle(path: Path, seen: str = "field", episode: Episode | None = None) -> Bundle:
    """Write the bundle of a policy that sees ``seen``, one of ``--input``."""
    info = reach_info(seen, episode)
    actor = ReachPolicy({image.name: image.shape for image in info.images}).eval()
    rng = np.random.default_rng(0)
    observation = rng.normal(0.0, 0.1, (1, 3, info.input_size)).astype(np.float32)
    reset = np.array([[1.0, 0.0, 0.0]], np.float32)
    none = np.zeros((1, 0), np.float32)
    action = np.stack([TorchPolicy(actor).step(observation[:, t], none, reset[:, t])[0] for t in range(3)], 1)
    return save_bundle(
        path, info, export_onnx(actor), Golden(observation, reset, np.zeros((1, 3, 0), np.float32), action)
    )
