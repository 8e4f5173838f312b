"""Two hidden tanh layers inside a learner's window: nothing is carried from step to step."""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numba.extending import overload

from policies.learners import dense
from policies.learners.network_kernel import (
    Array,
    NetworkKernel,
    begin_adjoint,
    begin_window,
    think,
    think_adjoint,
    weight_gradient,
)
from policies.networks.memory_mlp import MemoryMlp
from sim.flight.plant import is_kind
from sim.flight.rotor import FASTMATH


class MlpBuffers(NamedTuple):
    """What a window keeps of the hidden layers, (T, N, size) each."""

    h1: Array
    """Activations."""
    h2: Array
    grad1: Array
    """Gradients before the tanh."""
    grad2: Array


def _buffers(actor: MemoryMlp, num_envs: int, steps: int) -> MlpBuffers:
    first, second = actor.settings.hidden
    return MlpBuffers(*(np.zeros((steps, num_envs, size), np.float32) for size in (first, second, first, second)))


KERNEL = NetworkKernel(_buffers)


@overload(begin_window, inline="always")
def _begin_window(network, fresh):
    return (lambda network, fresh: None) if is_kind(network, MlpBuffers) else None


@overload(begin_adjoint, inline="always")
def _begin_adjoint(network):
    return (lambda network: None) if is_kind(network, MlpBuffers) else None


@overload(think, inline="always")
def _think(network, parameters, t, x, out):
    if not is_kind(network, MlpBuffers):
        return None
    return lambda network, parameters, t, x, out: _forward(network.h1[t], network.h2[t], parameters, x, out)


@overload(think_adjoint, inline="always")
def _think_adjoint(network, parameters, t, x, grad_out, grad_x):
    if not is_kind(network, MlpBuffers):
        return None
    return lambda network, parameters, t, x, grad_out, grad_x: _backward(
        network.h1[t], network.h2[t], network.grad1[t], network.grad2[t], parameters, x, grad_out, grad_x
    )


@overload(weight_gradient, inline="always")
def _weight_gradient(network, x, grad_out, gradient):
    if not is_kind(network, MlpBuffers):
        return None
    return lambda network, x, grad_out, gradient: _sum(network, x, grad_out, gradient)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _forward(h1, h2, parameters, x, out):
    dense.forward(x, dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], out.shape[1]), h1, h2, out)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _backward(h1, h2, grad1, grad2, parameters, x, grad_out, grad_x):
    weights = dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], grad_out.shape[1])
    dense.backward(weights, h1, h2, grad_out, grad1, grad2, grad_x)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _sum(network, x, grad_out, gradient):
    """One matrix product over all steps."""
    rows = x.shape[0] * x.shape[1]
    first, second = network.h1.shape[2], network.h2.shape[2]
    dense.weight_gradient(
        x.reshape(rows, x.shape[2]), network.h1.reshape(rows, first), network.h2.reshape(rows, second),
        network.grad1.reshape(rows, first), network.grad2.reshape(rows, second),
        grad_out.reshape(rows, grad_out.shape[2]), gradient,
    )  # fmt: skip
