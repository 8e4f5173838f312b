"""How well one signal is explained by another, as it was logged and as it would be after a known mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

AGREES = 0.5
"""Share of the variance explained from which a log counts as right."""
EXPLAINED = 0.75
"""What a mistake must explain to be named: far from what chance reaches with hundreds of rows and a few mistakes."""
BETTER = 0.3
"""And by how much more than the log as it stands: a signal of few tones fits itself, shifted by half a period and with
its sign changed, half well."""


@dataclass(frozen=True)
class Comparison:
    """Explained shares of one relation."""

    as_logged: float
    mistakes: Mapping[str, float]
    """By name."""

    @property
    def most(self) -> float:
        """What the log as it stands or the best of the mistakes explains."""
        return max([self.as_logged, *self.mistakes.values()])

    @property
    def agrees(self) -> bool:
        """Whether the log explains itself."""
        return self.as_logged >= AGREES

    @property
    def settled(self) -> bool:
        """Whether no mistake could be named any more: none can explain so much more than everything."""
        return self.as_logged > 1.0 - BETTER

    @property
    def named(self) -> str | None:
        """The mistake that explains what the log as it stands does not; ``None`` if there is none."""
        best = max(self.mistakes, key=lambda name: self.mistakes[name], default=None)
        if best is None or self.mistakes[best] < max(EXPLAINED, self.as_logged + BETTER):
            return None
        return best


def explained(wanted: np.ndarray, given: np.ndarray, valid: np.ndarray, reach: int) -> float:
    """Return the share of the variance of ``wanted`` (n, k) that ``given`` explains, at the best shift in time.

    Means are taken off: a bias is no mistake of units.

    Args:
        wanted: (n, k).
        given: (n, k) in the same unit.
        valid: (n,) rows that count.
        reach: largest shift either way, rows.
    """
    count = len(wanted)
    best = -np.inf
    for shift in range(-reach, reach + 1, max(reach // 10, 1)):
        rows = np.arange(max(0, -shift), min(count, count - shift))
        rows = rows[valid[rows] & valid[rows + shift]]
        if len(rows) < 20:
            continue
        a, b = wanted[rows], given[rows + shift]
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
        power = float(np.square(a).sum())
        if power > 0.0:
            best = max(best, 1.0 - float(np.square(a - b).sum()) / power)
    return best


def moving_mean(values: np.ndarray, rows: int) -> np.ndarray:
    """Return means over ``rows`` neighbours, (n - rows + 1, k)."""
    total = np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), values]), axis=0)
    return (total[rows:] - total[:-rows]) / rows
