"""Shadows that the pressed-in skin throws on itself: a sweep of rays over the height map, away from each lamp.

The skin bulges towards the camera where it is pressed, so it stands in the way of lamps at the pad's rim. A ray that
grazes the highest point so far falls by tan(elevation) on its way; what lies below it is in shadow. Rays run along
columns of the sheared map, each sampled once between two pixels, so that a sweep is one pass over rows (horizon
sweeps: Timonen and Westerholm, "Scalable Height Field Self-Shadowing", Computer Graphics Forum 29, 2010).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

NOWHERE = np.float32(-1.0)
"""Height of a ray, m, before it has met anything."""
_ZERO, _ONE = np.float32(0), np.float32(1)


@njit(cache=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def cast(height, pixel_x, pixel_y, to_x, to_y, slope, softness, occlusion, rays, deep):  # noqa: ANN001, ANN201
    """Fill how much of one lamp's light each pixel misses, 0 to 1.

    The lamp must be at least as far along the rows' direction as across; transpose the map otherwise.

    Args:
        height: indentation, m; (rows, columns) of float32.
        pixel_x: size of a pixel along the columns, m.
        pixel_y: along the rows, m.
        to_x: direction of the lamp in the map's plane, length 1.
        to_y: likewise; not 0.
        slope: tangent of its elevation.
        softness: depth below a ray at which the shadow is full, m.
        occlusion: out; (rows, columns).
        rays: room for 2 columns + 2 rows numbers at least, more if pixels are not square (see ``rays_needed``).
        deep: room for columns + 1 numbers.
    """
    rows, columns = height.shape
    shift = -to_x / abs(to_y) * pixel_y / pixel_x  # of a ray from row to row, px
    drop = np.float32(slope * pixel_y / abs(to_y))
    sharpness = np.float32(1.0 / softness)
    first = 2 + (math.ceil(rows * shift) if shift > 0.0 else 0)
    rays[:] = NOWHERE
    for step in range(rows):
        row = rows - 1 - step if to_y > 0.0 else step  # from the lamp's side
        whole = math.floor(step * shift)
        part = np.float32(step * shift - whole)
        rest = _ONE - part
        h, out = height[row], occlusion[row]
        # Ray i is `part` to the right of pixel i - 1.
        ray = rays[first - 1 - whole : first + columns - whole]
        for i in range(1, columns):
            here = rest * h[i - 1] + part * h[i]
            above = ray[i] - drop
            deep[i] = above - here
            ray[i] = max(above, here)
        for i in (0, columns):
            here = h[0] if i == 0 else h[columns - 1]
            above = ray[i] - drop
            deep[i] = above - here
            ray[i] = max(above, here)
        for i in range(columns):
            below = (part * deep[i] + rest * deep[i + 1]) * sharpness
            out[i] = min(max(below, _ZERO), _ONE)


@njit(cache=True)
def rays_needed(rows, columns, to_x, to_y, pixel_x, pixel_y):  # noqa: ANN001, ANN201
    """Return the length of ``rays`` for ``cast``."""
    return columns + 5 + math.ceil(rows * abs(to_x / to_y) * pixel_y / pixel_x)
