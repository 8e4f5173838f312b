"""A two-hidden-layer tanh network on flat parameters: forward, backward, for numba code.

The learner spends its time here, so the matrices go to BLAS and the tanh is a rational function
that the compiler vectorises. Weights are stored ``(inputs, outputs)``, the transpose of torch's.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight.rotor import FASTMATH

_LIMIT = np.float32(4.97)
_N0, _N1, _N2, _N3 = (np.float32(c) for c in (135135.0, 17325.0, 378.0, 1.0))
_D0, _D1, _D2, _D3 = (np.float32(c) for c in (135135.0, 62370.0, 3150.0, 28.0))
_ONE = np.float32(1.0)


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def tanh(x):
    """Lambert's continued fraction for tanh, cut after seven terms; largest error 1e-4 near |x| = 5.

    Training tolerates that; every judged action is computed with the exact function.
    """
    if x > _LIMIT:
        x = _LIMIT
    if x < -_LIMIT:
        x = -_LIMIT
    s = x * x
    return x * (_N0 + s * (_N1 + s * (_N2 + s * _N3))) / (_D0 + s * (_D1 + s * (_D2 + s * _D3)))


def parameter_count(sizes: tuple[int, int, int, int]) -> int:
    """Number of weights and biases of a network with layer ``sizes``."""
    return sum(a * b + b for a, b in pairwise(sizes))


def initial_parameters(sizes: tuple[int, int, int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw weights uniformly within 1/sqrt(inputs) (torch's default for linear layers), zero biases."""
    parts = []
    for inputs, outputs in pairwise(sizes):
        bound = 1.0 / np.sqrt(inputs)
        parts += [rng.uniform(-bound, bound, inputs * outputs), np.zeros(outputs)]
    return np.concatenate(parts).astype(np.float32)


@njit(inline="always")
def unpack(flat, inputs, first, second, outputs):
    """Return views ``(W1, b1, W2, b2, W3, b3)`` into ``flat``."""
    a = inputs * first
    b = a + first
    c = b + first * second
    d = c + second
    e = d + second * outputs
    return (
        flat[:a].reshape(inputs, first),
        flat[a:b],
        flat[b:c].reshape(first, second),
        flat[c:d],
        flat[d:e].reshape(second, outputs),
        flat[e : e + outputs],
    )


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def add_bias_tanh(x, bias):
    """Replace x by tanh(x + bias), ``(batch, size)``."""
    for n in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[n, i] = tanh(x[n, i] + bias[i])


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def times_tanh_slope(gradient, activation):
    """Gradient <- gradient * (1 - activation^2), elementwise."""
    for n in range(gradient.shape[0]):
        for i in range(gradient.shape[1]):
            gradient[n, i] *= _ONE - activation[n, i] * activation[n, i]


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def forward(x, weights, h1, h2, out):
    """``h1, h2`` hidden activations and ``out`` the linear output, each ``(batch, size)``, overwritten."""
    W1, b1, W2, b2, W3, b3 = weights
    np.dot(x, W1, h1)
    add_bias_tanh(h1, b1)
    np.dot(h1, W2, h2)
    add_bias_tanh(h2, b2)
    np.dot(h2, W3, out)
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[n, i] += b3[i]


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def backward(weights, h1, h2, grad_out, grad1, grad2, grad_x):
    """Back-propagate ``grad_out``; ``grad1, grad2`` are the gradients before the tanh."""
    W1, _, W2, _, W3, _ = weights
    np.dot(grad_out, W3.T, grad2)
    times_tanh_slope(grad2, h2)
    np.dot(grad2, W2.T, grad1)
    times_tanh_slope(grad1, h1)
    np.dot(grad1, W1.T, grad_x)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def weight_gradient(x, h1, h2, grad1, grad2, grad_out, gradient):
    """Sum the parameter gradient over all rows into ``gradient`` (flat, overwritten)."""
    inputs, first, second, outputs = x.shape[1], h1.shape[1], h2.shape[1], grad_out.shape[1]
    g1, c1, g2, c2, g3, c3 = unpack(gradient, inputs, first, second, outputs)
    np.dot(x.T, grad1, g1)
    np.dot(h1.T, grad2, g2)
    np.dot(h2.T, grad_out, g3)
    sum_rows(grad1, c1)
    sum_rows(grad2, c2)
    sum_rows(grad_out, c3)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def sum_rows(x, out):
    """Write the sum over the rows of ``x`` (batch, size) to ``out`` (size,)."""
    out[:] = 0.0
    for n in range(x.shape[0]):
        for i in range(x.shape[1]):
            out[i] += x[n, i]
