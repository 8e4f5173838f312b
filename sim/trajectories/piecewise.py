"""Quintic pieces between knots of position, velocity and acceleration: continuous to the acceleration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.errors import ConfigError
from sim.trajectories.reference import Array, Reference, forward, times

_HERMITE = np.array([
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.5, 0.0, 0.0, 0.0],
    [-10.0, -6.0, -1.5, 10.0, -4.0, 0.5],
    [15.0, 8.0, 1.5, -15.0, 7.0, -1.0],
    [-6.0, -3.0, -0.5, 6.0, -3.0, 0.5],
])  # fmt: skip
"""Coefficients of u^0..u^5, u in [0, 1], from (p, h v, h^2 a) at both ends: the quintic that takes on all six."""


@dataclass(frozen=True)
class PiecewiseQuintic:
    """A curve through knots; after the last one it rests there.

    Raises:
        ConfigError: for knots out of order, or a start that is not at the origin at rest.
    """

    knot_s: Array
    """(k,) rising, the first 0."""
    position_w: Array
    """(k, 3) m"""
    velocity_w: Array
    """(k, 3) m/s"""
    acceleration_w: Array
    """(k, 3) m/s^2"""
    settle_s: float = 0.0
    """Time after which tracking is judged."""

    def __post_init__(self) -> None:
        if len(self.knot_s) < 2 or self.knot_s[0] != 0.0 or not (np.diff(self.knot_s) > 0.0).all():
            raise ConfigError("a piecewise trajectory needs two knots or more, at rising times from 0")
        if self.position_w[0].any() or self.velocity_w[0].any():
            raise ConfigError("a piecewise trajectory begins at the origin at rest")
        if self.velocity_w[-1].any() or self.acceleration_w[-1].any():
            raise ConfigError("a piecewise trajectory ends at rest")

    @property
    def duration_s(self) -> float:
        """Time of the last knot."""
        return float(self.knot_s[-1])

    def sample(self, time_s: ArrayLike) -> Reference:
        """Return the reference at ``time_s`` (n,)."""
        time = np.minimum(times(time_s), self.knot_s[-1])
        piece = np.clip(np.searchsorted(self.knot_s, time, side="right") - 1, 0, len(self.knot_s) - 2)
        length = np.diff(self.knot_s)[piece][:, None]
        u = (time - self.knot_s[piece])[:, None] / length
        c = self._coefficients(piece, length)
        jerk = (6.0 * c[3] + u * (24.0 * c[4] + u * 60.0 * c[5])) / length**3
        resting = time >= self.knot_s[-1]
        jerk[resting] = 0.0
        return forward(
            c[0] + u * (c[1] + u * (c[2] + u * (c[3] + u * (c[4] + u * c[5])))),
            (c[1] + u * (2.0 * c[2] + u * (3.0 * c[3] + u * (4.0 * c[4] + u * 5.0 * c[5])))) / length,
            (2.0 * c[2] + u * (6.0 * c[3] + u * (12.0 * c[4] + u * 20.0 * c[5]))) / length**2,
            jerk,
        )

    def _coefficients(self, piece: NDArray[np.intp], length: Array) -> Array:
        """Return (6, n, 3) coefficients of each sample's piece."""
        ends = []
        for knot in (piece, piece + 1):
            ends += [self.position_w[knot], length * self.velocity_w[knot], length**2 * self.acceleration_w[knot]]
        return np.tensordot(_HERMITE, np.stack(ends), axes=1)
