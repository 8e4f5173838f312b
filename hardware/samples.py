"""Measurements of a run of any length in bounded memory: exact for short runs, a fair sample of long ones."""

from __future__ import annotations

import math
import random
from array import array

import numpy as np

CAPACITY = 1 << 16
"""Values kept: half a megabyte; all steps of two minutes at 500 Hz, or of eleven at 100 Hz."""


class Samples:
    """Numbers of which percentiles, count, mean, root mean square and maximum are wanted.

    Count, means and maximum are exact. Percentiles are exact up to ``capacity`` values; beyond it every
    value of the run is kept with the same probability (reservoir sampling, algorithm R of J. S. Vitter,
    "Random sampling with a reservoir", ACM TOMS 11, 1985), so that the rank of the percentile p is right
    within a standard error of sqrt(p (1 - p) / capacity): 0.04 % at the 99th for the default capacity.

    Args:
        capacity: values kept.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.count = 0
        self._largest = -math.inf
        self._sum = self._squares = 0.0
        self._capacity = capacity
        self._kept = array("d")
        self._random = random.Random(0)  # the same run gives the same report

    def add(self, value: float) -> None:
        """Take a finite value."""
        self.count += 1
        self._largest = max(self._largest, value)
        self._sum += value
        self._squares += value * value
        if len(self._kept) < self._capacity:
            self._kept.append(value)
        elif (place := int(self._random.random() * self.count)) < self._capacity:
            self._kept[place] = value

    @property
    def kept(self) -> np.ndarray:
        """A copy of the values kept, (<= capacity,)."""
        return np.array(self._kept)

    @property
    def mean(self) -> float | None:
        """Arithmetic mean; ``None`` without values."""
        return self._sum / self.count if self.count else None

    @property
    def rms(self) -> float | None:
        """Root mean square; ``None`` without values."""
        return math.sqrt(self._squares / self.count) if self.count else None

    @property
    def maximum(self) -> float | None:
        """Largest value; ``None`` without values."""
        return self._largest if self.count else None

    def percentile(self, percent: float) -> float | None:
        """Return a percentile (0 to 100); ``None`` without values."""
        return float(np.percentile(self.kept, percent)) if self.count else None
