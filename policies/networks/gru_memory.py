"""The recurrent flight actor: a dense layer and a gated recurrent unit on the features of ``flight_features``.

The features' memory holds what a control engineer would keep of one airframe; which airframe it is, the
recurrent state finds out in flight: how hard a command turns it, how late, at which command it hovers.
The last layer sees both the dense layer and the state, so that what needs no memory passes by it.

The gates are written with tanh, sigmoid(x) = (1 + tanh(x / 2)) / 2, the same on every back end.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from policies.networks.flight_features import FlightFeatures, FlightSettings


@dataclass(frozen=True)
class GruMemoryConfig(FlightSettings):
    """Every constant inside the graph besides the weights."""

    hidden: tuple[int, int] = (32, 32)
    """Sizes of the dense layer and of the recurrent state."""


class GruMemory(FlightFeatures):
    """Actor ``(observation, state_in, reset) -> (action, state_out)``; the recurrent state follows the memory."""

    settings: GruMemoryConfig

    def __init__(self, config: GruMemoryConfig) -> None:
        super().__init__(config)
        dense, hidden = config.hidden
        self.hidden_size = hidden
        self.state_size = self.memory_size + hidden
        self.dense = nn.Linear(self.feature_size, dense)
        self.gates_from_dense = nn.Linear(dense, 3 * hidden)
        self.gates_from_state = nn.Linear(hidden, 3 * hidden)
        self.output = nn.Linear(dense + hidden, self.action_size)
        self.start_at_hover(self.output)

    @property
    def state_scale(self) -> list[float]:
        """Typical magnitude of each state element."""
        return self.memory_scale + [1.0] * self.hidden_size

    def config(self) -> dict[str, Any]:
        """Return everything ``policies.networks.build`` needs, JSON-able."""
        return {"kind": "gru_memory", **asdict(self.settings)}

    def forward(self, observation: Tensor, state_in: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Compute one control step.

        Args:
            observation: raw SI terms, ``(batch, observation_size)``.
            state_in: state of the previous step, ``(batch, state_size)``.
            reset: 1.0 on the first step of an episode, ``(batch, 1)``.

        Returns:
            Commands within their ranges, ``(batch, action_size)``, and the state, ``(batch, state_size)``.
        """
        features, memory = self.see(observation, state_in[:, : self.memory_size], reset)
        before = torch.where(reset > 0.5, 0.0, state_in[:, self.memory_size :])
        dense = torch.tanh(self.dense(features))
        hidden = self.recur(dense, before)
        return self.command(self.output(torch.cat([dense, hidden], dim=1))), torch.cat([memory, hidden], dim=1)

    def recur(self, dense: Tensor, hidden: Tensor) -> Tensor:
        """Return the recurrent state after one step, ``(batch, hidden)`` (torch's GRU cell)."""
        size = self.hidden_size
        new, old = self.gates_from_dense(dense), self.gates_from_state(hidden)
        reset = sigmoid(new[:, :size] + old[:, :size])
        update = sigmoid(new[:, size : 2 * size] + old[:, size : 2 * size])
        candidate = torch.tanh(new[:, 2 * size :] + reset * old[:, 2 * size :])
        return candidate + update * (hidden - candidate)


def sigmoid(x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x))."""
    return 0.5 + 0.5 * torch.tanh(0.5 * x)
