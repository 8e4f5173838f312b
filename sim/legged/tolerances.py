"""How near is near enough: the tolerances sigma of tracking rewards exp(-error / sigma), fixed or tightening.

Tightening is PBHC's (arXiv 2506.12851, section 4.2): sigma follows the running mean of the error and never grows, so
that a reward stays steep where the policy is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_KEPT = 0.999
"""Of the running mean, per control step (PBHC)."""


class Tolerances:
    """Sigma of each tracking term by name.

    Args:
        start: at the beginning.
        adaptive: tighten; else they stay.
    """

    def __init__(self, start: Mapping[str, float], adaptive: bool) -> None:
        self._names = tuple(start)
        self._adaptive = adaptive
        self._sigma = dict(start)
        self._mean = dict(start)

    def __getitem__(self, name: str) -> float:
        return self._sigma[name]

    def follow(self, name: str, error: float) -> None:
        """Take note of a step's mean error: m <- 0.999 m + 0.001 error; sigma <- min(sigma, m)."""
        if self._adaptive and np.isfinite(error):
            self._mean[name] = _KEPT * self._mean[name] + (1.0 - _KEPT) * error
            self._sigma[name] = min(self._sigma[name], self._mean[name])

    def values(self) -> dict[str, float]:
        """Return sigma by name."""
        return dict(self._sigma)

    def array(self) -> np.ndarray:
        """Return all there is to keep, (2, terms): sigma and running means."""
        return np.array([[values[name] for name in self._names] for values in (self._sigma, self._mean)])

    def restore(self, array: np.ndarray) -> None:
        """Put back what ``array`` returned."""
        for values, row in zip((self._sigma, self._mean), array):
            values.update(zip(self._names, row.tolist()))
