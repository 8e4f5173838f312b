"""A window of flight and its back-propagation through time, written out.

Forward: observe, remember, think, delay, fly. Backward: the same in reverse with each part's
adjoint. There is no tape: what the backward pass needs is what the forward pass left in the buffers
of ``Window``. Plant and network are exchanged at compile time (sim/flight/plant.py, network_kernel.py).
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

from typing import Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from policies.learners import dense
from policies.learners.flight_cost import TARGET_SIZE, cost, cost_adjoint
from policies.learners.memory_kernel import NOISE_SIZE, features, features_adjoint, memory_size, start_memory
from policies.learners.network_kernel import begin_adjoint, begin_window, think, think_adjoint, weight_gradient
from policies.learners.network_table import kernel_of
from policies.networks.flight_features import FlightFeatures
from sim.flight.plant import Plant, advance, advance_adjoint
from sim.flight.rotor import FASTMATH

DELAY_TAPS = 6
"""A command may be up to five control periods old: three were too few for a robot identified as late."""

_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_FOUR = np.float32(4.0)

Array = NDArray[np.float32]
Constants = tuple[Array, Array, Array]


class Airframes(Protocol):
    """What a window needs to know of its drones; rows of ``drones.Pool``."""

    plant: Plant
    delay: Array
    trim: Array


class Window:
    """Buffers of a window of T steps for N drones with k command channels, float32.

    ``command[t + 3]`` is the command of step t; the first three rows are those before the window.
    ``state[t]`` and ``memory[t]`` are before step t; the last rows carry over to the next window.
    ``seen[t]`` is what the drones know of their reference at step t (memory_kernel.py), ``target[t]``
    where it truly is before the step (flight_cost.py); both stay zero while a set-point is held.
    """

    def __init__(self, actor: FlightFeatures, num_envs: int, steps: int, state_size: int) -> None:
        """``state_size`` is that of the plant; everything else follows from the ``actor`` to be trained."""
        channels, looks = actor.action_size, len(actor.settings.preview_s)
        self.num_envs, self.steps, self.lead = num_envs, steps, DELAY_TAPS - 1
        self._kernel = kernel_of(actor)
        self.network = self._kernel.buffers(actor, num_envs, steps)

        def zeros(*shape: int) -> np.ndarray:
            return np.zeros(shape, np.float32)

        self.state = zeros(steps + 1, num_envs, state_size)
        self.memory = zeros(steps + 1, num_envs, memory_size(actor))
        self.command = zeros(steps + DELAY_TAPS - 1, num_envs, channels)
        self.delayed = zeros(steps, num_envs, channels)
        self.x = zeros(steps, num_envs, actor.feature_size)
        self.cost = zeros(steps, num_envs)
        self.noise = zeros(steps, num_envs, NOISE_SIZE)
        self.seen = zeros(steps + 1, num_envs, 6 + 3 * looks)
        self.target = zeros(steps + 1, num_envs, TARGET_SIZE)
        self.fresh = np.zeros(num_envs, np.bool_)
        self.grad_command = zeros(steps + DELAY_TAPS - 1, num_envs, channels)
        self.grad_out = zeros(steps, num_envs, channels)
        self.grad_state = zeros(num_envs, state_size)
        """On entry to ``backward`` the gradient of the terminal value, on return that of the first state."""

    def carry_over(self) -> None:
        """Make the window's end the next one's beginning."""
        self.state[0], self.memory[0] = self.state[-1], self.memory[-1]
        self.command[: self.lead] = self.command[-self.lead :].copy()
        for name in self._kernel.carried:
            rows = getattr(self.network, name)
            rows[0] = rows[-1]
        self.fresh[:] = False

    def beginning(self) -> dict[str, Array]:
        """Return views of what the window begins with."""
        rows = {"state": self.state[0], "memory": self.memory[0], "command": self.command[: self.lead]}
        return rows | {f"network_{name}": getattr(self.network, name)[0] for name in self._kernel.carried}

    def fly(self, parameters: Array, constants: Constants, drones: Airframes, weights: tuple) -> None:
        """Run the policy through the window.

        Args:
            parameters: flat weights of the actor.
            constants: of the actor (``memory_kernel.constants``).
            drones: who flies.
            weights: of the cost (``FlightCost.packed``), as a tuple.
        """
        _forward(
            self.network, parameters, constants, drones.plant, drones.delay, drones.trim, weights,
            self.fresh, self.noise, self.seen, self.target,
            self.state, self.memory, self.command, self.delayed, self.x, self.cost,
        )  # fmt: skip

    def back_propagate(
        self,
        parameters: Array,
        constants: Constants,
        drones: Airframes,
        weights: tuple,
        discounts: Array,
        gradient: Array,
        limit: float = np.inf,
    ) -> None:
        """Write the gradient of the discounted cost plus terminal value, summed over drones, to ``gradient``.

        Arguments as for ``fly``; ``discounts`` are the powers of the discount, ``(steps + 1,)``. What flows from
        a step to the one before is shortened to the norm ``limit``, drone by drone: one that tumbles would
        otherwise drown all others (Pascanu, Mikolov and Bengio 2013, section 3.2, at every step).
        """
        _backward(
            self.network, parameters, constants, drones.plant, drones.delay, drones.trim, weights,
            self.noise, self.seen, self.target, self.state, self.memory, self.command, self.delayed, self.x,
            discounts, np.float32(limit), self.grad_command, self.grad_out, self.grad_state, gradient,
        )  # fmt: skip


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _forward(
    network, parameters, constants, plant, delay, trim, cost_weights, fresh, noise, seen, target,
    state, memory, command, delayed, x, costs,
):  # fmt: skip
    scalars, offset, scale = constants
    taps = delay.shape[1]
    last = taps - 1
    start_memory(fresh, state[0], noise[0], seen[0], command[last - 1], memory[0])
    begin_window(network, fresh)
    for t in range(x.shape[0]):
        now = t + last
        features(
            state[t], noise[t], seen[t], command[now - 1], command[now - 2], command[now - 3], memory[t],
            scalars, offset, scale, memory[t + 1], x[t],
        )  # fmt: skip
        u = command[now]
        think(network, parameters, t, x[t], u)
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
        cost(state[t + 1], target[t + 1], u, command[now - 1], trim, cost_weights, costs[t])


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _backward(
    network, parameters, constants, plant, delay, trim, cost_weights, noise, seen, target,
    state, memory, command, delayed, x, discounts, limit, grad_command, grad_out, grad_state, gradient,
):  # fmt: skip
    scalars, _, scale = constants
    steps, num_envs, inputs = x.shape
    channels, taps = command.shape[2], delay.shape[1]
    last = taps - 1
    grad_command[:] = 0.0
    grad_memory = np.zeros((num_envs, memory.shape[2]), np.float32)
    grad_delayed = np.empty((num_envs, channels), np.float32)
    grad_x = np.empty((num_envs, inputs), np.float32)
    begin_adjoint(network)
    for back in range(steps):
        t = steps - 1 - back
        now = t + last
        cost_adjoint(
            state[t + 1], target[t + 1], command[now], command[now - 1], trim, cost_weights, discounts[t],
            grad_state, grad_command[now], grad_command[now - 1],
        )  # fmt: skip
        advance_adjoint(plant, state[t], delayed[t], grad_state, grad_state, grad_delayed)
        for n in range(num_envs):
            for k in range(taps):
                for i in range(channels):
                    grad_command[now - k, n, i] += delay[n, k] * grad_delayed[n, i]
        for n in range(num_envs):
            for i in range(channels):
                u = command[now, n, i]
                grad_out[t, n, i] = grad_command[now, n, i] * _HALF * (_ONE - _FOUR * (_HALF - u) * (_HALF - u))
        think_adjoint(network, parameters, t, x[t], grad_out[t], grad_x)
        features_adjoint(
            state[t], noise[t], seen[t], memory[t + 1], scalars, scale, grad_x,
            grad_state, grad_memory, grad_command[now - 1], grad_command[now - 2], grad_command[now - 3],
        )  # fmt: skip
        if limit < np.inf:
            shorten(grad_state, grad_memory, grad_command[now - last : now], limit)
    weight_gradient(network, x, grad_out, gradient)


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def shorten(grad_state, grad_memory, grad_command, limit) -> None:
    """Scale each drone's gradients, ``(N, ..), (N, ..), (taps - 1, N, k)``, down to a joint norm of ``limit``."""
    for n in range(grad_state.shape[0]):
        squares = np.float32(0.0)
        for value in grad_state[n]:
            squares += value * value
        for value in grad_memory[n]:
            squares += value * value
        for row in grad_command:
            for value in row[n]:
                squares += value * value
        if squares > limit * limit:
            factor = limit / np.sqrt(squares)
            grad_state[n] *= factor
            grad_memory[n] *= factor
            grad_command[:, n] *= factor
