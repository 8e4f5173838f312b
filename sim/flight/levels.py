"""What an action level means to a learner: the plant its commands move, in fractions of their range.

Learners and networks see every command as a fraction of the action's range; the ranges are in
the task's ``ActionSpec``. For rotor commands in [0, 1] fraction and command are the same number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.flight import cascade, cascade_kernel, kernel
from sim.flight.plant import CascadePlant, Plant, RotorPlant
from sim.spec import ActionLevel, ActionSpec, MultirotorParameters, TaskSpec

if TYPE_CHECKING:
    from sim.randomization import Sample

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Level:
    """One action level that can be learned by gradient."""

    plant: Callable[[Array], Plant]
    """Wraps coefficients for compiled code."""
    step: Callable[[Array, Array, Array], Array]
    """``step(state, fractions, packed)``: the next states, checked arguments."""
    pack: Callable[[Sample, MultirotorParameters, TaskSpec], Array]
    """Coefficients of drawn airframes, one row each."""
    trim: Callable[[Sample, MultirotorParameters], NDArray[np.floating]]
    """Command at which each drawn airframe hovers, (n, 4); NaN if it cannot."""
    hover_action: Callable[[MultirotorParameters], tuple[float, ...]]
    """Command at which an airframe hovers."""
    begin: Callable[[Array, MultirotorParameters], None]
    """Turns start states with rotor speeds into the plant's, in place."""


def level_of(task: TaskSpec) -> Level:
    """Return the level that a task commands.

    Raises:
        ConfigError: for a level without a differentiable plant.
    """
    if task.action.level not in LEVELS:
        raise ConfigError(
            f"task '{task.name}' commands '{task.action.level}', for which there is no differentiable plant;"
            f" there is one for: {', '.join(LEVELS)}"
        )
    return LEVELS[task.action.level]


def fractions(command: NDArray[np.floating] | tuple[float, ...], action: ActionSpec) -> Array:
    """Return commands (..., k) as fractions of the action's range, float32."""
    return exact_fractions(command, action).astype(np.float32)


def exact_fractions(command: NDArray[np.floating] | tuple[float, ...], action: ActionSpec) -> NDArray[np.float64]:
    """Return commands (..., k) as fractions of the action's range."""
    low, high = np.array(action.low), np.array(action.high)
    return (np.asarray(command, np.float64) - low) / (high - low)


def _pack_rotors(drawn: Sample, _nominal: MultirotorParameters, task: TaskSpec) -> Array:
    return drawn.flight.packed(task.timing.control_period_s * drawn.control_period)


def _trim_rotors(drawn: Sample, nominal: MultirotorParameters) -> NDArray[np.floating]:
    return np.repeat(drawn.flight.hover_command()[:, None], nominal.num_rotors, axis=1)


def _pack_cascade(drawn: Sample, nominal: MultirotorParameters, task: TaskSpec) -> Array:
    return cascade.pack(drawn, nominal, task.action, task.timing.control_period_s)


def _trim_thrust(drawn: Sample, nominal: MultirotorParameters) -> NDArray[np.floating]:
    thrust = cascade.hover_thrust(drawn, nominal)
    trim = np.zeros((len(thrust), 4))
    trim[:, 3] = np.where(thrust <= 1.0, thrust, np.nan)
    return trim


def _trim_motion(drawn: Sample, nominal: MultirotorParameters) -> NDArray[np.floating]:
    return np.where(np.isfinite(_trim_thrust(drawn, nominal)[:, 3:]), np.zeros((1, 4)), np.nan)


def _cascade(level: ActionLevel, trim: Callable[[Sample, MultirotorParameters], NDArray[np.floating]]) -> Level:
    return Level(
        plant=CascadePlant,
        step=cascade_kernel.step,
        pack=_pack_cascade,
        trim=trim,
        hover_action=functools.partial(cascade.hover_action, level),
        begin=cascade.begin,
    )


LEVELS: dict[ActionLevel, Level] = {
    "motor": Level(
        plant=RotorPlant.in_still_air,
        step=kernel.step,
        pack=_pack_rotors,
        trim=_trim_rotors,
        hover_action=lambda parameters: (parameters.hover_command,) * parameters.num_rotors,
        begin=lambda _state, _nominal: None,
    ),
    "rates_thrust": _cascade("rates_thrust", _trim_thrust),
    "attitude_thrust": _cascade("attitude_thrust", _trim_thrust),
    "velocity": _cascade("velocity", _trim_motion),
    "position": _cascade("position", _trim_motion),
}
"""Levels by the name in ``ActionSpec.level``."""
