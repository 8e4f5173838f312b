"""Networks inside a learner's compiled window: numba picks by the type of their buffers.

A kind of network is one file with a ``NamedTuple`` of the buffers of a window of T steps and N drones,
and the five functions below overloaded for it, as ``mlp_kernel.py`` does; then a line in
``network_table.py``. The window owns the features ``x`` (T, N, F) and the commands; the flat
``parameters`` are the torch module's in their order, matrices transposed to (inputs, outputs).

Forward: ``begin_window``, then ``think`` for t = 0 .. T-1. Backward: ``begin_adjoint``, then
``think_adjoint`` for t = T-1 .. 0, then ``weight_gradient``. What a network carries from step to step
lives in its buffers, as does the gradient that flows back along it; gradients end at the window's
beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class NetworkKernel:
    """How a learner trains a kind of network."""

    buffers: Callable[[Any, int, int], Any]
    """``buffers(actor, num_envs, steps)``: the ``NamedTuple``, zeros."""
    carried: tuple[str, ...] = ()
    """Its fields (T + 1, N, ..) whose last row begins the next window."""


def begin_window(network: Any, fresh: NDArray[np.bool_]) -> None:
    """Forget what the ``fresh`` (N,) drones carried; the window begins. For compiled code only, as all of these."""
    raise NotImplementedError("for numba code")


def think(network: Any, parameters: Array, t: int, x: Array, out: Array) -> None:
    """Write step t's linear outputs ``out`` (N, k) for its features ``x`` (N, F)."""
    raise NotImplementedError("for numba code")


def begin_adjoint(network: Any) -> None:
    """Nothing is known yet of what the carried state is worth."""
    raise NotImplementedError("for numba code")


def think_adjoint(network: Any, parameters: Array, t: int, x: Array, grad_out: Array, grad_x: Array) -> None:
    """Write the gradient ``grad_x`` (N, F) of step t's features, given ``grad_out`` (N, k) and what t + 1 left."""
    raise NotImplementedError("for numba code")


def weight_gradient(network: Any, x: Array, grad_out: Array, gradient: Array) -> None:
    """Write the sum over steps and drones to ``gradient``, flat; ``x`` (T, N, F), ``grad_out`` (T, N, k)."""
    raise NotImplementedError("for numba code")
