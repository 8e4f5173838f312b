"""ReSine, Symphony's activation: a sine of its own width per neuron, switched on by its own sigmoid.

With s in (0, 1): x <- s sin(x / s), y = x / (1 + exp(-1.5 x / s)).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_STEEPNESS = 1.5
"""Symphony's."""


class ReSine(nn.Module):
    """The activation of trained layers.

    Args:
        size: neurons.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.width = nn.Parameter(torch.full((size,), 0.5))
        """s itself: a graph that computed it anew each time would lose its name."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., size)."""
        return resine(x, self.width)


def resine(x: Tensor, width: Tensor) -> Tensor:
    """Return the activation of ``x``, (..., size), with widths (size,) in (0, 1)."""
    wave = torch.sin(x / width)
    return width * wave * torch.sigmoid(_STEEPNESS * wave)
