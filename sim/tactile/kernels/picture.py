"""One picture after another: heights, skin, shadows and colours, each worked out only where the pad is touched."""

from __future__ import annotations

import numpy as np
from numba import njit

from sim.tactile.kernels.height import touched_region
from sim.tactile.kernels.shading import colour, darken, expose, slope_bins
from sim.tactile.kernels.shadow import cast, rays_needed
from sim.tactile.kernels.smoothing import blur, bridge, copy, transpose


@njit(cache=True)
def paint(indentation, pixel_x, pixel_y, reach, half_widths, table, background, lamps, dark, skin, image):  # noqa: ANN001, ANN201
    """Fill the skins and the pictures of a batch of height maps.

    Args:
        indentation: m; (pads, rows, columns) of float32.
        pixel_x: size of a pixel along the columns, m.
        pixel_y: along the rows, m.
        reach: how far around the touched part anything changes, px.
        half_widths: of the skin's boxes, px; (an even number,).
        table: of colours; (bins, bins, 3, 6).
        background: of the untouched pad; (rows, columns, 3) of float32.
        lamps: of the channels: direction x and y, tangent of the elevation, softness, m; (3 or, without shadows, 0, 4).
        dark: the flat skin without a channel's lamp, minus the background; (rows, columns, 3).
        skin: 0, filled where it is not, m; (pads, rows, columns).
        image: of the untouched pad, painted over; (pads, rows, columns, 3) of uint8.
    """
    pads, rows, columns = indentation.shape
    region = np.empty(4, np.int64)
    room = np.empty((7, rows * columns), np.float32)
    line = np.empty(4 * (rows + columns) + 16, np.float32)
    for p in range(pads):
        touched_region(indentation[p], region)
        if region[1] == 0:
            continue
        top, bottom = max(region[0] - reach, 0), min(region[1] + reach, rows)
        left, right = max(region[2] - reach, 0), min(region[3] + reach, columns)
        high, wide = bottom - top, right - left
        size = high * wide
        height = room[0, :size].reshape((high, wide))
        other = room[1, :size].reshape((high, wide))
        touched = room[2, :size].reshape((high, wide))
        turned = room[3:6].reshape(-1)[: 3 * size].reshape((3, wide, high))
        copy(indentation[p, top:bottom, left:right], height)
        bridge(height, half_widths, touched, turned, line, other)
        blur(height, other)
        copy(height, skin[p, top:bottom, left:right])
        occlusion = room[1:4].reshape(-1)[: 3 * size].reshape((3, high, wide))
        if lamps.shape[0]:
            _shadows(height, pixel_x, pixel_y, lamps, occlusion, room[4:7], line)
        _colours(skin[p], pixel_x, pixel_y, table, background, occlusion, lamps.shape[0] > 0, dark, top, left, image[p])


@njit(cache=True)
def _shadows(height, pixel_x, pixel_y, lamps, occlusion, room, line):  # noqa: ANN001, ANN202
    """Cast each lamp's shadows; of lamps at the sides on the transposed map."""
    high, wide = height.shape
    size = high * wide
    turned, turned_occlusion = room[0, :size].reshape((wide, high)), room[1, :size].reshape((wide, high))
    transpose(height, turned)
    for channel in range(3):
        x, y, slope, softness = lamps[channel]
        if abs(y) >= abs(x):
            rays = np.empty(rays_needed(high, wide, x, y, pixel_x, pixel_y), np.float32)
            cast(height, pixel_x, pixel_y, x, y, slope, softness, occlusion[channel], rays, line)
        else:
            rays = np.empty(rays_needed(wide, high, y, x, pixel_y, pixel_x), np.float32)
            cast(turned, pixel_y, pixel_x, y, x, slope, softness, turned_occlusion, rays, line)
            transpose(turned_occlusion, occlusion[channel])


@njit(cache=True)
def _colours(skin, pixel_x, pixel_y, table, background, occlusion, shadows, dark, top, left, image):  # noqa: ANN001, ANN202
    rows, columns = skin.shape
    high, wide = occlusion.shape[1:]
    right = left + wide
    across, down = np.float32(0.5 / pixel_x), np.float32(0.5 / pixel_y)
    steepness, direction = np.empty(columns, np.int32), np.empty(columns, np.int32)
    colours = np.empty((wide, 3), np.float32)
    for row in range(max(top, 1), min(top + high, rows - 1)):
        slope_bins(skin[row - 1], skin[row], skin[row + 1], across, down, table.shape[0], steepness, direction)
        colour(table, steepness[left:right], direction[left:right], np.float32(left), np.float32(row), colours)
        if shadows:
            darken(colours, occlusion, row - top, dark[row, left:right])
        expose(colours, background[row, left:right], image[row, left:right])
