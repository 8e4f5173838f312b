"""The network: a window of three poses in, a character's pose out; two hidden layers, no memory.

It has the interface of an actor (``policies/export_onnx.py``), so that the same exporter makes its graph; means and
deviations of what it was trained with are inside, so that inputs are metres and outputs are metres and radians.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class SparseNetworkConfig:
    """Sizes.

    Attributes:
        window: numbers of a window.
        code: numbers of a pose, the contacts at its end.
        feet: how many of them are contacts.
        hidden: width of both layers.
    """

    window: int
    code: int
    feet: int
    hidden: int = 128


class SparseNetwork(nn.Module):
    """Window to pose.

    Args:
        config: sizes.
    """

    state_size = 0
    state_scale = ()
    window_mean: torch.Tensor
    window_scale: torch.Tensor
    code_mean: torch.Tensor
    code_scale: torch.Tensor

    def __init__(self, config: SparseNetworkConfig) -> None:
        super().__init__()
        self.settings = config
        self.observation_size, self.action_size = config.window, config.code
        continuous = config.code - config.feet
        self.register_buffer("window_mean", torch.zeros(1, config.window))
        self.register_buffer("window_scale", torch.ones(1, config.window))
        self.register_buffer("code_mean", torch.zeros(1, continuous))
        self.register_buffer("code_scale", torch.ones(1, continuous))
        self.first = nn.Linear(config.window, config.hidden)
        self.second = nn.Linear(config.hidden, config.hidden)
        self.last = nn.Linear(config.hidden, config.code)
        self.straight = nn.Linear(config.window, config.code, bias=False)
        """Most of a pose is nearly linear in what is seen; the layers learn the rest."""

    def config(self) -> dict[str, Any]:
        """Return what it takes to rebuild it."""
        return {"kind": "sparse", **asdict(self.settings)}

    def standard(self, window: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the pose in deviations from the mean, (N, code - feet), and the contacts' logits, (N, feet)."""
        seen = (window - self.window_mean) / self.window_scale
        hidden = torch.relu(self.second(torch.relu(self.first(seen))))
        out = self.last(hidden) + self.straight(seen)
        split = self.code_mean.shape[1]
        return out[:, :split], out[:, split:]

    def forward(
        self, observation: torch.Tensor, state_in: torch.Tensor, reset: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return poses (N, code), contacts as probabilities, and the empty memory (N, 0)."""
        pose, logits = self.standard(observation)
        return torch.cat([pose * self.code_scale + self.code_mean, torch.sigmoid(logits)], dim=1), state_in
