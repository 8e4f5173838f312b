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
"""How well the hole is known, in x and in y."""
WIDE = 0.4
"""Share of the radius by which a hole may be beside a line and is still found."""
_PARALLEL = 1e-6
_ORDER = np.array([0.0, -1.0, 1.0, -2.0, 2.0])


class Lanes:
    """One for all simulations.

    Attributes:
        beside_m: how far beside the hole's supposed middle the present line is; (n,); may be moved.
        line: how many came before it; (n,).
        start_m: where it begins, relative to the hole's supposed middle along it; (n,).

    Args:
        num_envs: simulations.
    """

    def __init__(self, num_envs: int) -> None:
        self.beside_m, self.start_m, self._last_m = (np.zeros(num_envs) for _ in range(3))
        self.line = np.zeros(num_envs, np.int64)
        self._radius, self._heading = np.zeros(num_envs), np.zeros(num_envs)
        self._settings = THICK

    def begin(self, which: Mask, radius: Array, ahead: Array, settings: SearchSettings) -> None:
        """Begin anew with the first line.

        Args:
            which: simulations; (n,).
            radius: of the objects, m; (n,).
            ahead: along the lines, in the frame in which the hole is known to ``NOISE_M`` in x and in y; (n, 2).
            settings: their way; (n,) each.
        """
        self._radius = np.where(which, radius, self._radius)
        self._heading = np.where(which, np.arctan2(ahead[:, 1], ahead[:, 0]), self._heading)
        self._settings = settings
        self.line[which] = 0
        self._lay(which)

    def ended(self, found: Mask, along: Array) -> Mask:
        """Return where the present line is at its end; (n,).

        Args:
            found: whether the edge may have found the hole, whose far wall is further on then; (n,).
            along: where the edge is, relative to the hole's supposed middle; (n,).
        """
        s = self._settings
        return along > self._last_m + np.where(found, self._radius + s.far_m, s.end_m)

    def next(self, which: Mask) -> None:
        """Go over to the next line where one has ended, or an attempt failed; (n,)."""
        self.line[which] += 1
        self._lay(which)

    def _lay(self, which: Mask) -> None:
        place = (self._settings.first + _ORDER[self.line % len(_ORDER)]) * self._settings.apart_m
        place = np.clip(place, -NOISE_M, NOISE_M)
        first, last = within_square(
            np.sign(place) * np.maximum(np.abs(place) - WIDE * self._radius, 0.0), self._heading
        )
        start = np.minimum(first + np.maximum(self._radius - self._settings.begin_m, 0.0), 0.5 * (first + last))
        self.beside_m = np.where(which, place, self.beside_m)
        self.start_m, self._last_m = np.where(which, start, self.start_m), np.where(which, last, self._last_m)


def within_square(beside_m: Array, heading_rad: Array) -> tuple[Array, Array]:
    """Return where lines enter and leave the square in which the hole is, relative to its middle along them.

    Args:
        beside_m: how far to the left of the middle they pass, at most half the square's width, m; (n,).
        heading_rad: of the lines, from the square's x; (n,).
    """
    cos, sin = np.cos(heading_rad), np.sin(heading_rad)
    cos, sin = (np.where(np.abs(part) < _PARALLEL, _PARALLEL, part) for part in (cos, sin))
    first = np.maximum(beside_m * sin / cos - NOISE_M / np.abs(cos), -beside_m * cos / sin - NOISE_M / np.abs(sin))
    last = np.minimum(beside_m * sin / cos + NOISE_M / np.abs(cos), -beside_m * cos / sin + NOISE_M / np.abs(sin))
    return first, last
