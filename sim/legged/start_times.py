"""Where in a motion training episodes begin: anywhere alike, or more often where policies fail.

Beginning at random moments is reference state initialisation (DeepMimic, arXiv 1804.02717). Preferring hard segments
is BeyondMimic's adaptive sampling (arXiv 2508.08241): failures counted in bins of a second, forgotten slowly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BIN_S = 1.0
"""BeyondMimic."""
_FORGOTTEN = 0.001
"""Of the counts, per control step (BeyondMimic)."""
_EVEN_SHARE = 0.1
"""BeyondMimic's uniform ratio: what every bin has, together, beside its failures per step."""


class StartTimes:
    """Draws moments of a motion.

    Args:
        duration_s: of it.
        adaptive: prefer hard segments; else all moments are alike.
    """

    def __init__(self, duration_s: float, adaptive: bool) -> None:
        self._duration_s, self._adaptive = duration_s, adaptive
        self._failures = np.zeros(max(1, int(np.ceil(duration_s / BIN_S - 1e-9))))
        self._edges = np.minimum(np.arange(len(self._failures) + 1) * BIN_S, duration_s)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Of each bin; (bins,)."""
        width = np.diff(self._edges) / self._duration_s
        if not self._adaptive:
            return width
        weight = self._failures + _EVEN_SHARE * width
        return weight / weight.sum()

    def draw(self, share: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return moments, s, from even numbers in [0, 1); (n,) both."""
        cumulated = np.concatenate([[0.0], np.cumsum(self.probabilities)])
        return np.interp(share, cumulated / cumulated[-1], self._edges)

    def note(self, failed_s: NDArray[np.floating]) -> None:
        """Take note of a control step: the moments of the motion at which episodes failed in it, s, (k,)."""
        if self._adaptive:
            bins = np.minimum((failed_s / BIN_S).astype(int), len(self._failures) - 1)
            counts = np.bincount(bins, minlength=len(self._failures))
            self._failures = (1.0 - _FORGOTTEN) * self._failures + _FORGOTTEN * counts

    def array(self) -> NDArray[np.float64]:
        """Return all there is to keep, (bins,)."""
        return self._failures.copy()

    def restore(self, array: NDArray[np.float64]) -> None:
        """Put back what ``array`` returned."""
        self._failures = array.copy()
