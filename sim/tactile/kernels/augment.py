"""A part of each picture, stretched to the whole size, in other colours: one pass over the pixels."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_HALF, _ONE, _TOP, _ZERO = np.float32(0.5), np.float32(1), np.float32(255), np.float32(0)


@njit(cache=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def change(pictures, windows, matrices, offsets, changed):  # noqa: ANN001, ANN201
    """Fill changed pictures, bilinear between pixels, the edge goes on outside.

    Args:
        pictures: (episodes, pads, rows, columns, 3) of uint8.
        windows: first column and row, width and height of the part, px; (episodes, pads, 4) of float32.
        matrices: of the colours; (episodes, pads, 3, 3) of float32.
        offsets: added to each channel, grey levels; (episodes, pads) of float32.
        changed: out, as the pictures.
    """
    episodes, pads, rows, columns, _ = pictures.shape
    left, right, share = np.empty(columns, np.int64), np.empty(columns, np.int64), np.empty(columns, np.float32)
    for e in range(episodes):
        for p in range(pads):
            m, offset = matrices[e, p], offsets[e, p] + _HALF  # (a half, so that cutting off rounds)
            first_x, first_y, wide, high = windows[e, p]
            for column in range(columns):
                left[column], right[column], share[column] = _between(first_x, wide, column, columns)
            for row in range(rows):
                above, below, down = _between(first_y, high, row, rows)
                upper, lower, out = pictures[e, p, above], pictures[e, p, below], changed[e, p, row]
                for column in range(columns):
                    i, j, across = left[column], right[column], share[column]
                    a, b = (_ONE - down) * (_ONE - across), (_ONE - down) * across
                    c, d = down * (_ONE - across), down * across
                    red = a * upper[i, 0] + b * upper[j, 0] + c * lower[i, 0] + d * lower[j, 0]
                    green = a * upper[i, 1] + b * upper[j, 1] + c * lower[i, 1] + d * lower[j, 1]
                    blue = a * upper[i, 2] + b * upper[j, 2] + c * lower[i, 2] + d * lower[j, 2]
                    for channel in range(3):
                        value = m[channel, 0] * red + m[channel, 1] * green + m[channel, 2] * blue + offset
                        out[column, channel] = np.uint8(min(max(value, _ZERO), _TOP))


@njit(cache=True)
def _between(first, size, index, count):  # noqa: ANN001, ANN202
    """Return the two source pixels around a pixel's middle and the share of the second."""
    place = min(max(first + (index + 0.5) * size / count - 0.5, 0.0), count - 1.0)
    low = math.floor(place)
    return low, min(low + 1, count - 1), np.float32(place - low)
