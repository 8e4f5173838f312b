"""Tactile pictures in Warp, for NVIDIA GPUs: the steps of ``kernels`` from height maps on.

Whole pictures are worked on, where the CPU's kernels look only at the touched part: nothing differs there. A thread is
a pixel, a row, a ray of light or a dot. Called through ``warp_image.py``. Warp reads the bodies of these functions at
import, hence no ``from __future__ import annotations`` here.
"""
# pyright: reportMissingImports=false, reportInvalidTypeForm=false, reportOperatorIssue=false, reportIndexIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false, reportReturnType=false, reportGeneralTypeIssues=false
# pyright: reportPossiblyUnboundVariable=false, reportAssignmentType=false

from sim.tactile.kernels.shading import FLATTEST
from sim.tactile.kernels.shadow import NOWHERE
from sim.tactile.warp_heights import Maps
from sim.tactile.warp_kernel import wp

SMALLEST_SLOPE, NO_RAY = wp.constant(wp.float32(float(FLATTEST))), wp.constant(wp.float32(float(NOWHERE)))
HALF_PI = wp.constant(wp.float32(wp.PI / 2.0))


@wp.kernel(enable_backward=False)
def box(source: Maps, half: wp.int32, across: wp.int32, target: Maps) -> None:
    """Filter one column, or one row if ``across``, by a box; the edge value goes on outside."""
    p, line = wp.tid()
    count = wp.where(across != 0, source.shape[2], source.shape[1])
    total = wp.float32(0.0)
    for i in range(-half, half):
        k = wp.clamp(i, 0, count - 1)
        if across != 0:
            total += source[p, line, k]
        else:
            total += source[p, k, line]
    for i in range(count):
        into, leaves = wp.min(i + half, count - 1), wp.max(i - half, 0)
        if across != 0:
            total += source[p, line, into]
            target[p, line, i] = total / wp.float32(2 * half + 1)
            total -= source[p, line, leaves]
        else:
            total += source[p, into, line]
            target[p, i, line] = total / wp.float32(2 * half + 1)
            total -= source[p, leaves, line]


@wp.kernel(enable_backward=False)
def restore(touched: Maps, height: Maps) -> None:
    """Give a touched pixel its indentation back."""
    p, row, column = wp.tid()
    if touched[p, row, column] > 0.0:
        height[p, row, column] = touched[p, row, column]


@wp.kernel(enable_backward=False)
def blur(source: Maps, across: wp.int32, target: Maps) -> None:
    """Blur one pixel by 1 4 6 4 1 along rows or columns."""
    p, row, column = wp.tid()
    total = wp.float32(0.0)
    for i in range(-2, 3):
        r = wp.where(across != 0, row, wp.clamp(row + i, 0, source.shape[1] - 1))
        c = wp.where(across != 0, wp.clamp(column + i, 0, source.shape[2] - 1), column)
        weight = wp.where(i == 0, 6.0, wp.where(wp.abs(i) == 1, 4.0, 1.0))
        total += weight * source[p, r, c]
    target[p, row, column] = total / 16.0


@wp.func
def turned(height: Maps, p: wp.int32, line: wp.int32, along: wp.int32, aside: wp.int32) -> wp.float32:
    """Return a height of a map, or of the transposed one if ``aside``."""
    if aside != 0:
        return height[p, along, line]
    return height[p, line, along]


@wp.kernel(enable_backward=False)
def cast(height: Maps, lamp: wp.vec4f, first: wp.int32, aside: wp.int32, deep: Maps) -> None:
    """Follow one ray of one lamp over a map; see ``kernels/shadow.py``.

    Args:
        height: m.
        lamp: its direction along lines and across them, a ray's drop, m, and shift, px, from line to line.
        first: number of the ray that begins at the second pixel.
        aside: whether lines are columns.
        deep: out, how far below the ray; (pads, lines, pixels of a line + 1).
    """
    p, number = wp.tid()
    lines, count = deep.shape[1], deep.shape[2] - 1
    ray = wp.float32(NO_RAY)
    for step in range(lines):
        line = wp.where(lamp[1] > 0.0, lines - 1 - step, step)
        moved = wp.float32(step) * lamp[3]
        whole = wp.int32(wp.floor(moved))
        part = moved - wp.float32(whole)
        i = number - (first - 1 - whole)
        if i >= 0 and i <= count:
            left = turned(height, p, line, wp.max(i - 1, 0), aside)
            right = turned(height, p, line, wp.min(i, count - 1), aside)
            here = (1.0 - part) * left + part * right
            deep[p, line, i] = ray - lamp[2] - here
            ray = wp.max(ray - lamp[2], here)


@wp.kernel(enable_backward=False)
def occlude(
    deep: Maps, lamp: wp.vec4f, softness: wp.float32, aside: wp.int32, channel: wp.int32,
    occlusion: wp.array4d(dtype=wp.float32),
) -> None:  # fmt: skip
    """Say for one pixel how much of a channel's lamp it misses, between the two rays beside it."""
    p, line, along = wp.tid()
    step = wp.where(lamp[1] > 0.0, deep.shape[1] - 1 - line, line)
    moved = wp.float32(step) * lamp[3]
    part = moved - wp.floor(moved)
    below = (part * deep[p, line, along] + (1.0 - part) * deep[p, line, along + 1]) / softness
    value = wp.clamp(below, 0.0, 1.0)
    if aside != 0:
        occlusion[p, channel, along, line] = value
    else:
        occlusion[p, channel, line, along] = value


@wp.kernel(enable_backward=False)
def shade(
    height: Maps,
    pixel: wp.vec2f,
    table: wp.array4d(dtype=wp.float32),
    background: Maps,
    occlusion: wp.array4d(dtype=wp.float32),
    darkening: wp.float32,
    image: wp.array4d(dtype=wp.uint8),
) -> None:
    """Colour one pixel by its slope's bin; see ``kernels/shading.py``."""
    p, row, column = wp.tid()
    bins = table.shape[0]
    i, j = wp.int32(0), (bins - 1) / 2
    if row > 0 and row < height.shape[1] - 1 and column > 0 and column < height.shape[2] - 1:
        gx = (height[p, row, column + 1] - height[p, row, column - 1]) * (0.5 / pixel[0])
        gy = (height[p, row + 1, column] - height[p, row - 1, column]) * (0.5 / pixel[1])
        if wp.max(wp.abs(gx), wp.abs(gy)) >= SMALLEST_SLOPE:
            steps = wp.float32(bins - 1)
            i = wp.min(wp.int32(wp.atan(wp.sqrt(gx * gx + gy * gy)) * (steps / HALF_PI)), bins - 1)
            j = wp.min(wp.int32((wp.atan2(gy, gx) + wp.PI) * (steps / (2.0 * wp.PI))), bins - 1)
    x, y = wp.float32(column), wp.float32(row)
    for channel in range(3):
        k = channel * 6
        flat = background[row, column, channel]
        value = (
            x * (table[i, j, 0, k] * x + table[i, j, 0, k + 2] * y + table[i, j, 0, k + 3])
            + y * (table[i, j, 0, k + 1] * y + table[i, j, 0, k + 4])
            + table[i, j, 0, k + 5]
        )
        if darkening > 0.0:
            value += occlusion[p, channel, row, column] * (wp.min(value, -darkening * flat) - value)
        image[p, row, column, channel] = wp.uint8(wp.int32(wp.clamp(value + flat, 0.0, 255.0)))


@wp.kernel(enable_backward=False)
def draw_dots(
    places: wp.array2d(dtype=wp.vec2f),
    radius: wp.float32,
    level: wp.float32,
    pixel: wp.vec2f,
    image: wp.array4d(dtype=wp.uint8),
) -> None:
    """Draw one dot; see ``kernels/markers.py``."""
    p, m = wp.tid()
    rows, columns = image.shape[1], image.shape[2]
    side = 0.5 * (pixel[0] + pixel[1])
    reach = radius + 0.5 * side
    x = places[p, m][0] / pixel[0] + 0.5 * wp.float32(columns - 1)
    y = places[p, m][1] / pixel[1] + 0.5 * wp.float32(rows - 1)
    first_row = wp.max(wp.int32(wp.ceil(y - reach / pixel[1])), 0)
    last_row = wp.min(wp.int32(wp.floor(y + reach / pixel[1])), rows - 1)
    first_column = wp.max(wp.int32(wp.ceil(x - reach / pixel[0])), 0)
    last_column = wp.min(wp.int32(wp.floor(x + reach / pixel[0])), columns - 1)
    for row in range(first_row, last_row + 1):
        for column in range(first_column, last_column + 1):
            away = wp.length(wp.vec2f((wp.float32(column) - x) * pixel[0], (wp.float32(row) - y) * pixel[1]))
            covered = wp.clamp((reach - away) / side, 0.0, wp.min(2.0 * radius / side, 1.0))
            for channel in range(3):
                there = wp.float32(wp.int32(image[p, row, column, channel]))
                light = 1.0 - covered * (1.0 - level)
                image[p, row, column, channel] = wp.uint8(wp.int32(there * light + 0.5))
