"""How the gel's skin bridges the edge of a contact: repeated blurs that leave the touched part as it is.

The scheme of Taxim (Si and Yuan, RA-L 2022, arXiv 2109.04027), with each Gaussian made of two box filters per axis
(the cost does not grow with the width). Boxes are running sums over whole rows, which a processor adds several at a
time; for the other axis the map is transposed, and so is every second one of the passes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FAST = {"contract", "reassoc", "nsz", "arcp"}
TILE = 16
"""Side of the blocks in which maps are transposed: a few cache lines."""
_FOUR, _SIX, _SIXTEENTH = np.float32(4), np.float32(6), np.float32(1 / 16)


@njit(cache=True, fastmath=FAST)
def bridge(height, half_widths, touched, turned, totals, other):  # noqa: ANN001, ANN201
    """Smooth one height map in place.

    Args:
        height: indentation, any unit; (rows, columns) of float32.
        half_widths: of the boxes, px, widest first; (an even number of passes,).
        touched: room for one map; (rows, columns).
        turned: room for three transposed maps; (3, columns, rows).
        totals: room for a row or a column.
        other: room for one map; (rows, columns).
    """
    copy(height, touched)
    touched_turned, height_turned, other_turned = turned[0], turned[1], turned[2]
    transpose(height, touched_turned)
    for number in range(0, half_widths.shape[0], 2):
        _blur_down(height, other, half_widths[number], totals)
        transpose(height, height_turned)
        _blur_down(height_turned, other_turned, half_widths[number], totals)
        _restore(touched_turned, height_turned)
        _blur_down(height_turned, other_turned, half_widths[number + 1], totals)
        transpose(height_turned, height)
        _blur_down(height, other, half_widths[number + 1], totals)
        _restore(touched, height)


@njit(cache=True, fastmath=FAST)
def blur(height, other):  # noqa: ANN001, ANN201
    """Blur one height map in place by the 5 x 5 binomial kernel; the edge value goes on outside.

    Args:
        height: (rows, columns).
        other: room for one map.
    """
    rows, columns = height.shape
    for row in range(rows):
        h, out = height[row], other[row]
        for column in range(2, columns - 2):
            out[column] = _binomial(h[column - 2], h[column - 1], h[column], h[column + 1], h[column + 2])
        for column in (0, 1, columns - 2, columns - 1):
            out[column] = _binomial(
                h[max(column - 2, 0)], h[max(column - 1, 0)], h[column],
                h[min(column + 1, columns - 1)], h[min(column + 2, columns - 1)],
            )  # fmt: skip
    for row in range(rows):
        a, b, c = other[max(row - 2, 0)], other[max(row - 1, 0)], other[row]
        d, e = other[min(row + 1, rows - 1)], other[min(row + 2, rows - 1)]
        out = height[row]
        for column in range(columns):
            out[column] = _binomial(a[column], b[column], c[column], d[column], e[column])


@njit(cache=True)
def copy(source, target):  # noqa: ANN001, ANN201
    """Fill one map by another of the same size (a slice's assignment takes seconds to compile)."""
    for row in range(source.shape[0]):
        for column in range(source.shape[1]):
            target[row, column] = source[row, column]


@njit(cache=True, fastmath=FAST)
def transpose(source, target):  # noqa: ANN001, ANN201
    """Fill target, (columns, rows), by the transpose of source, (rows, columns)."""
    rows, columns = source.shape
    for row_0 in range(0, rows, TILE):
        for column_0 in range(0, columns, TILE):
            for column in range(column_0, min(column_0 + TILE, columns)):
                for row in range(row_0, min(row_0 + TILE, rows)):
                    target[column, row] = source[row, column]


@njit(cache=True, inline="always")
def _binomial(a, b, c, d, e):  # noqa: ANN001, ANN202
    return (a + e + (b + d) * _FOUR + c * _SIX) * _SIXTEENTH


@njit(cache=True, fastmath=FAST)
def _restore(touched, height):  # noqa: ANN001, ANN202
    for row in range(height.shape[0]):
        t, h = touched[row], height[row]
        for column in range(height.shape[1]):
            h[column] = t[column] if t[column] > 0 else h[column]


@njit(cache=True)
def _blur_down(height, other, half, totals):  # noqa: ANN001, ANN202
    _box_down(height, other, half, totals)
    _box_down(other, height, half, totals)


@njit(cache=True, fastmath=FAST)
def _box_down(source, target, half, totals):  # noqa: ANN001, ANN202
    """Box filter over 2 half + 1 rows; the edge value goes on outside."""
    rows, columns = source.shape
    scale = np.float32(1.0 / (2 * half + 1))
    total = totals[:columns]
    first = source[0]
    for column in range(columns):
        total[column] = first[column] * np.float32(half)
    for row in range(half):
        into = source[min(row, rows - 1)]
        for column in range(columns):
            total[column] += into[column]
    # (before its last row comes in, the window of row 0 holds half times the edge and as many rows)
    for row in range(rows):
        into, leaves, out = source[min(row + half, rows - 1)], source[max(row - half, 0)], target[row]
        for column in range(columns):
            now = total[column] + into[column]
            out[column] = now * scale
            total[column] = now - leaves[column]
