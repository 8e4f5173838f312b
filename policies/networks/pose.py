"""A pose, and a lean against the tilt: what a robot with joints runs before anything learnt."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

MOST_TILT = 0.3
"""Sine of the tilt beyond which the lean grows no further."""


@dataclass(frozen=True)
class PoseConfig:
    """Pose and lean of each joint."""

    pose_rad: tuple[float, ...]
    """(n,) targets of a robot that is upright."""
    lean_rad: tuple[float, ...]
    """(n,) change of the target per unit of gravity's x in the body, which is the sine of the pitch."""


class Pose(nn.Module):
    """Joint targets from the observation of ``policies/pose.py``: 6 numbers of the body and 3 of each joint.

    Args:
        config: pose and lean.
    """

    state_size = 0
    state_scale = ()
    pose: torch.Tensor
    lean: torch.Tensor
    alarm: torch.Tensor

    def __init__(self, config: PoseConfig) -> None:
        super().__init__()
        n = len(config.pose_rad)
        self.settings = config
        self.observation_size, self.action_size = 6 + 3 * n, n
        self.register_buffer("pose", torch.tensor([config.pose_rad]))
        self.register_buffer("lean", torch.tensor([config.lean_rad]))
        # Most of the observation does not matter here, but a NaN in it must reach every action, as everywhere.
        self.register_buffer("alarm", torch.zeros(self.observation_size, 1))

    def config(self) -> dict[str, Any]:
        """Return what ``policies.networks.build`` needs to rebuild it."""
        return {"kind": "pose", **asdict(self.settings)}

    def forward(
        self, observation: torch.Tensor, state_in: torch.Tensor, reset: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return joint targets (N, n), rad, and the empty memory (N, 0)."""
        tilt = torch.clamp(observation[:, 0:1], -MOST_TILT, MOST_TILT)
        return self.pose + self.lean * tilt + observation @ self.alarm, state_in
