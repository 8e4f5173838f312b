"""A dense layer and a gated recurrent unit on flat parameters: forward and back-propagation through time, for numba.

The twin of ``policies/networks/gru_memory.py``: ``d = tanh(x W1 + b1)``, a GRU cell (Cho et al. 2014,
arXiv 1406.1078, with torch's placing of the reset gate) on ``d``, and a linear output on ``d`` and the
new hidden state. Weights are stored ``(inputs, outputs)``, the gates in torch's order reset, update, new.
"""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from policies.learners.dense import add_bias_tanh, sum_rows, tanh, times_tanh_slope
from sim.flight.rotor import FASTMATH

_HALF = np.float32(0.5)
_ONE = np.float32(1.0)


def parameter_count(inputs: int, dense: int, hidden: int, outputs: int) -> int:
    """Number of weights and biases."""
    return inputs * dense + dense + 3 * hidden * (dense + hidden + 2) + (dense + hidden) * outputs + outputs


def initial_parameters(
    inputs: int, dense: int, hidden: int, outputs: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw weights uniformly within torch's default bounds of each layer."""
    parts = []
    for rows, columns, fan in (
        (inputs, dense, inputs), (1, dense, inputs), (dense, 3 * hidden, hidden), (1, 3 * hidden, hidden),
        (hidden, 3 * hidden, hidden), (1, 3 * hidden, hidden), (dense + hidden, outputs, dense + hidden),
        (1, outputs, dense + hidden),
    ):  # fmt: skip
        parts.append(rng.uniform(-1.0, 1.0, rows * columns) / np.sqrt(fan))
    return np.concatenate(parts).astype(np.float32)


@njit(inline="always")
def unpack(flat, inputs, dense, hidden, outputs):
    """Return views ``(W1, b1, Wx, bx, Wh, bh, W3, b3)`` into ``flat``; W3's rows are those of d, then of h."""
    gates = 3 * hidden
    a = inputs * dense
    b = a + dense
    c = b + dense * gates
    d = c + gates
    e = d + hidden * gates
    f = e + gates
    g = f + (dense + hidden) * outputs
    return (
        flat[:a].reshape(inputs, dense),
        flat[a:b],
        flat[b:c].reshape(dense, gates),
        flat[c:d],
        flat[d:e].reshape(hidden, gates),
        flat[e:f],
        flat[f:g].reshape(dense + hidden, outputs),
        flat[g : g + outputs],
    )


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def _sigmoid(x):
    return _HALF + _HALF * tanh(_HALF * x)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def forward(x, h, weights, d, gates, recurrent, h_out, out):
    """One step.

    Args:
        x: normalised features, ``(N, inputs)``.
        h: hidden state before the step, ``(N, hidden)``.
        weights: from ``unpack``.
        d: first layer's activation, ``(N, dense)``, written.
        gates: reset, update, new, ``(N, 3 hidden)``, written.
        recurrent: ``h Wh + bh`` of the new gate, which its gradient needs, ``(N, hidden)``, written.
        h_out: hidden state after the step, ``(N, hidden)``, written.
        out: linear output, ``(N, outputs)``, written.
    """
    W1, b1, Wx, bx, Wh, bh, W3, b3 = weights
    dense, hidden = d.shape[1], h.shape[1]
    np.dot(x, W1, d)
    add_bias_tanh(d, b1)
    np.dot(d, Wx, gates)
    through = np.dot(h, Wh)
    for n in range(h.shape[0]):
        for i in range(hidden):
            r = _sigmoid(gates[n, i] + bx[i] + through[n, i] + bh[i])
            z = _sigmoid(gates[n, hidden + i] + bx[hidden + i] + through[n, hidden + i] + bh[hidden + i])
            k = 2 * hidden + i
            recurrent[n, i] = through[n, k] + bh[k]
            new = tanh(gates[n, k] + bx[k] + r * recurrent[n, i])
            gates[n, i], gates[n, hidden + i], gates[n, k] = r, z, new
            h_out[n, i] = new + z * (h[n, i] - new)
    np.dot(d, W3[:dense], out)
    second = np.dot(h_out, W3[dense:])
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[n, i] += second[n, i] + b3[i]


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def backward(weights, h, d, gates, recurrent, grad_out, grad_h, grad_d, grad_gates, grad_recurrent, grad_x):
    """Back-propagate one step.

    Args:
        weights: from ``unpack``.
        h: as in ``forward``.
        d: as ``forward`` wrote it.
        gates: as ``forward`` wrote them.
        recurrent: as ``forward`` wrote it.
        grad_out: gradient of the output, ``(N, outputs)``.
        grad_h: on entry the gradient of ``h_out`` from later steps, on return that of ``h``.
        grad_d: gradient before the first layer's tanh, ``(N, dense)``, written.
        grad_gates: gradient before the gates' squashing, ``(N, 3 hidden)``, written.
        grad_recurrent: the same as seen from ``h Wh + bh``, ``(N, 3 hidden)``, written.
        grad_x: gradient of the features, ``(N, inputs)``, written.
    """
    W1, _, Wx, _, Wh, _, W3, _ = weights
    dense, hidden = d.shape[1], h.shape[1]
    later = np.dot(grad_out, W3[dense:].T)
    for n in range(h.shape[0]):
        for i in range(hidden):
            k = 2 * hidden + i
            r, z, new = gates[n, i], gates[n, hidden + i], gates[n, k]
            g = grad_h[n, i] + later[n, i]
            g_new = g * (_ONE - z) * (_ONE - new * new)
            g_update = g * (h[n, i] - new) * z * (_ONE - z)
            g_reset = g_new * recurrent[n, i] * r * (_ONE - r)
            grad_gates[n, i], grad_gates[n, hidden + i], grad_gates[n, k] = g_reset, g_update, g_new
            grad_recurrent[n, i], grad_recurrent[n, hidden + i] = g_reset, g_update
            grad_recurrent[n, k] = g_new * r
            grad_h[n, i] = g * z
    through = np.dot(grad_recurrent, Wh.T)
    for n in range(h.shape[0]):
        for i in range(hidden):
            grad_h[n, i] += through[n, i]
    np.dot(grad_gates, Wx.T, grad_d)
    direct = np.dot(grad_out, W3[:dense].T)
    for n in range(d.shape[0]):
        for i in range(dense):
            grad_d[n, i] += direct[n, i]
    times_tanh_slope(grad_d, d)
    np.dot(grad_d, W1.T, grad_x)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def weight_gradient(x, h, d, h_out, grad_d, grad_gates, grad_recurrent, grad_out, gradient):
    """Sum the parameter gradient over all rows (steps times environments) into ``gradient`` (flat, overwritten)."""
    inputs, dense, hidden, outputs = x.shape[1], d.shape[1], h.shape[1], grad_out.shape[1]
    g1, c1, gx, cx, gh, ch, g3, c3 = unpack(gradient, inputs, dense, hidden, outputs)
    np.dot(x.T, grad_d, g1)
    np.dot(d.T, grad_gates, gx)
    np.dot(h.T, grad_recurrent, gh)
    np.dot(d.T, grad_out, g3[:dense])
    np.dot(h_out.T, grad_out, g3[dense:])
    sum_rows(grad_d, c1)
    sum_rows(grad_gates, cx)
    sum_rows(grad_recurrent, ch)
    sum_rows(grad_out, c3)
