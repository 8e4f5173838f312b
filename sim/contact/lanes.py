"""Lines along which an edge is slid over where a hole may be, the likeliest first, then on either side of it.

It is lifted back to the beginning of each: only forwards the hole's far wall holds an edge up, and thin pegs that come
back on the next line were found to rattle more than they find.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.contact.search_settings import THICK, SearchSettings

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
NOISE_M = 5e-3
"""How well the hole is known."""
_ORDER = np.array([0.0, -1.0, 1.0, -2.0, 2.0])


class Lanes:
    """One for all simulations.

    Attributes:
        beside_m: how far beside the hole's supposed middle the present line is; (n,); may be moved.
        line: how many came before it; (n,).

    Args:
        num_envs: simulations.
    """

    def __init__(self, num_envs: int) -> None:
        self.beside_m = np.zeros(num_envs)
        self.line = np.zeros(num_envs, np.int64)
        self._radius = np.zeros(num_envs)
        self._settings = THICK

    def begin(self, which: Mask, radius: Array, settings: SearchSettings) -> None:
        """Begin anew with the first line, for objects of a radius, m, and in their way; (n,) each."""
        self._radius = np.where(which, radius, self._radius)
        self._settings = settings
        self.line[which] = 0
        self._lay(which)

    @property
    def start_m(self) -> Array:
        """Where lines begin, relative to the hole's supposed middle along them; (n,)."""
        return -np.maximum(NOISE_M + self._settings.begin_m - self._radius, 0.0)

    def ended(self, found: Mask, along: Array) -> Mask:
        """Return where the present line is at its end; (n,).

        Args:
            found: whether the edge may have found the hole, whose far wall is further on then; (n,).
            along: where the edge is, relative to the hole's supposed middle; (n,).
        """
        s = self._settings
        return along > np.where(found, NOISE_M + self._radius + s.far_m, NOISE_M + s.end_m)

    def next(self, which: Mask) -> None:
        """Go over to the next line where one has ended, or an attempt failed; (n,)."""
        self.line[which] += 1
        self._lay(which)

    def _lay(self, which: Mask) -> None:
        place = (self._settings.first + _ORDER[self.line % len(_ORDER)]) * self._settings.apart_m
        self.beside_m = np.where(which, np.clip(place, -NOISE_M, NOISE_M), self.beside_m)
