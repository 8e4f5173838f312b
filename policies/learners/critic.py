"""The asymmetric critic: a value network on what only the simulator knows.

It sees the task's privileged observation (true state, rotor speeds, disturbance, airframe, delays)
without noise, turned into the body frame, and learns the discounted cost-to-go of the running
policy from n-step returns. The actor never sees it: its gradient with respect to the last state of
a window stands for everything after the window (SHAC, Xu et al. 2022, arXiv 2204.07137, eq. 5-7).

Costs are not negative, so the value is a sum of squares of the network's outputs. That makes its
gradient vanish where the value does: a plain output would pull the drone off its target by the
approximation error of its slope.
"""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from policies.learners import dense
from policies.learners.adam import Adam
from policies.learners.memory_kernel import rotation, rotation_adjoint
from sim.flight.rotor import FASTMATH

DYNAMIC_SIZE = 16
"""In the body frame: position (3), velocity (3), gravity's direction (3), angular velocity (3), rotor speeds (4)."""
OUTPUTS = 8
"""Squares in the sum."""

_POSITION, _VELOCITY, _GRAVITY, _RATE, _ROTOR = (np.float32(s) for s in (3.0, 1.0, 1.5, 0.3, 4.0))
"""Factors on the dynamic part, inverse typical magnitudes."""
_MID = np.float32(0.6)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)


class Critic:
    """Value network with a slowly following target copy.

    The sum of squares times ``1 / (1 - discount)`` is the cost-to-go, so that it has the size of a
    step's cost whatever the discount.
    """

    def __init__(
        self, privileged_size: int, hidden: tuple[int, int], discount: float, rng: np.random.Generator
    ) -> None:
        self.sizes = (DYNAMIC_SIZE + privileged_size, *hidden, OUTPUTS)
        self.scale = np.float32(1.0 / (1.0 - discount))
        self.parameters = dense.initial_parameters(self.sizes, rng)
        self.target = self.parameters.copy()
        self.optimiser = Adam(self.parameters.size)

    def observe(self, state: NDArray[np.float32], privileged: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the normalised critic observation.

        Args:
            state: true flight states, ``(N, 17)``.
            privileged: normalised constants of each airframe, the force (world) first, ``(N, k)``.

        Returns:
            ``(N, 16 + k)``, the force turned into the body frame.
        """
        out = np.empty((len(state), self.sizes[0]), np.float32)
        _observe(state, privileged, out)
        return out

    def value(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the target network's cost-to-go, ``(N,)``."""
        h1, h2, out = self._buffers(len(observation))
        _forward(self.target, observation, h1, h2, out)
        return np.square(out).sum(axis=1) * self.scale

    def state_gradient(
        self, state: NDArray[np.float32], privileged: NDArray[np.float32], weight: float, out: NDArray[np.float32]
    ) -> None:
        """Write ``weight`` times the gradient of the cost-to-go with respect to the state into ``out`` (N, 17)."""
        observation = self.observe(state, privileged)
        factor = np.float32(weight * self.scale)
        _state_gradient(self.target, state, privileged, observation, *self._buffers(len(state)), factor, out)

    def fit(self, observation: NDArray[np.float32], cost_to_go: NDArray[np.float32], rate: float) -> float:
        """Take one Adam step on the Huber loss (threshold 1) of a batch; return its mean absolute error."""
        gradient = np.empty_like(self.parameters)
        target = cost_to_go / self.scale
        error = _fit_gradient(self.parameters, observation, target, *self._buffers(len(target)), gradient)
        self.optimiser.step(self.parameters, gradient, rate)
        return float(error)

    def follow(self, share: float) -> None:
        """Move the target copy toward the network by ``share``."""
        self.target += np.float32(share) * (self.parameters - self.target)

    def _buffers(self, rows: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        h1, h2, out = (np.empty((rows, size), np.float32) for size in self.sizes[1:])
        return h1, h2, out


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def discounted_returns(costs, tail, discount, out):
    """Write ``G_t = c_t + discount G_{t+1}`` with ``G_T = tail``; ``costs, out`` (T, N), ``tail`` (N,)."""
    steps, num_envs = costs.shape
    for n in range(num_envs):
        total = tail[n]
        for back in range(steps):
            t = steps - 1 - back
            total = costs[t, n] + discount * total
            out[t, n] = total


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def _to_body(r, x, y, z, i):
    """Component ``i`` of R^T (x, y, z)."""
    return r[i] * x + r[3 + i] * y + r[6 + i] * z


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _observe(state, privileged, out):
    for n in range(state.shape[0]):
        r = rotation(state[n, 3], state[n, 4], state[n, 5], state[n, 6])
        for i in range(3):
            out[n, i] = _POSITION * _to_body(r, state[n, 0], state[n, 1], state[n, 2], i)
            out[n, 3 + i] = _VELOCITY * _to_body(r, state[n, 7], state[n, 8], state[n, 9], i)
            out[n, 6 + i] = _GRAVITY * r[6 + i]
            out[n, 9 + i] = _RATE * state[n, 10 + i]
            out[n, 16 + i] = _to_body(r, privileged[n, 0], privileged[n, 1], privileged[n, 2], i)
        for i in range(4):
            out[n, 12 + i] = _ROTOR * (state[n, 13 + i] - _MID)
        for i in range(3, privileged.shape[1]):
            out[n, 16 + i] = privileged[n, i]


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _forward(parameters, x, h1, h2, out):
    dense.forward(x, dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], out.shape[1]), h1, h2, out)


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _state_gradient(parameters, state, privileged, x, h1, h2, y, factor, out):
    weights = dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], y.shape[1])
    dense.forward(x, weights, h1, h2, y)
    grad_x = np.empty_like(x)
    dense.backward(weights, h1, h2, _TWO * factor * y, np.empty_like(h1), np.empty_like(h2), grad_x)
    g = np.empty(9, np.float32)
    for n in range(state.shape[0]):
        r = rotation(state[n, 3], state[n, 4], state[n, 5], state[n, 6])
        for i in range(3):
            p, v, f = state[n, i], state[n, 7 + i], privileged[n, i]
            out[n, i] = np.float32(0.0)
            out[n, 7 + i] = np.float32(0.0)
            for j in range(3):
                gp, gv = _POSITION * grad_x[n, j], _VELOCITY * grad_x[n, 3 + j]
                out[n, i] += r[3 * i + j] * gp
                out[n, 7 + i] += r[3 * i + j] * gv
                g[3 * i + j] = p * gp + v * gv + f * grad_x[n, 16 + j]
            out[n, 10 + i] = _RATE * grad_x[n, 9 + i]
        for j in range(3):
            g[6 + j] += _GRAVITY * grad_x[n, 6 + j]
        q = rotation_adjoint(state[n, 3], state[n, 4], state[n, 5], state[n, 6], g)
        for i in range(4):
            out[n, 3 + i] = q[i]
            out[n, 13 + i] = _ROTOR * grad_x[n, 12 + i]


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _fit_gradient(parameters, x, target, h1, h2, y, gradient):
    weights = dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], y.shape[1])
    dense.forward(x, weights, h1, h2, y)
    total = np.float32(0.0)
    share = _ONE / np.float32(x.shape[0])
    grad = np.empty_like(y)
    for n in range(x.shape[0]):
        value = np.float32(0.0)
        for k in range(y.shape[1]):
            value += y[n, k] * y[n, k]
        error = value - target[n]
        total += abs(error)
        slope = _TWO * share * min(_ONE, max(-_ONE, error))
        for k in range(y.shape[1]):
            grad[n, k] = slope * y[n, k]
    grad1, grad2, grad_x = np.empty_like(h1), np.empty_like(h2), np.empty_like(x)
    dense.backward(weights, h1, h2, grad, grad1, grad2, grad_x)
    dense.weight_gradient(x, h1, h2, grad1, grad2, grad, gradient)
    return total * share
