"""A trot by the clock: how high each foot is to be now, seen by the policy and paid for as the contact schedule.

Multi-critic twist tracking (arXiv 2507.08656) gives its policy the desired height of each foot as a command, too; the
times and the curve here are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.legged.rewards import moving
from sim.legged.world import LeggedWorld
from sim.spec import JointParameters, ObservationTerm

_FEET = 4
_LAG = (0.0, 0.5, 0.5, 0.0)
"""Of a period: feet in the order of the robot, two in front and two behind, so that diagonal ones go together."""


@dataclass(frozen=True)
class TrotCommand:
    """Feet go up and down in turn while a velocity is asked for, and stay down else."""

    frequency_hz: float
    """Of a whole stride."""
    height_m: float
    """Of a foot in the middle of its swing."""
    source_note: str
    centre_term: ClassVar[str | None] = None

    def sites(self, parameters: JointParameters) -> tuple[str, ...]:
        """Return none: feet are read anyway."""
        return ()

    def actor_terms(self, parameters: JointParameters) -> tuple[ObservationTerm, ...]:
        """Return the height that is asked of each foot."""
        return (ObservationTerm("foot_height_command", len(parameters.feet), "m", "world", "clock"),)

    def critic_terms(self, parameters: JointParameters) -> tuple[ObservationTerm, ...]:
        """Return nothing more."""
        return ()

    def error_weights(self) -> Mapping[str, float]:
        """Return none: a gait is a means."""
        return {}

    def source(self, world: LeggedWorld, seed: int) -> Trot:
        """Return the clock of a world.

        Raises:
            ConfigError: if the robot has not four feet.
        """
        return Trot(self, world)


class Trot:
    """The clock of many simulations; writes ``BodyState.foot_height_command``."""

    def __init__(self, command: TrotCommand, world: LeggedWorld) -> None:
        feet = world.state.foot_contact.shape[1]
        if feet != _FEET:
            raise ConfigError(f"only a robot with four feet trots, not one with {feet}")
        self._command, self._state = command, world.state
        self._lag = np.array(_LAG)
        self._state.foot_height_command = np.zeros((len(self._state.command), _FEET), np.float32)

    def begin(self, ids: NDArray, episodes: NDArray) -> None:
        """Begin the stride anew."""
        self._write(ids, np.zeros(len(ids)))

    def follow(self, age: NDArray, episodes: NDArray) -> None:
        """Go on."""
        self._write(slice(None), age * self._state.robot.period_s)

    def errors(self) -> Mapping[str, NDArray]:
        """Return nothing: a gait is a means."""
        return {}

    def _write(self, ids: NDArray | slice, time_s: NDArray) -> None:
        phase = 2.0 * np.pi * (self._command.frequency_hz * time_s[:, None] + self._lag)
        height = self._command.height_m * np.sin(phase).clip(0.0)
        self._state.foot_height_command[ids] = height * moving(self._state)[ids][:, None]
