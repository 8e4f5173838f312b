"""Closed curves of sines, begun from rest: figure-eight, circle, Lissajous.

Each axis is ``a (sin(n phase + offset) - sin(offset))``. The phase runs at 2 pi / period after a
ramp in which its rate grows by the quintic smooth step 10 u^3 - 15 u^4 + 6 u^5, so that position,
velocity, acceleration and jerk are continuous everywhere, the start included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sim.trajectories.reference import Array, Reference, forward, require_finite, require_positive, times

RAMP_S = 2.0
"""Time to full speed: as in "Learning to Fly in Seconds" (arXiv 2311.13081, public firmware)."""
LAPS = 2
"""Laps after the ramp that make up the duration, where no other number is asked for."""


@dataclass(frozen=True)
class Harmonic:
    """Sines of one phase.

    Raises:
        ConfigError: for numbers that make no curve.
    """

    kind: str
    amplitude_m: tuple[float, float, float]
    """a of each axis."""
    frequency: tuple[int, int, int]
    """n of each axis: whole, so that the curve closes after a period."""
    offset_rad: tuple[float, float, float]
    period_s: float
    ramp_s: float = RAMP_S
    laps: int = LAPS

    def __post_init__(self) -> None:
        require_positive(self.kind, period=self.period_s, ramp=self.ramp_s, laps=self.laps)
        require_finite(self.kind, **dict(zip(("x", "y", "z"), self.amplitude_m)))

    @property
    def settle_s(self) -> float:
        """The ramp."""
        return self.ramp_s

    @property
    def duration_s(self) -> float:
        """The ramp and the laps."""
        return self.ramp_s + self.laps * self.period_s

    def sample(self, time_s: ArrayLike) -> Reference:
        """Return the reference at ``time_s`` (n,)."""
        phase, rate, rate1, rate2 = (column[:, None] for column in self._phase(times(time_s)))
        a, n, offset = (np.asarray(v, np.float64) for v in (self.amplitude_m, self.frequency, self.offset_rad))
        sine, cosine = np.sin(n * phase + offset), np.cos(n * phase + offset)
        # Chain rule: derivatives with respect to the phase are a n cos, -a n^2 sin, -a n^3 cos.
        return forward(
            a * (sine - np.sin(offset)),
            a * n * cosine * rate,
            a * (n * cosine * rate1 - n**2 * sine * rate**2),
            a * (n * cosine * rate2 - 3.0 * n**2 * sine * rate * rate1 - n**3 * cosine * rate**3),
        )

    def _phase(self, time: Array) -> tuple[Array, Array, Array, Array]:
        """Phase, rad, and its first three derivatives, (n,) each."""
        full, ramp = 2.0 * math.pi / self.period_s, self.ramp_s
        u = np.minimum(time / ramp, 1.0)
        covered = ramp * u**4 * (2.5 + u * (u - 3.0)) + np.maximum(time - ramp, 0.0)
        return (
            full * covered,
            full * u**3 * (10.0 + u * (6.0 * u - 15.0)),
            full / ramp * 30.0 * u**2 * (1.0 - u) ** 2,
            full / ramp**2 * 60.0 * u * (1.0 - u) * (1.0 - 2.0 * u),
        )


def figure_eight(period: float = 5.5, scale: float = 1.0, ramp: float = RAMP_S, laps: int = LAPS) -> Harmonic:
    """Return the published figure-eight, 2 x 1 m at scale 1.

    x = s cos th, y = (s/2) sin 2 th, th = 2 pi phi + pi/2 (arXiv 2311.13081), which begins at its crossing.

    Args:
        period: time of one lap, s.
        scale: s, half its length, m.
        ramp: time to full speed, s.
        laps: how many, the ramp not counted.
    """
    require_positive("figure8", scale=scale)
    return Harmonic("figure8", (-scale, -0.5 * scale, 0.0), (1, 2, 0), (0.0, 0.0, 0.0), period, ramp, laps)


def circle(period: float = 5.0, radius: float = 0.5, ramp: float = RAMP_S, laps: int = LAPS) -> Harmonic:
    """Return a horizontal circle, counter-clockwise, that begins at its foremost point.

    Args:
        period: time of one lap, s.
        radius: m.
        ramp: time to full speed, s.
        laps: how many, the ramp not counted.
    """
    require_positive("circle", radius=radius)
    return Harmonic("circle", (radius, radius, 0.0), (1, 1, 0), (0.5 * math.pi, 0.0, 0.0), period, ramp, laps)


def lissajous(
    period: float = 8.0,
    x: float = 0.6,
    y: float = 0.4,
    z: float = 0.2,
    nx: int = 3,
    ny: int = 2,
    nz: int = 4,
    ramp: float = RAMP_S,
    laps: int = LAPS,
) -> Harmonic:
    """Return a three-dimensional Lissajous curve through its centre.

    Args:
        period: time after which all axes repeat, s.
        x: amplitude, m.
        y: amplitude, m.
        z: amplitude, m.
        nx: oscillations per period.
        ny: oscillations per period.
        nz: oscillations per period.
        ramp: time to full speed, s.
        laps: how many, the ramp not counted.
    """
    return Harmonic("lissajous", (x, y, z), (nx, ny, nz), (0.0, 0.0, 0.0), period, ramp, laps)
