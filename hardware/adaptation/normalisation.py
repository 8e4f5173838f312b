"""Means and spreads of a stream, kept up with every sample: what a streaming learner sees has a size of about one.

Sums after B. P. Welford, "Note on a method for calculating corrected sums of squares and products" (1962).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPSILON = 1e-8
"""Added to variances."""


class RunningStatistics:
    """Mean and variance of all samples so far.

    Args:
        size: of a sample.
    """

    def __init__(self, size: int) -> None:
        self.count = 0
        self.mean: Array = np.zeros(size)
        self.squares: Array = np.zeros(size)
        """(size,) sum of squared distances from the mean."""

    def add(self, sample: Array) -> None:
        """Take in a sample, (size,)."""
        self.count += 1
        before = sample - self.mean
        self.mean = self.mean + before / self.count
        self.squares = self.squares + before * (sample - self.mean)

    @property
    def variance(self) -> Array:
        """(size,); one until there are two samples."""
        return self.squares / (self.count - 1) if self.count > 1 else np.ones_like(self.squares)

    def normalise(self, sample: Array) -> Array:
        """Return a sample in standard deviations from the mean."""
        return (sample - self.mean) / np.sqrt(self.variance + EPSILON)


class RewardScale:
    """Divides rewards by the spread of their discounted sum, so that values have a size of about one.

    Args:
        discount: gamma.
    """

    def __init__(self, discount: float) -> None:
        self.statistics = RunningStatistics(1)
        self._discount = discount
        self._sum = 0.0

    def __call__(self, reward: float, end: bool) -> float:
        """Return a reward, scaled; ``end``: of the episode."""
        self._sum = reward + self._discount * self._sum
        self.statistics.add(np.array([self._sum]))
        if end:
            self._sum = 0.0
        return reward / math.sqrt(float(self.statistics.variance[0]) + EPSILON)
