"""Dots on the skin: moved by what the taxels feel, drawn into pictures."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FAR = 9.0
"""exp(-FAR) is nothing."""


@njit(cache=True)
def move_markers(  # noqa: ANN201
    rest, taxels, depth, force, stiffness, pitch, shear_decay, dilation_decay, dilation, places,  # noqa: ANN001
):  # fmt: skip
    """Fill the places of the dots of a batch of pads.

    Between taxels displacements are weighted by 1 / (r^2 + pitch^2)^2 (D. Shepard, "A two-dimensional interpolation
    function for irregularly-spaced data", ACM National Conference 1968).

    Args:
        rest: places of the dots on the untouched gel, m; (dots, 2).
        taxels: m; (taxels, 3).
        depth: m; (pads, taxels).
        force: on the gel, N; (pads, taxels, 3).
        stiffness: of a taxel sideways, N/m; (pads,).
        pitch: of the taxels, m.
        shear_decay: of displacements with the distance to the nearest touched taxel, 1/m^2.
        dilation_decay: of what a taxel pushes aside, 1/m^2.
        dilation: displacement aside for each depth and distance, 1/m.
        places: out, m; (pads, dots, 2).
    """
    pads, count = depth.shape
    touched = np.empty(count, np.int64)
    for p in range(pads):
        number = 0
        for t in range(count):
            if depth[p, t] > 0:
                touched[number] = t
                number += 1
        for m in range(rest.shape[0]):
            x, y = rest[m, 0], rest[m, 1]
            across, down, weights, nearest = 0.0, 0.0, 0.0, math.inf
            aside_x, aside_y = 0.0, 0.0
            for i in range(number):
                t = touched[i]
                dx, dy = x - taxels[t, 0], y - taxels[t, 1]
                square = dx * dx + dy * dy
                near = 1.0 / (square + pitch * pitch)
                weight = near * near
                weights += weight
                across += weight * force[p, t, 0]
                down += weight * force[p, t, 1]
                nearest = min(nearest, square)
                if dilation_decay * square < FAR:
                    pushed = depth[p, t] * math.exp(-dilation_decay * square)
                    aside_x += pushed * dx
                    aside_y += pushed * dy
            if number:
                follows = math.exp(-shear_decay * nearest) / (weights * stiffness[p])
                x += follows * across + dilation * aside_x
                y += follows * down + dilation * aside_y
            places[p, m, 0], places[p, m, 1] = x, y


@njit(cache=True)
def draw_dots(places, radius, level, pixel_x, pixel_y, image):  # noqa: ANN001, ANN201
    """Draw dots over pictures; their rims are as wide as a pixel.

    Args:
        places: of the dots, m; (pads, dots, 2).
        radius: m.
        level: part of the light that a dot throws back.
        pixel_x: size of a pixel along the columns, m.
        pixel_y: along the rows, m.
        image: changed; (pads, rows, columns, 3) of uint8.
    """
    pads, rows, columns, _ = image.shape
    pixel = 0.5 * (pixel_x + pixel_y)
    reach = radius + 0.5 * pixel
    for p in range(pads):
        for m in range(places.shape[1]):
            middle_x = places[p, m, 0] / pixel_x + 0.5 * (columns - 1)
            middle_y = places[p, m, 1] / pixel_y + 0.5 * (rows - 1)
            first_row = max(math.ceil(middle_y - reach / pixel_y), 0)
            last_row = min(math.floor(middle_y + reach / pixel_y), rows - 1)
            first_column = max(math.ceil(middle_x - reach / pixel_x), 0)
            last_column = min(math.floor(middle_x + reach / pixel_x), columns - 1)
            for row in range(first_row, last_row + 1):
                for column in range(first_column, last_column + 1):
                    away = math.hypot((column - middle_x) * pixel_x, (row - middle_y) * pixel_y)
                    covered = min(max((reach - away) / pixel, 0.0), min(2.0 * radius / pixel, 1.0))
                    light = 1.0 - covered * (1.0 - level)
                    for channel in range(3):
                        image[p, row, column, channel] = int(image[p, row, column, channel] * light + 0.5)
