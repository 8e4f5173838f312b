"""Find the ball in one picture: its middle by symmetry, the edge of its contact by brightness.

Where a ball presses, the skin's slopes are odd about its middle, and so nearly is what changes in the picture:
D(c + p) = -D(c - p). The middle is where the picture's convolution with itself is most negative, whatever the lamps
are and whatever part of the contact is brighter (the idea of symmetry detection by self-convolution). No threshold
has to be chosen for it, and marker dots or dust, which have no such symmetry, matter little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import gaussian_filter

SEEN = 5.0
"""A contact must change the smoothed picture by this many standard deviations of the smoothed noise."""
SMOOTHING_PX = 2.0
FEWEST_PX = 8
"""Smallest radius of a contact that is of use, px."""
EDGE = 0.9
"""Just beyond the brightest ring, where slopes are steepest, the contact ends: where the change has fallen to this part
of it. So the radius is that which people marked in a published recording of Taxim (arXiv 2109.04027), in the median."""

Levels = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Circle:
    """A contact in a picture.

    Attributes:
        column: of the middle, px.
        row: the same.
        radius: of its edge along the columns, px.
    """

    column: float
    row: float
    radius: float


def find_ball(difference: Levels, noise: float, aspect: float) -> Circle | None:
    """Return the contact's circle, or ``None`` where nothing touches.

    Args:
        difference: picture minus untouched pad, grey levels; (rows, columns, 3).
        noise: standard deviation of a picture's grey levels.
        aspect: size of a pixel along the rows over that along the columns.
    """
    smooth = gaussian_filter(difference, (SMOOTHING_PX, SMOOTHING_PX, 0.0))
    strength = np.sqrt(np.square(smooth).sum(axis=2))
    # A Gaussian of s px leaves 1 / (2 s sqrt(pi)) of white noise, in each of three channels.
    floor = SEEN * noise * 3.0**0.5 / (2.0 * SMOOTHING_PX * np.pi**0.5)
    if (strength > floor).sum() < np.pi * FEWEST_PX**2:
        return None
    touched = np.where((strength > floor)[..., None], smooth, 0.0)
    column, row = _middle(touched)
    radius = _edge(strength, column, row, aspect)
    return None if radius < FEWEST_PX else Circle(column, row, radius)


def _middle(difference: Numbers) -> tuple[float, float]:
    """Return the place (column, row), px, about which a picture is most odd."""
    rows, columns = difference.shape[:2]
    size = next_fast_len(2 * rows - 1), next_fast_len(2 * columns - 1)
    spectrum = np.asarray(rfft2(difference, size, axes=(0, 1)))
    symmetry = np.asarray(irfft2(np.square(spectrum).sum(axis=2), size, axes=(0, 1)))[: 2 * rows - 1, : 2 * columns - 1]
    row, column = np.unravel_index(int(symmetry.argmin()), symmetry.shape)
    # Index k of the convolution belongs to the middle k / 2.
    return (
        0.5 * (column + _vertex(symmetry[row, max(column - 1, 0) : column + 2])),
        0.5 * (row + _vertex(symmetry[max(row - 1, 0) : row + 2, column])),
    )


def _vertex(values: Numbers) -> float:
    """Return where the parabola through three neighbours has its vertex, from -0.5 to 0.5 from the middle one."""
    if len(values) < 3:
        return 0.0
    curvature = values[0] - 2.0 * values[1] + values[2]
    return 0.0 if curvature == 0.0 else float(np.clip(0.5 * (values[0] - values[2]) / curvature, -0.5, 0.5))


def _edge(strength: Numbers, column: float, row: float, aspect: float) -> float:
    """Return the radius, px along the columns, where the change falls off beyond its brightest ring."""
    rows, columns = np.indices(strength.shape)
    distance = np.hypot(columns - column, (rows - row) * aspect)
    ring = np.round(distance).astype(np.intp).ravel()
    count = np.bincount(ring)
    profile = np.bincount(ring, strength.ravel()) / np.maximum(count, 1)
    peak = int(profile.argmax())
    below = np.flatnonzero(profile[peak:] < EDGE * profile[peak])
    return float(peak + below[0]) if len(below) else float(len(profile))
