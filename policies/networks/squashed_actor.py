"""The actor of learners with a replay (SAC, Symphony): dense layers, and tanh for the bounds of the action.

Normaliser, layers and the action's range are inside the graph; it has no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

from policies.networks.resine import ReSine
from policies.networks.touch_actor import clipped

Activation = Literal["elu", "resine"]
LayerMaker = Callable[[int], nn.Module]
"""Makes what follows a linear layer, from its size."""


@dataclass(frozen=True)
class SquashedActorConfig:
    """Every constant inside the graph besides the weights."""

    observation_size: int
    action_low: tuple[float, ...]
    action_high: tuple[float, ...]
    """The command at an output of -1 and of 1."""
    hidden: tuple[int, ...] = (128, 128)
    activation: Activation = "elu"
    scaled: bool = False
    """Whether the action is tanh(S A), both heads bounded first, as Symphony's; else tanh of the only head."""


class SquashedActor(nn.Module):
    """Actor ``(observation, state_in, reset) -> (action, state_out)`` without memory."""

    observation_mean: Tensor
    observation_std: Tensor
    middle: Tensor
    reach: Tensor
    state_size = 0

    def __init__(self, config: SquashedActorConfig) -> None:
        super().__init__()
        self.settings = config
        self.observation_size, self.action_size = config.observation_size, len(config.action_low)
        low, high = torch.tensor(config.action_low), torch.tensor(config.action_high)
        self.register_buffer("observation_mean", torch.zeros(1, config.observation_size))
        self.register_buffer("observation_std", torch.ones(1, config.observation_size))
        self.register_buffer("middle", 0.5 * (low + high))
        self.register_buffer("reach", 0.5 * (high - low))
        inner, last = _ACTIVATIONS[config.activation]
        self.trunk = trunk((config.observation_size, *config.hidden), inner, last)
        self.action = nn.Linear(config.hidden[-1], self.action_size)
        self.scale = nn.Linear(config.hidden[-1], self.action_size) if config.scaled else None

    @property
    def state_scale(self) -> list[float]:
        """Typical magnitude of each state element: there is none."""
        return []

    def config(self) -> dict[str, Any]:
        """Return everything ``policies.networks.build`` needs, JSON-able."""
        return {"kind": "squashed_actor", **asdict(self.settings)}

    def forward(self, observation: Tensor, state_in: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Compute one control step.

        Args:
            observation: raw SI terms, ``(batch, observation_size)``.
            state_in: nothing, ``(batch, 0)``.
            reset: ignored, ``(batch, 1)``.

        Returns:
            The action, within its range, ``(batch, action_size)``, and ``state_in``.
        """
        x = self.trunk(clipped((observation - self.observation_mean) / self.observation_std))
        output = self.action(x)
        if self.scale is not None:
            output = scaled_action(output, self.scale(x))
        return self.middle + self.reach * torch.tanh(output), state_in


def elu(size: int) -> nn.Module:
    """Return an ELU, which has no size."""
    return nn.ELU()


def scaled_action(action: Tensor, scale: Tensor) -> Tensor:
    """Return Symphony's S A of the outputs of both heads: A = tanh(action / 2), S = abs(tanh(scale / 2))."""
    return torch.abs(torch.tanh(0.5 * scale)) * torch.tanh(0.5 * action)


def trunk(sizes: tuple[int, ...], inner: LayerMaker, last: LayerMaker) -> nn.Sequential:
    """Return linear layers of these sizes; ``last(size)`` makes what follows the last one, ``inner`` the others."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), inner(outputs)]
    return nn.Sequential(*layers[:-1], last(sizes[-1]))


_ACTIVATIONS: dict[Activation, tuple[LayerMaker, LayerMaker]] = {"elu": (elu, elu), "resine": (nn.LayerNorm, ReSine)}
"""Behind the inner layers, and the last; Symphony's bend behind the last alone."""
