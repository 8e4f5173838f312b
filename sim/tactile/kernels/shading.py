"""From a height map to colours by the look-up table."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FLATTEST = np.float32(1e-5)
"""Smaller slopes are the rounding of the smoothing's sums, not the skin."""
_PI, _HALF_PI = np.float32(math.pi), np.float32(0.5 * math.pi)
_ZERO, _ONE, _TOP = np.float32(0), np.float32(1), np.float32(255)
_FAST = {"contract", "reassoc", "nsz", "arcp"}


@njit(cache=True, inline="always")
def _atan(x):  # noqa: ANN001, ANN202
    """Arc tangent on [0, 1] to 2e-8: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 4.4.49."""
    s = x * x
    p = np.float32(0.0028662257)
    p = p * s - np.float32(0.0161657367)
    p = p * s + np.float32(0.0429096138)
    p = p * s - np.float32(0.0752896400)
    p = p * s + np.float32(0.1065626393)
    p = p * s - np.float32(0.1420889944)
    p = p * s + np.float32(0.1999355085)
    p = p * s - np.float32(0.3333314528)
    return x * (p * s + _ONE)


@njit(cache=True, fastmath=_FAST)
def slope_bins(above, here, below, across, down, bins, steepness, direction):  # noqa: ANN001, ANN201
    """Fill the table's bins along one row.

    Steepness m = atan|grad h|, direction theta = atan2(dh/drow, dh/dcolumn); bins floor(m / (pi/2 / (B - 1))) and
    floor((theta + pi) / (2 pi / (B - 1))) with B the table's own number of bins. The outermost pixels count as flat.

    Args:
        above: indentation of the row before, m; (columns,) of float32.
        here: of the row.
        below: of the row after.
        across: one over two pixels along the columns, 1/m, float32.
        down: along the rows.
        bins: of the table.
        steepness: out; (columns,) of int32.
        direction: out, likewise.
    """
    columns = here.shape[0]
    steep, turn = np.float32((bins - 1) / (0.5 * math.pi)), np.float32((bins - 1) / (2.0 * math.pi))
    last = np.int32(bins - 1)
    flat = np.int32((bins - 1) / 2.0)
    for column in range(1, columns - 1):
        gx, gy = (here[column + 1] - here[column - 1]) * across, (below[column] - above[column]) * down
        size_x, size_y = abs(gx), abs(gy)
        larger, smaller = max(size_x, size_y), min(size_x, size_y)
        is_flat = larger < FLATTEST
        turned = _atan(smaller / max(larger, FLATTEST))
        turned = _HALF_PI - turned if size_y > size_x else turned
        turned = _PI - turned if gx < _ZERO else turned
        turned = -turned if gy < _ZERO else turned
        length = math.sqrt(gx * gx + gy * gy)
        angle = _atan(min(length, _ONE) / max(length, _ONE))
        angle = _HALF_PI - angle if length > _ONE else angle
        steepness[column] = np.int32(0) if is_flat else min(np.int32(angle * steep), last)
        direction[column] = flat if is_flat else min(np.int32((turned + _PI) * turn), last)
    for column in (0, columns - 1):
        steepness[column], direction[column] = 0, flat


@njit(cache=True, fastmath=_FAST)
def colour(table, steepness, direction, first_x, y, out):  # noqa: ANN001, ANN201
    """Fill colours along one row, grey levels, as a difference to the untouched pad.

    Args:
        table: coefficients of x^2, y^2, xy, x, y, 1; (bins, bins, 3, 6).
        steepness: bins; (columns,).
        direction: likewise.
        first_x: column of the first pixel, px, float32.
        y: row, px, float32.
        out: (columns, 3) of float32.
    """
    for column in range(out.shape[0]):
        x = first_x + np.float32(column)
        k = table[steepness[column], direction[column]]
        for channel in range(3):
            out[column, channel] = (
                x * (k[channel, 0] * x + k[channel, 2] * y + k[channel, 3])
                + y * (k[channel, 1] * y + k[channel, 4])
                + k[channel, 5]
            )


@njit(cache=True, fastmath=_FAST)
def expose(colours, background, image):  # noqa: ANN001, ANN201
    """Add the untouched pad along one row and cut off to 8 bits.

    Args:
        colours: differences to it; (columns, 3) of float32.
        background: (columns, 3) of float32.
        image: out; (columns, 3) of uint8.
    """
    for column in range(colours.shape[0]):
        for channel in range(3):
            value = colours[column, channel] + background[column, channel]
            image[column, channel] = np.uint8(np.int32(min(max(value, _ZERO), _TOP)))


@njit(cache=True, fastmath=_FAST)
def darken(colours, occlusion, row, dark):  # noqa: ANN001, ANN201
    """Let shadows fall on colours along one row: towards the darker of what is there and a lamp's absence.

    Args:
        colours: differences to the untouched pad, changed; (columns, 3) of float32.
        occlusion: what each channel's lamp misses, 0 to 1; (3, rows, columns).
        row: of the occlusion.
        dark: the flat skin without that lamp, as a difference; (columns, 3).
    """
    for channel in range(3):
        missing = occlusion[channel, row]
        for column in range(colours.shape[0]):
            if missing[column] > _ZERO:
                there = colours[column, channel]
                colours[column, channel] = there + missing[column] * (min(there, dark[column, channel]) - there)
