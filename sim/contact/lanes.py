"""Lines along which an edge is slid over where a hole may be: through the middle, then on either side of it.

Thick pegs are lifted back to the beginning of the next line. Thin ones, which need many lines, stay down and come back
on the next one; where that finds something the way is turned again, for only forwards the far wall holds an edge up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
NOISE_M = 5e-3
"""How well the hole is known."""
BEGIN_M, END_M, FAR_M = 0.5e-3, 0.7e-3, 1e-3
"""How far beyond that lines begin and end, and end where something was found."""
APART, LEAST_APART_M = 1.2, 1.6e-3
"""Lines are so many radii apart."""
THIN_M = 3.5e-3
"""Radius of pegs, with what fingers sink in, that come back on the next line."""
_ORDER = np.array([0.0, 1.0, -1.0, 2.0, -2.0])


class Lanes:
    """One for all simulations.

    Attributes:
        beside_m: how far beside the hole's supposed middle the present line is; (n,); may be moved.
        way: 1.0 forwards, -1.0 back; (n,).

    Args:
        num_envs: simulations.
    """

    def __init__(self, num_envs: int) -> None:
        self.beside_m, self.way = np.zeros(num_envs), np.ones(num_envs)
        self._line, self._turned = np.zeros(num_envs, np.int64), np.zeros(num_envs, bool)
        self._radius = np.zeros(num_envs)

    def begin(self, which: Mask, radius: Array) -> None:
        """Begin anew with the middle line, for objects of a radius, m; (n,) each."""
        self._radius = np.where(which, radius, self._radius)
        self._line[which] = 0
        self._lay(which)

    @property
    def start_m(self) -> Array:
        """Where lines begin, relative to the hole's supposed middle along them; (n,)."""
        return -np.clip(NOISE_M + BEGIN_M - self._radius, 0.0, NOISE_M)

    def turn_back(self, found: Mask, along: Array) -> None:
        """Go forwards again where something was found on the way back, once on each line.

        Args:
            found: (n,).
            along: where the edge is, relative to the hole's supposed middle; (n,).
        """
        again = found & (self.way < 0.0) & ~self._turned & (along < NOISE_M + self._radius)
        self.way[again] = 1.0
        self._turned |= again

    def ended(self, found: Mask, along: Array) -> Mask:
        """Return where the present line is at its end; (n,)."""
        forwards = np.where(found, NOISE_M + self._radius + FAR_M, NOISE_M + END_M)
        backwards = NOISE_M + END_M - 0.5 * self._radius
        return self.way * along > np.where(self.way > 0.0, forwards, backwards)

    def next(self, ended: Mask, failed: Mask) -> Mask:
        """Go over to the next line where one has ended, or an attempt failed; return who is to be lifted there."""
        lifted = (ended & (self._radius >= THIN_M)) | failed
        self._line[ended | failed] += 1
        back = np.where(lifted, 1.0, -self.way)
        self.way = np.where(ended | failed, back, self.way)
        self._lay(ended | failed, way=False)
        return lifted

    def _lay(self, which: Mask, way: bool = True) -> None:
        place = _ORDER[self._line % len(_ORDER)] * np.maximum(APART * self._radius, LEAST_APART_M)
        self.beside_m = np.where(which, np.clip(place, -NOISE_M, NOISE_M), self.beside_m)
        self._turned[which] = False
        if way:
            self.way[which] = 1.0
