"""Where the centre of mass must be for a centre of pressure: the linear inverted pendulum, solved over a loop.

Kajita et al. 2001, "The 3D Linear Inverted Pendulum Mode": c'' = w^2 (c - p), w^2 = g / h. Over a loop both are
Fourier series, and each harmonic of c is that of p over 1 + (k / w)^2 with k its angular frequency: no starting state
to guess, no drift.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.spec import GRAVITY

Array = NDArray[np.float64]


def center_of_mass(pressure: Array, drift: Array, duration_s: float, height_m: float) -> Array:
    """Return the centre of mass over one loop, x and y, m.

    Args:
        pressure: the centre of pressure at evenly spaced times, x and y, m; (T, 2).
        drift: displacement of a loop, m; (2,).
        duration_s: of the loop.
        height_m: of the centre of mass above the ground, taken as constant.
    """
    frames = len(pressure)
    even = np.arange(frames)[:, None] / frames * drift
    rate = 2.0 * np.pi * np.arange(frames // 2 + 1) / duration_s
    gain = 1.0 / (1.0 + rate**2 * height_m / GRAVITY)
    return even + np.fft.irfft(np.fft.rfft(pressure - even, axis=0) * gain[:, None], n=frames, axis=0)
