"""From a height map to colours by the look-up table, in one pass over the pixels."""

from __future__ import annotations

import math

from numba import njit


@njit(cache=True)
def _binomial(a, b, c, d, e):  # noqa: ANN001, ANN202
    return (a + e + 4.0 * (b + d) + 6.0 * c) * 0.0625


@njit(cache=True)
def blur(height, scratch):  # noqa: ANN001, ANN201
    """Blur height maps in place by the 5 x 5 binomial kernel; the edge value goes on outside.

    Args:
        height: (pads, rows, columns).
        scratch: room for one map; (rows, columns).
    """
    pads, rows, columns = height.shape
    for p in range(pads):
        h = height[p]
        for row in range(rows):
            for column in range(columns):
                scratch[row, column] = _binomial(
                    h[row, max(column - 2, 0)], h[row, max(column - 1, 0)], h[row, column],
                    h[row, min(column + 1, columns - 1)], h[row, min(column + 2, columns - 1)],
                )  # fmt: skip
        for row in range(rows):
            for column in range(columns):
                h[row, column] = _binomial(
                    scratch[max(row - 2, 0), column], scratch[max(row - 1, 0), column], scratch[row, column],
                    scratch[min(row + 1, rows - 1), column], scratch[min(row + 2, rows - 1), column],
                )  # fmt: skip


@njit(cache=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def shade(height, pixel_x, pixel_y, table, background, image):  # noqa: ANN001, ANN201
    """Fill images: table at the slope's steepness and direction, as a polynomial of the place, plus background.

    Steepness m = atan|grad h|, direction theta = atan2(dh/drow, dh/dcolumn); bins floor(m / (pi/2 / (B - 1))) and
    floor((theta + pi) / (2 pi / (B - 1))) with B the table's own number of bins. The outermost pixels count as flat.

    Args:
        height: indentation, m; (pads, rows, columns).
        pixel_x: size of a pixel along the columns, m.
        pixel_y: along the rows, m.
        table: coefficients of x^2, y^2, xy, x, y, 1 with x the column and y the row; (bins, bins, 3, 6).
        background: (rows, columns, 3).
        image: out; (pads, rows, columns, 3) of uint8.
    """
    pads, rows, columns = height.shape
    bins = table.shape[0]
    steep, turn = (bins - 1) / (0.5 * math.pi), (bins - 1) / (2.0 * math.pi)
    across, down = 0.5 / pixel_x, 0.5 / pixel_y
    flat_direction = int(math.pi * turn)
    for p in range(pads):
        h = height[p]
        for row in range(rows):
            inner_row = 0 < row < rows - 1
            y = float(row)
            for column in range(columns):
                x = float(column)
                i, j = 0, flat_direction
                if inner_row and 0 < column < columns - 1:
                    gx = (h[row, column + 1] - h[row, column - 1]) * across
                    gy = (h[row + 1, column] - h[row - 1, column]) * down
                    if gx != 0.0 or gy != 0.0:
                        i = int(math.atan(math.sqrt(gx * gx + gy * gy)) * steep)
                        j = min(int((math.atan2(gy, gx) + math.pi) * turn), bins - 1)
                for channel in range(3):
                    k = table[i, j, channel]
                    value = x * (k[0] * x + k[2] * y + k[3]) + y * (k[1] * y + k[4]) + k[5]
                    value += background[row, column, channel]
                    image[p, row, column, channel] = int(min(max(value, 0.0), 255.0))
