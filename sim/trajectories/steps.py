"""Step responses: a set-point that jumps between the origin and a point beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sim.errors import ConfigError
from sim.trajectories.reference import Reference, forward, require_finite, require_positive, times

JUMPS = 4
"""Jumps that make up the duration: twice there and back."""


@dataclass(frozen=True)
class Steps:
    """A square wave of the position; velocity and the rest are zero.

    Raises:
        ConfigError: for an axis or a time that is none.
    """

    size: float = 0.5
    """Jump, m."""
    every: float = 3.0
    """Time between two jumps, s; the first comes after it."""
    axis: str = "x"
    """Of x, y, z."""

    def __post_init__(self) -> None:
        require_finite("steps", size=self.size)
        require_positive("steps", every=self.every)
        if self.axis not in ("x", "y", "z"):
            raise ConfigError(f"trajectory 'steps': axis must be x, y or z, got '{self.axis}'")

    @property
    def settle_s(self) -> float:
        """The rest before the first jump."""
        return self.every

    @property
    def duration_s(self) -> float:
        """Two times there and back."""
        return (1 + JUMPS) * self.every

    def sample(self, time_s: ArrayLike) -> Reference:
        """Return the reference at ``time_s`` (n,)."""
        time = times(time_s)
        position = np.zeros((len(time), 3))
        position[:, "xyz".index(self.axis)] = self.size * (np.floor(time / self.every) % 2)
        return forward(position, np.zeros_like(position), np.zeros_like(position), np.zeros_like(position))
