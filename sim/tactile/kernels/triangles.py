"""The height map of a mesh: its triangles drawn one after the other, the deepest stays (a depth buffer)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_EDGE = 1e-9
"""Barycentric slack, so that no pixel falls between two triangles."""


@njit(cache=True)
def fill_triangles(vertices, triangles, place, r, pixel_x, pixel_y, thickness, indentation):  # noqa: ANN001, ANN201
    """Press one mesh into one height map.

    Args:
        vertices: m, mesh frame; (vertices, 3).
        triangles: three of them each; (triangles, 3).
        place: position in the pad frame, m; (3,).
        r: mesh to pad; (3, 3).
        pixel_x: size of a pixel along the columns, m.
        pixel_y: along the rows, m.
        thickness: deepest indentation, m.
        indentation: m, deepened; (rows, columns).
    """
    rows, columns = indentation.shape
    x, y, z = np.empty(3), np.empty(3), np.empty(3)  # of the corners, px, px, m
    for t in range(triangles.shape[0]):
        for corner in range(3):
            v = vertices[triangles[t, corner]]
            x[corner] = (r[0, 0] * v[0] + r[0, 1] * v[1] + r[0, 2] * v[2] + place[0]) / pixel_x + 0.5 * (columns - 1)
            y[corner] = (r[1, 0] * v[0] + r[1, 1] * v[1] + r[1, 2] * v[2] + place[1]) / pixel_y + 0.5 * (rows - 1)
            z[corner] = r[2, 0] * v[0] + r[2, 1] * v[1] + r[2, 2] * v[2] + place[2]
        if min(z[0], z[1], z[2]) >= 0.0:
            continue
        area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
        if area == 0.0:
            continue  # seen edge-on
        # Barycentric coordinates u, v of corners 1 and 2 grow by constant steps from pixel to pixel.
        u_x, u_y = (y[2] - y[0]) / area, -(x[2] - x[0]) / area
        v_x, v_y = -(y[1] - y[0]) / area, (x[1] - x[0]) / area
        first_row = max(math.ceil(min(y[0], y[1], y[2])), 0)
        last_row = min(math.floor(max(y[0], y[1], y[2])), rows - 1)
        first_column = max(math.ceil(min(x[0], x[1], x[2])), 0)
        last_column = min(math.floor(max(x[0], x[1], x[2])), columns - 1)
        for row in range(first_row, last_row + 1):
            for column in range(first_column, last_column + 1):
                along_x, along_y = column - x[0], row - y[0]
                u, v = u_x * along_x + u_y * along_y, v_x * along_x + v_y * along_y
                if u < -_EDGE or v < -_EDGE or u + v > 1.0 + _EDGE:
                    continue
                deep = min(-(z[0] + u * (z[1] - z[0]) + v * (z[2] - z[0])), thickness)
                if deep > indentation[row, column]:
                    indentation[row, column] = deep
