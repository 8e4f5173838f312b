"""The velocity that is asked for: drawn anew every few seconds, sometimes to stand."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from sim.legged.counter_random import CounterRandom, step_counts
from sim.legged.spec import VelocityCommand


class VelocityCommands:
    """Commands of many simulations.

    Args:
        command: the ranges; ``None``: zero always.
        period_s: of the control.
        seed: of all draws.
    """

    def __init__(self, command: VelocityCommand | None, period_s: float, seed: int) -> None:
        self._command, self._period_s = command, period_s
        self._random = CounterRandom(seed, zlib.crc32(b"velocity_command"))
        if command is not None:
            self._every = round(command.period_s / period_s)
            ranges = np.array(list(command.ranges.values()), np.float32)
            self._low, self._width = ranges[:, 0], ranges[:, 1] - ranges[:, 0]

    def due(self, age: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return which simulations get a new one, by the steps since their episodes began, (n,)."""
        if self._command is None:
            return np.zeros(0, np.intp)
        return np.flatnonzero(age % self._every == 0)

    def age_s(self, age: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return for how long the present command has been asked for, s; (n,)."""
        return np.asarray(age if self._command is None else age % self._every, float) * self._period_s

    def draw(
        self, ids: NDArray[np.integer], episodes: NDArray[np.integer], age: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return commands, (len(ids), 3), of simulations, by episode and step."""
        if self._command is None:
            return np.zeros((len(ids), 3), np.float32)
        share = self._random.uniform(ids, step_counts(episodes, age), 4)
        walks = share[:, 3:] >= self._command.still_share
        return np.where(walks, self._low + self._width * share[:, :3], np.float32(0.0))
