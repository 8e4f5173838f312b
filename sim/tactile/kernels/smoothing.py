"""How the gel's skin bridges the edge of a contact: repeated blurs that leave the touched part as it is.

The scheme of Taxim (Si and Yuan, RA-L 2022, arXiv 2109.04027), with each Gaussian made of running sums (two box
filters per axis: the cost does not grow with the width).
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def bridge(height, half_widths, scratch):  # noqa: ANN001, ANN201
    """Smooth height maps in place.

    Args:
        height: indentation, any unit; (pads, rows, columns).
        half_widths: of the boxes, px, widest first; (passes,).
        scratch: room for two maps; (2, rows, columns).
    """
    for p in range(height.shape[0]):
        touched = height[p].copy()
        deepest = touched.max()
        if deepest <= 0:
            continue
        for half in half_widths:
            for _ in range(2):
                _blur_rows(height[p], scratch[0], half)
                _blur_columns(scratch[0], height[p], half)
            for row in range(height.shape[1]):
                for column in range(height.shape[2]):
                    if touched[row, column] > 0:
                        height[p, row, column] = touched[row, column]


@njit(cache=True)
def _blur_rows(source, target, half):  # noqa: ANN001, ANN202
    """Box filter along the rows' direction (over columns); the edge value goes on outside."""
    rows, columns = source.shape
    scale = 1.0 / (2 * half + 1)
    for row in range(rows):
        total = (half + 1.0) * source[row, 0]
        for column in range(half):
            total += source[row, min(column, columns - 1)]
        for column in range(columns):
            total += source[row, min(column + half, columns - 1)]
            target[row, column] = total * scale
            total -= source[row, max(column - half, 0)]
        # (the window of column 0 reaches from -half to half: half + 1 times the first value, see above)


@njit(cache=True)
def _blur_columns(source, target, half):  # noqa: ANN001, ANN202
    rows, columns = source.shape
    scale = 1.0 / (2 * half + 1)
    totals = np.empty(columns)
    for column in range(columns):
        totals[column] = (half + 1.0) * source[0, column]
    for row in range(half):
        for column in range(columns):
            totals[column] += source[min(row, rows - 1), column]
    for row in range(rows):
        into, out = min(row + half, rows - 1), max(row - half, 0)
        for column in range(columns):
            totals[column] += source[into, column]
            target[row, column] = totals[column] * scale
            totals[column] -= source[out, column]
