"""A window of flight and its back-propagation through time, written out.

Forward: observe, remember, act, delay, fly. Backward: the same in reverse with each part's
adjoint; the weight gradient is one matrix product over all steps at the end. There is no tape:
what the backward pass needs is what the forward pass left in the buffers of ``Window``.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

from typing import Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from policies.learners import dense
from policies.learners.hover_cost import cost, cost_adjoint
from policies.learners.memory_kernel import MEMORY_SIZE, NOISE_SIZE, features, features_adjoint, start_memory
from policies.networks.memory_mlp import ACTION_SIZE, FEATURE_SIZE
from sim.flight.plant import Plant, advance, advance_adjoint
from sim.flight.rotor import FASTMATH

DELAY_TAPS = 4
"""A command may be up to three control periods old."""

_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_FOUR = np.float32(4.0)
_STATE = 17


Array = NDArray[np.float32]
Constants = tuple[Array, Array, Array]


class Airframes(Protocol):
    """What a window needs to know of its drones; rows of ``drones.Pool``."""

    plant: Plant
    delay: Array
    trim: Array


class Window:
    """Buffers of a window of ``steps`` for ``num_envs`` drones, float32.

    ``command[t + 3]`` is the command of step t; the first three rows are those before the window.
    ``state[t]`` and ``memory[t]`` are before step t; the last rows carry over to the next window.
    """

    def __init__(self, num_envs: int, steps: int, hidden: tuple[int, int]) -> None:
        self.num_envs, self.steps, self.lead = num_envs, steps, DELAY_TAPS - 1

        def zeros(*shape: int) -> np.ndarray:
            return np.zeros(shape, np.float32)

        self.state = zeros(steps + 1, num_envs, _STATE)
        self.memory = zeros(steps + 1, num_envs, MEMORY_SIZE)
        self.command = zeros(steps + DELAY_TAPS - 1, num_envs, ACTION_SIZE)
        self.delayed = zeros(steps, num_envs, ACTION_SIZE)
        self.x = zeros(steps, num_envs, FEATURE_SIZE)
        self.h1 = zeros(steps, num_envs, hidden[0])
        self.h2 = zeros(steps, num_envs, hidden[1])
        self.cost = zeros(steps, num_envs)
        self.noise = zeros(steps, num_envs, NOISE_SIZE)
        self.fresh = np.zeros(num_envs, np.bool_)
        self.grad_command = zeros(steps + DELAY_TAPS - 1, num_envs, ACTION_SIZE)
        self.grad_out = zeros(steps, num_envs, ACTION_SIZE)
        self.grad1 = zeros(steps, num_envs, hidden[0])
        self.grad2 = zeros(steps, num_envs, hidden[1])
        self.grad_state = zeros(num_envs, _STATE)
        """On entry to ``backward`` the gradient of the terminal value, on return that of the first state."""

    def carry_over(self) -> None:
        """Make the window's end the next one's beginning."""
        self.state[0] = self.state[-1]
        self.memory[0] = self.memory[-1]
        self.command[: self.lead] = self.command[-self.lead :].copy()
        self.fresh[:] = False

    def fly(self, parameters: Array, constants: Constants, drones: Airframes, weights: tuple) -> None:
        """Run the policy through the window.

        Args:
            parameters: flat weights of the actor.
            constants: of the actor (``memory_kernel.constants``).
            drones: who flies.
            weights: of the cost (``HoverCost.packed``), as a tuple.
        """
        scalars, offset, scale = constants
        _forward(
            parameters, scalars, offset, scale, drones.plant, drones.delay, drones.trim, weights,
            self.fresh, self.noise, self.state, self.memory, self.command, self.delayed, self.x, self.h1, self.h2,
            self.cost,
        )  # fmt: skip

    def back_propagate(
        self,
        parameters: Array,
        constants: Constants,
        drones: Airframes,
        weights: tuple,
        discounts: Array,
        gradient: Array,
    ) -> None:
        """Write the gradient of the discounted cost plus terminal value, summed over drones, to ``gradient``.

        Arguments as for ``fly``; ``discounts`` are the powers of the discount, ``(steps + 1,)``.
        """
        scalars, offset, scale = constants
        _backward(
            parameters, scalars, offset, scale, drones.plant, drones.delay, drones.trim, weights,
            self.noise, self.state, self.memory, self.command, self.delayed, self.x, self.h1, self.h2,
            discounts, self.grad_command, self.grad_out, self.grad1, self.grad2, self.grad_state, gradient,
        )  # fmt: skip


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _forward(
    parameters, scalars, offset, scale, plant, delay, trim, cost_weights, fresh, noise,
    state, memory, command, delayed, x, h1, h2, costs,
):  # fmt: skip
    weights = dense.unpack(parameters, x.shape[2], h1.shape[2], h2.shape[2], command.shape[2])
    taps = delay.shape[1]
    last = taps - 1
    start_memory(fresh, state[0], noise[0], command[last - 1], memory[0])
    for t in range(x.shape[0]):
        now = t + last
        features(
            state[t], noise[t], command[now - 1], command[now - 2], command[now - 3], memory[t],
            scalars, offset, scale, memory[t + 1], x[t],
        )  # fmt: skip
        u = command[now]
        dense.forward(x[t], weights, h1[t], h2[t], u)
        for n in range(u.shape[0]):
            for i in range(u.shape[1]):
                u[n, i] = _HALF + _HALF * dense.tanh(u[n, i])
        for n in range(u.shape[0]):
            for i in range(u.shape[1]):
                total = np.float32(0.0)
                for k in range(taps):
                    total += delay[n, k] * command[now - k, n, i]
                delayed[t, n, i] = total
        advance(plant, state[t], delayed[t], state[t + 1])
        cost(state[t + 1], u, command[now - 1], trim, cost_weights, costs[t])


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _backward(
    parameters, scalars, offset, scale, plant, delay, trim, cost_weights, noise,
    state, memory, command, delayed, x, h1, h2,
    discounts, grad_command, grad_out, grad1, grad2, grad_state, gradient,
):  # fmt: skip
    steps, num_envs, inputs = x.shape
    weights = dense.unpack(parameters, inputs, h1.shape[2], h2.shape[2], command.shape[2])
    taps = delay.shape[1]
    last = taps - 1
    grad_command[:] = 0.0
    grad_memory = np.zeros((num_envs, memory.shape[2]), np.float32)
    grad_delayed = np.empty((num_envs, command.shape[2]), np.float32)
    grad_x = np.empty((num_envs, inputs), np.float32)
    for back in range(steps):
        t = steps - 1 - back
        now = t + last
        cost_adjoint(
            state[t + 1], command[now], command[now - 1], trim, cost_weights, discounts[t],
            grad_state, grad_command[now], grad_command[now - 1],
        )  # fmt: skip
        advance_adjoint(plant, state[t], delayed[t], grad_state, grad_state, grad_delayed)
        for n in range(num_envs):
            for k in range(taps):
                for i in range(4):
                    grad_command[now - k, n, i] += delay[n, k] * grad_delayed[n, i]
        for n in range(num_envs):
            for i in range(4):
                u = command[now, n, i]
                grad_out[t, n, i] = grad_command[now, n, i] * _HALF * (_ONE - _FOUR * (_HALF - u) * (_HALF - u))
        dense.backward(weights, h1[t], h2[t], grad_out[t], grad1[t], grad2[t], grad_x)
        features_adjoint(
            state[t], noise[t], memory[t + 1], scalars, scale, grad_x,
            grad_state, grad_memory, grad_command[now - 1], grad_command[now - 2], grad_command[now - 3],
        )  # fmt: skip
    rows = steps * num_envs
    dense.weight_gradient(
        x.reshape(rows, inputs), h1.reshape(rows, h1.shape[2]), h2.reshape(rows, h2.shape[2]),
        grad1.reshape(rows, h1.shape[2]), grad2.reshape(rows, h2.shape[2]), grad_out.reshape(rows, command.shape[2]),
        gradient,
    )  # fmt: skip
