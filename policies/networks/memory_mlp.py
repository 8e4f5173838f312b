"""The flight actor without recurrence: a small tanh MLP on the features of ``flight_features``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from policies.networks.flight_features import FlightFeatures, FlightSettings


@dataclass(frozen=True)
class MemoryMlpConfig(FlightSettings):
    """Every constant inside the graph besides the weights."""

    hidden: tuple[int, int] = (64, 64)


class MemoryMlp(FlightFeatures):
    """Actor ``(observation, state_in, reset) -> (action, state_out)`` with explicit memory and nothing else."""

    settings: MemoryMlpConfig

    def __init__(self, config: MemoryMlpConfig) -> None:
        super().__init__(config)
        first, second = config.hidden
        self.state_size = self.memory_size
        self.layer1 = nn.Linear(self.feature_size, first)
        self.layer2 = nn.Linear(first, second)
        self.layer3 = nn.Linear(second, self.action_size)
        self.start_at_hover(self.layer3)

    @property
    def state_scale(self) -> list[float]:
        """Typical magnitude of each state element."""
        return self.memory_scale

    def config(self) -> dict[str, Any]:
        """Return everything ``policies.networks.build`` needs, JSON-able."""
        return {"kind": "memory_mlp", **asdict(self.settings)}

    def forward(self, observation: Tensor, state_in: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Compute one control step.

        Args:
            observation: raw SI terms, ``(batch, observation_size)``.
            state_in: memory of the previous step, ``(batch, state_size)``.
            reset: 1.0 on the first step of an episode, ``(batch, 1)``.

        Returns:
            Commands within their ranges, ``(batch, action_size)``, and the memory, ``(batch, state_size)``.
        """
        features, state_out = self.see(observation, state_in, reset)
        hidden = torch.tanh(self.layer1(features))
        hidden = torch.tanh(self.layer2(hidden))
        return self.command(self.layer3(hidden)), state_out
