"""The asymmetric critic: a value network on what only the simulator knows.

It sees the task's privileged observation (true state, rotor speeds, disturbance, airframe,
delays) without noise and learns the discounted cost-to-go of the running policy from n-step
returns. The actor never sees it: its gradient with respect to the last state of a window stands
for everything after the window (SHAC, Xu et al. 2022, arXiv 2204.07137, eq. 5-7).
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from policies.learners import dense
from policies.learners.adam import Adam
from policies.learners.memory_kernel import rotation, rotation_adjoint
from sim.flight.rotor import FASTMATH

DYNAMIC_SIZE = 22
"""Position (3), rotation (9), velocity (3), angular velocity (3), rotor speeds (4)."""

_POSITION, _ROTATION, _VELOCITY, _RATE, _ROTOR = (np.float32(s) for s in (3.0, 1.5, 1.0, 0.3, 4.0))
"""Factors on the dynamic part, inverse typical magnitudes."""
_HOVER = np.float32(0.6667)


class Critic:
    """Value network with a slowly following target copy.

    The network's output times ``1 / (1 - discount)`` is the cost-to-go, so that it has the size of a
    step's cost whatever the discount.
    """

    def __init__(
        self, privileged_size: int, hidden: tuple[int, int], discount: float, rng: np.random.Generator
    ) -> None:
        self.sizes = (DYNAMIC_SIZE + privileged_size, *hidden, 1)
        self.scale = np.float32(1.0 / (1.0 - discount))
        self.parameters = dense.initial_parameters(self.sizes, rng)
        self.target = self.parameters.copy()
        self.optimiser = Adam(self.parameters.size)

    def observe(self, state: NDArray[np.float32], privileged: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the normalised critic observation, ``(N, 22 + privileged)``."""
        out = np.empty((len(state), self.sizes[0]), np.float32)
        _observe(state, privileged, out)
        return out

    def value(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the target network's cost-to-go, ``(N,)``."""
        buffers = self._buffers(len(observation))
        _value(self.target, observation, *buffers)
        return buffers[2][:, 0] * self.scale

    def state_gradient(
        self, state: NDArray[np.float32], privileged: NDArray[np.float32], weight: float, out: NDArray[np.float32]
    ) -> None:
        """Write ``weight`` times the gradient of the cost-to-go with respect to the state into ``out`` (N, 17)."""
        observation = self.observe(state, privileged)
        buffers = self._buffers(len(state))
        grad = np.full((len(state), 1), weight * self.scale, np.float32)
        _state_gradient(self.target, state, observation, *buffers, grad, out)

    def fit(self, observation: NDArray[np.float32], cost_to_go: NDArray[np.float32], rate: float) -> float:
        """Take one Adam step on the Huber loss (threshold 1) of a batch; return its mean absolute error."""
        buffers = self._buffers(len(observation))
        gradient = np.empty_like(self.parameters)
        error = _fit_gradient(self.parameters, observation, cost_to_go / self.scale, *buffers, gradient)
        self.optimiser.step(self.parameters, gradient, rate)
        return float(error)

    def follow(self, share: float) -> None:
        """Move the target copy toward the network by ``share``."""
        self.target += np.float32(share) * (self.parameters - self.target)

    def _buffers(self, rows: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        _, first, second, _ = self.sizes
        return (
            np.empty((rows, first), np.float32),
            np.empty((rows, second), np.float32),
            np.empty((rows, 1), np.float32),
        )


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _observe(state, privileged, out):
    for n in range(state.shape[0]):
        r = rotation(state[n, 3], state[n, 4], state[n, 5], state[n, 6])
        for i in range(3):
            out[n, i] = _POSITION * state[n, i]
            out[n, 12 + i] = _VELOCITY * state[n, 7 + i]
            out[n, 15 + i] = _RATE * state[n, 10 + i]
        for i in range(9):
            out[n, 3 + i] = _ROTATION * r[i]
        for i in range(4):
            out[n, 18 + i] = _ROTOR * (state[n, 13 + i] - _HOVER)
        for i in range(privileged.shape[1]):
            out[n, 22 + i] = privileged[n, i]


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _value(parameters, x, h1, h2, out):
    dense.forward(x, dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], 1), h1, h2, out)


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _state_gradient(parameters, state, x, h1, h2, value, grad, out):
    weights = dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], 1)
    dense.forward(x, weights, h1, h2, value)
    grad_x = np.empty_like(x)
    dense.backward(weights, h1, h2, grad, np.empty_like(h1), np.empty_like(h2), grad_x)
    g = np.empty(9, np.float32)
    for n in range(state.shape[0]):
        for i in range(9):
            g[i] = _ROTATION * grad_x[n, 3 + i]
        q = rotation_adjoint(state[n, 3], state[n, 4], state[n, 5], state[n, 6], g)
        for i in range(4):
            out[n, 3 + i] = q[i]
            out[n, 13 + i] = _ROTOR * grad_x[n, 18 + i]
        for i in range(3):
            out[n, i] = _POSITION * grad_x[n, i]
            out[n, 7 + i] = _VELOCITY * grad_x[n, 12 + i]
            out[n, 10 + i] = _RATE * grad_x[n, 15 + i]


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _fit_gradient(parameters, x, target, h1, h2, value, gradient):
    weights = dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], 1)
    dense.forward(x, weights, h1, h2, value)
    one = np.float32(1.0)
    total = np.float32(0.0)
    scale = one / np.float32(x.shape[0])
    grad = np.empty_like(value)
    for n in range(x.shape[0]):
        error = value[n, 0] - target[n]
        total += abs(error)
        grad[n, 0] = scale * min(one, max(-one, error))
    grad1, grad2, grad_x = np.empty_like(h1), np.empty_like(h2), np.empty_like(x)
    dense.backward(weights, h1, h2, grad, grad1, grad2, grad_x)
    dense.weight_gradient(x, h1, h2, grad1, grad2, grad, gradient)
    return total * scale
