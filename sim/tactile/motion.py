"""Paths of an object over a pad: press straight down, then slide and turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.tactile.objects import Held

Vector = npt.NDArray[np.float64]

PRESS_S, MOVE_S, REST_S = 0.05, 0.15, 0.03
"""Slow against the pins' and the gel's own times, a few milliseconds; at rest at the end."""


@dataclass(frozen=True)
class Path:
    """What an object does.

    Attributes:
        held: the object and its orientation at the start.
        place_m: where on the pad it touches, x and y.
        depth_m: how deep it is pressed.
        slide_m: way sideways.
        twist_rad: turn about the pad's normal through the object's origin.
    """

    held: Held
    place_m: tuple[float, float]
    depth_m: float
    slide_m: tuple[float, float] = (0.0, 0.0)
    twist_rad: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether it slides or turns after the press."""
        return self.twist_rad != 0.0 or self.slide_m != (0.0, 0.0)

    def steps(self, dt: float) -> Iterator[tuple[Vector, Vector, Vector, Vector]]:
        """Yield position, m, quaternion, velocity, m/s, and spin, rad/s, at the end of each step; pad frame.

        The velocity is that with which the step's end was reached.
        """
        down = np.array([0.0, 0.0, -self.depth_m])
        sideways = np.array([*self.slide_m, 0.0])
        start = np.array([*self.place_m, self.held.clearance_m])
        zero = np.zeros(3)
        for share in _shares(PRESS_S, dt):
            yield start + share * down, self._turned(0.0), down / PRESS_S, zero
        start = start + down
        if self.moves:
            spin = np.array([0.0, 0.0, self.twist_rad / MOVE_S])
            for share in _shares(MOVE_S, dt):
                yield start + share * sideways, self._turned(share), sideways / MOVE_S, spin
            start = start + sideways
        for _ in _shares(REST_S, dt):
            yield start, self._turned(1.0), zero, zero

    def _turned(self, share: float) -> Vector:
        c, s = np.cos(share * self.twist_rad / 2.0), np.sin(share * self.twist_rad / 2.0)
        w, x, y, z = self.held.quaternion
        return np.array([c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w])


def _shares(seconds: float, dt: float) -> Vector:
    count = round(seconds / dt)
    return (np.arange(count) + 1.0) / count
