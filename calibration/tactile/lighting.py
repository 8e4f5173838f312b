"""How much brighter a picture is than the untouched one: lamps warm up, cameras adapt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hardware.tactile.frames import BLACK_LEVEL, Picture

NEAR = 3.0
"""Pixels within so many standard deviations of the median's light count as untouched."""
SOME = 7
"""Every so many-th pixel makes the median."""
LEAST_PART = 0.1
"""Of the pixels; with fewer of them the median is the answer."""

Levels = npt.NDArray[np.float32]


def gain(picture: Picture, background: Levels, noise: float, untouched: npt.NDArray[np.bool_] | None = None) -> Levels:
    """Return picture over untouched picture, per channel, (3,); 1 for a channel without light.

    The median over pixels, most of which nothing touches, and then the mean over those that are near it.

    Args:
        picture: (rows, columns, 3).
        background: untouched, grey levels; (rows, columns, 3).
        noise: standard deviation of a picture's grey levels.
        untouched: pixels that are known to be; (rows, columns).
    """
    found = np.ones(3, np.float32)
    where = np.ones(picture.shape[:2], bool) if untouched is None else untouched
    for channel in np.flatnonzero(background.mean(axis=(0, 1)) > BLACK_LEVEL):
        seen, lit = picture[..., channel][where], background[..., channel][where]
        median = np.median(seen[::SOME] / np.maximum(lit[::SOME], 1.0))
        near = np.abs(seen - median * lit) < NEAR * noise
        found[channel] = seen[near].sum() / lit[near].sum() if near.mean() > LEAST_PART else median
    return found
