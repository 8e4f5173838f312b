"""The recurrent network inside a learner's window: the hidden state is carried, and its gradient flows back."""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numba.extending import overload

from policies.learners import gru
from policies.learners.network_kernel import (
    Array,
    NetworkKernel,
    begin_adjoint,
    begin_window,
    think,
    think_adjoint,
    weight_gradient,
)
from policies.networks.gru_memory import GruMemory
from sim.flight.plant import is_kind
from sim.flight.rotor import FASTMATH


class GruBuffers(NamedTuple):
    """What a window keeps of the network, (T, N, size) each unless said otherwise."""

    hidden: Array
    """Recurrent state before each step and after the last, (T + 1, N, hidden)."""
    dense: Array
    """Activations of the first layer."""
    gates: Array
    """Reset, update and new gate, (T, N, 3 hidden)."""
    recurrent: Array
    """What the state contributes to the new gate, (T, N, hidden)."""
    grad_hidden: Array
    """Gradient of the recurrent state, (N, hidden)."""
    grad_dense: Array
    grad_gates: Array
    grad_recurrent: Array
    """(T, N, 3 hidden)."""


def _buffers(actor: GruMemory, num_envs: int, steps: int) -> GruBuffers:
    dense, hidden = actor.settings.hidden

    def zeros(*shape: int) -> Array:
        return np.zeros(shape, np.float32)

    return GruBuffers(
        hidden=zeros(steps + 1, num_envs, hidden),
        dense=zeros(steps, num_envs, dense),
        gates=zeros(steps, num_envs, 3 * hidden),
        recurrent=zeros(steps, num_envs, hidden),
        grad_hidden=zeros(num_envs, hidden),
        grad_dense=zeros(steps, num_envs, dense),
        grad_gates=zeros(steps, num_envs, 3 * hidden),
        grad_recurrent=zeros(steps, num_envs, 3 * hidden),
    )


KERNEL = NetworkKernel(_buffers, carried=("hidden",))


@overload(begin_window, inline="always")
def _begin_window(network, fresh):
    return (lambda network, fresh: _forget(network.hidden[0], fresh)) if is_kind(network, GruBuffers) else None


@overload(begin_adjoint, inline="always")
def _begin_adjoint(network):
    return (lambda network: _clear(network.grad_hidden)) if is_kind(network, GruBuffers) else None


@overload(think, inline="always")
def _think(network, parameters, t, x, out):
    if not is_kind(network, GruBuffers):
        return None
    return lambda network, parameters, t, x, out: _forward(network, parameters, t, x, out)


@overload(think_adjoint, inline="always")
def _think_adjoint(network, parameters, t, x, grad_out, grad_x):
    if not is_kind(network, GruBuffers):
        return None
    return lambda network, parameters, t, x, grad_out, grad_x: _backward(network, parameters, t, x, grad_out, grad_x)


@overload(weight_gradient, inline="always")
def _weight_gradient(network, x, grad_out, gradient):
    if not is_kind(network, GruBuffers):
        return None
    return lambda network, x, grad_out, gradient: _sum(network, x, grad_out, gradient)


@njit(cache=True, forceinline=True)
def _forget(hidden, fresh):
    for n in range(fresh.shape[0]):
        if fresh[n]:
            hidden[n, :] = 0.0


@njit(cache=True, forceinline=True)
def _clear(gradient):
    gradient[:] = 0.0


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _forward(network, parameters, t, x, out):
    hidden, dense = network.hidden, network.dense
    weights = gru.unpack(parameters, x.shape[1], dense.shape[2], hidden.shape[2], out.shape[1])
    gru.forward(x, hidden[t], weights, dense[t], network.gates[t], network.recurrent[t], hidden[t + 1], out)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _backward(network, parameters, t, x, grad_out, grad_x):
    hidden, dense = network.hidden, network.dense
    weights = gru.unpack(parameters, x.shape[1], dense.shape[2], hidden.shape[2], grad_out.shape[1])
    gru.backward(
        weights, hidden[t], dense[t], network.gates[t], network.recurrent[t], grad_out, network.grad_hidden,
        network.grad_dense[t], network.grad_gates[t], network.grad_recurrent[t], grad_x,
    )  # fmt: skip


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _sum(network, x, grad_out, gradient):
    """One matrix product over all steps."""
    steps, rows = x.shape[0], x.shape[0] * x.shape[1]
    dense, hidden = network.dense.shape[2], network.hidden.shape[2]
    gru.weight_gradient(
        x.reshape(rows, x.shape[2]), network.hidden[:steps].reshape(rows, hidden), network.dense.reshape(rows, dense),
        network.hidden[1:].reshape(rows, hidden), network.grad_dense.reshape(rows, dense),
        network.grad_gates.reshape(rows, 3 * hidden), network.grad_recurrent.reshape(rows, 3 * hidden),
        grad_out.reshape(rows, grad_out.shape[2]), gradient,
    )  # fmt: skip
