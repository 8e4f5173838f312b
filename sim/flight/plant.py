"""The differentiable plants behind one name: numba picks by the type of the coefficients.

A learner's compiled loop calls ``advance`` and ``advance_adjoint``; which physics that is follows,
at compile time, from whether it was given a ``RotorPlant`` or a ``CascadePlant``.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

from sim.flight import cascade_kernel
from sim.flight.adjoint import step_adjoint_batch
from sim.flight.kernel import step_batch

Array = NDArray[np.float32]


class RotorPlant(NamedTuple):
    """The full rigid body under rotor commands (kernel.py)."""

    packed: Array
    """``FlightParameters.packed``."""
    wind_w: Array
    """Velocity of the air, ``(num_envs, 3)`` m/s; may be written between steps."""

    @classmethod
    def in_still_air(cls, packed: Array) -> RotorPlant:
        """Return the plant of these coefficients, its own array of wind at zero."""
        return cls(packed, np.zeros((len(packed), 3), np.float32))


class CascadePlant(NamedTuple):
    """The body behind its controllers on board, down from rates, attitude, velocity or position (cascade_kernel.py)."""

    packed: Array
    """``cascade.pack``."""


Plant = RotorPlant | CascadePlant


def advance(plant: Plant, state: Array, command: Array, out: Array) -> None:
    """Advance every environment by one control period; for compiled code only.

    Args:
        plant: coefficients, one row per environment.
        state: ``(num_envs, 13 + num_rotors)``; behind the controllers on board see cascade_kernel.py.
        command: fractions of the action's range, ``(num_envs, channels)``.
        out: next states, written.
    """
    raise NotImplementedError("for numba code")


def advance_adjoint(
    plant: Plant, state: Array, command: Array, grad_next: Array, grad_state: Array, grad_command: Array
) -> None:
    """Back-propagate through ``advance``; ``grad_state`` may be ``grad_next``, both outputs are overwritten."""
    raise NotImplementedError("for numba code")


@overload(advance, inline="always")
def _advance(plant, state, command, out):
    if is_kind(plant, RotorPlant):
        return lambda plant, state, command, out: step_batch(state, command, plant.packed, plant.wind_w, out)
    if is_kind(plant, CascadePlant):
        return lambda plant, state, command, out: cascade_kernel.step_batch(state, command, plant.packed, out)
    return None


@overload(advance_adjoint, inline="always")
def _advance_adjoint(plant, state, command, grad_next, grad_state, grad_command):
    if is_kind(plant, RotorPlant):
        return lambda plant, state, command, grad_next, grad_state, grad_command: step_adjoint_batch(
            state, command, plant.packed, plant.wind_w, grad_next, grad_state, grad_command
        )
    if is_kind(plant, CascadePlant):
        return lambda plant, state, command, grad_next, grad_state, grad_command: cascade_kernel.step_adjoint_batch(
            state, command, plant.packed, grad_next, grad_state, grad_command
        )
    return None


def is_kind(value: types.Type, kind: type) -> bool:
    """Whether a numba type stands for the ``NamedTuple`` class ``kind``; for use in overloads."""
    return isinstance(value, types.BaseNamedTuple) and value.instance_class is kind
