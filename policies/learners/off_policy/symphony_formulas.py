"""Symphony's formulas, one function each; nothing here is learnt.

arXiv 2512.10477, and where that leaves something open its authors' program (github.com/SuspensionRailway/symphony, the
variant called SE); what differs here is in ``docs/learners.md``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_LEAST = 1e-3
"""Of beta and S: 1 / beta and ln S are finite."""
_MOST = 1.0 - 1e-6
"""Of what Omega is taken of."""


def rehse(error: Tensor) -> Tensor:
    """Return the rectified Huber-like squared error: mean(e tanh(e / 2))."""
    return (error * torch.tanh(0.5 * error)).mean()


def rehae(error: Tensor) -> Tensor:
    """Return the same with the error's sign: mean(abs(e) tanh(e / 2))."""
    return (error.abs() * torch.tanh(0.5 * error)).mean()


def omega(x: Tensor) -> Tensor:
    """Return ln((1 + x) / (1 - x)), x in [0, 1): a wall at 1."""
    return 2.0 * torch.atanh(x.clamp(max=_MOST))


def swaddling(scale: Tensor, beta: Tensor) -> Tensor:
    """Return mean(Omega(S^(1 / beta)) + beta S ln S + Omega(beta^2)), S and beta in [0, 1).

    A cost of large actions, the milder the smaller beta is, which costs itself. The wall about S moves no beta.
    """
    s, b = scale.clamp(_LEAST, _MOST), beta.clamp(_LEAST, _MOST)
    return (omega(s ** (1.0 / b.detach())) + b * s * s.log() + omega(b**2)).mean()


def critic_weights(count: int) -> Tensor:
    """Return the weights of critics' values sorted upwards, (count,): tanh((pi (1 - i))^e), of sum 1.

    i is 0, 1/count, ... below 1: of many values the small ones count alike, the largest hardly at all.
    """
    i = torch.arange(count) / count
    weights = torch.tanh((math.pi * (1.0 - i)) ** math.e)
    return weights / weights.sum()


def sorted_value(values: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum of each row's values, sorted upwards: (N, count) to (N,)."""
    return values.sort(dim=1).values @ weights


def exploration_noise(like: Tensor) -> Tensor:
    """Return normal noise cut at e standard deviations and divided by e, of a tensor's shape: in [-1, 1]."""
    return torch.randn_like(like).clamp(-math.e, math.e) / math.e
