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

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from policies.learners import dense
from policies.learners.adam import Adam
from policies.learners.memory_kernel import asked_acceleration, rotation, rotation_adjoint
from policies.learners.window import Window
from sim.flight.rotor import FASTMATH

RIGID_SIZE = 12
"""In the body frame, relative to the reference: position (3), velocity (3), gravity's direction (3), angular
velocity (3); the rotors' speeds follow."""
OUTPUTS = 8
"""Squares in the sum."""

_POSITION, _VELOCITY, _GRAVITY, _RATE, _ROTOR, _AHEAD = (np.float32(s) for s in (3.0, 1.0, 1.5, 0.3, 4.0, 0.3))
"""Factors on the dynamic part, inverse typical magnitudes."""
_MID = np.float32(0.6)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)


class Scene(NamedTuple):
    """What only the simulator knows of N drones at one instant."""

    state: NDArray[np.float32]
    """True flight states, ``(N, 13 + ..)``."""
    target: NDArray[np.float32]
    """Their references, ``(N, 9)``."""
    seen: NDArray[np.float32]
    """What the drones know of them, ``(N, 6 + 3 h)``; of this only the looks ahead count."""
    privileged: NDArray[np.float32]
    """Normalised constants of each airframe, the force (world) first, ``(N, k)``."""


class Critic:
    """Value network with a slowly following target copy.

    The sum of squares times ``1 / (1 - discount)`` is the cost-to-go, so that it has the size of a
    step's cost whatever the discount.
    """

    def __init__(
        self,
        window: Window,
        privileged_size: int,
        scalars: NDArray[np.float32],
        hidden: tuple[int, int],
        discount: float,
        rng: np.random.Generator,
    ) -> None:
        """Take sizes from the ``window``; ``scalars`` are the actor's (``memory_kernel.constants``)."""
        looks = (window.seen.shape[2] - 6) // 3
        self.sizes = (
            window.state.shape[2] - 1 + privileged_size + (3 + 3 * looks if looks else 0), *hidden, OUTPUTS
        )  # fmt: skip
        self.scale = np.float32(1.0 / (1.0 - discount))
        self.scalars = scalars
        self.parameters = dense.initial_parameters(self.sizes, rng)
        self.target = self.parameters.copy()
        self.optimiser = Adam(self.parameters.size)

    def observe(self, scene: Scene) -> NDArray[np.float32]:
        """Return the normalised critic observation, ``(N, ..)``, all vectors in the body frame."""
        out = np.empty((len(scene.state), self.sizes[0]), np.float32)
        _observe(scene, self.scalars, out)
        return out

    def value(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the target network's cost-to-go, ``(N,)``."""
        h1, h2, out = self._buffers(len(observation))
        _forward(self.target, observation, h1, h2, out)
        return np.square(out).sum(axis=1) * self.scale

    def state_gradient(self, scene: Scene, weight: float, out: NDArray[np.float32]) -> None:
        """Write ``weight`` times the gradient of the cost-to-go by the state into ``out``, shaped like the state."""
        observation = self.observe(scene)
        factor = np.float32(weight * self.scale)
        _state_gradient(self.target, scene, self.scalars, observation, *self._buffers(len(out)), factor, out)

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
def _observe(scene, scalars, out):
    state, target, seen, privileged = scene
    rotors, looks = state.shape[1] - 13, (seen.shape[1] - 6) // 3
    force = RIGID_SIZE + rotors
    ahead = force + privileged.shape[1]
    for n in range(state.shape[0]):
        r = rotation(state[n, 3], state[n, 4], state[n, 5], state[n, 6])
        px, py, pz = state[n, 0] - target[n, 0], state[n, 1] - target[n, 1], state[n, 2] - target[n, 2]
        vx, vy, vz = state[n, 7] - target[n, 3], state[n, 8] - target[n, 4], state[n, 9] - target[n, 5]
        for i in range(3):
            out[n, i] = _POSITION * _to_body(r, px, py, pz, i)
            out[n, 3 + i] = _VELOCITY * _to_body(r, vx, vy, vz, i)
            out[n, 6 + i] = _GRAVITY * r[6 + i]
            out[n, 9 + i] = _RATE * state[n, 10 + i]
            out[n, force + i] = _to_body(r, privileged[n, 0], privileged[n, 1], privileged[n, 2], i)
        for i in range(rotors):
            out[n, RIGID_SIZE + i] = _ROTOR * (state[n, 13 + i] - _MID)
        for i in range(3, privileged.shape[1]):
            out[n, force + i] = privileged[n, i]
        if looks > 0:
            for i in range(3):
                out[n, ahead + i] = _VELOCITY * _to_body(r, target[n, 3], target[n, 4], target[n, 5], i)
            for h in range(looks):
                a = asked_acceleration(seen, scalars, n, h)
                for i in range(3):
                    out[n, ahead + 3 + 3 * h + i] = _AHEAD * _to_body(r, a[0], a[1], a[2], i)


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _forward(parameters, x, h1, h2, out):
    dense.forward(x, dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], out.shape[1]), h1, h2, out)


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _state_gradient(parameters, scene, scalars, x, h1, h2, y, factor, out):
    state, target, seen, privileged = scene
    rotors, looks = state.shape[1] - 13, (seen.shape[1] - 6) // 3
    force = RIGID_SIZE + rotors
    ahead = force + privileged.shape[1]
    weights = dense.unpack(parameters, x.shape[1], h1.shape[1], h2.shape[1], y.shape[1])
    dense.forward(x, weights, h1, h2, y)
    grad_x = np.empty_like(x)
    dense.backward(weights, h1, h2, _TWO * factor * y, np.empty_like(h1), np.empty_like(h2), grad_x)
    g = np.empty(9, np.float32)
    for n in range(state.shape[0]):
        r = rotation(state[n, 3], state[n, 4], state[n, 5], state[n, 6])
        for i in range(3):
            p, v, f = state[n, i] - target[n, i], state[n, 7 + i] - target[n, 3 + i], privileged[n, i]
            out[n, i] = np.float32(0.0)
            out[n, 7 + i] = np.float32(0.0)
            for j in range(3):
                gp, gv = _POSITION * grad_x[n, j], _VELOCITY * grad_x[n, 3 + j]
                out[n, i] += r[3 * i + j] * gp
                out[n, 7 + i] += r[3 * i + j] * gv
                g[3 * i + j] = p * gp + v * gv + f * grad_x[n, force + j]
                if looks > 0:
                    g[3 * i + j] += target[n, 3 + i] * _VELOCITY * grad_x[n, ahead + j]
            for h in range(looks):
                asked = asked_acceleration(seen, scalars, n, h)[i]
                for j in range(3):
                    g[3 * i + j] += asked * _AHEAD * grad_x[n, ahead + 3 + 3 * h + j]
            out[n, 10 + i] = _RATE * grad_x[n, 9 + i]
        for j in range(3):
            g[6 + j] += _GRAVITY * grad_x[n, 6 + j]
        q = rotation_adjoint(state[n, 3], state[n, 4], state[n, 5], state[n, 6], g)
        for i in range(4):
            out[n, 3 + i] = q[i]
        for i in range(rotors):
            out[n, 13 + i] = _ROTOR * grad_x[n, RIGID_SIZE + i]


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
