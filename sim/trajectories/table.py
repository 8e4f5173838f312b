"""References sampled once at a fixed period, to be looked up for many robots at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.trajectories.reference import Trajectory

Array = NDArray[np.floating]

POSITION, VELOCITY, ACCELERATION = slice(0, 3), slice(3, 6), slice(6, 9)
"""Columns of a row."""


class ReferenceTable:
    """Position, velocity and acceleration of several trajectories, every period.

    Args:
        trajectories: one row of the table each.
        period_s: time between two samples.
        steps: samples that are asked for.
        preview_s: how far ahead of each they are asked for besides.
        lead_in_s: rest at the origin before every trajectory begins.
    """

    def __init__(
        self,
        trajectories: Sequence[Trajectory],
        period_s: float,
        steps: int,
        preview_s: Sequence[float] = (),
        lead_in_s: float = 0.0,
    ) -> None:
        self.period_s = period_s
        self._ahead = [horizon / period_s for horizon in preview_s]
        length = steps + math.ceil(max(self._ahead, default=0.0)) + 2
        time = period_s * np.arange(length) - lead_in_s
        self.samples = np.empty((len(trajectories), length, 9), np.float32)
        """(trajectories, samples, 9)"""
        for row, trajectory in zip(self.samples, trajectories):
            reference = trajectory.sample(time)
            row[:, POSITION], row[:, VELOCITY] = reference.position_w, reference.velocity_w
            row[:, ACCELERATION] = reference.acceleration_w

    def __len__(self) -> int:
        return len(self.samples)

    def at(self, rows: NDArray[np.integer], step: NDArray[Any]) -> Array:
        """Return position, velocity, acceleration (.., 9) of trajectories ``rows`` at ``step`` periods.

        Between two samples by the straight line; after the last sample, the last one. Arguments broadcast to (..).
        """
        last = self.samples.shape[1] - 2
        whole = np.clip(np.floor(step).astype(np.intp), 0, last)
        share = np.clip(step - whole, 0.0, 1.0).astype(np.float32)[..., None]
        before, after = self.samples[rows, whole], self.samples[rows, whole + 1]
        return before + share * (after - before)

    def preview(self, rows: NDArray[np.integer], step: NDArray[Any]) -> Array:
        """Return the positions ahead less that at ``step``, (.., 3 looks)."""
        now = self.at(rows, step)[..., POSITION]
        ahead = [self.at(rows, step + periods)[..., POSITION] - now for periods in self._ahead]
        return np.concatenate(ahead, axis=-1) if ahead else np.empty((*now.shape[:-1], 0), np.float32)
