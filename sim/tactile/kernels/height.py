"""How deep the gel is pressed at every pixel: sphere tracing along the gel's normal."""

from __future__ import annotations

from numba import njit

from sim.tactile.kernels.distance import signed_distance

MAX_STEPS = 64
TOLERANCE_M = 1e-6
"""A ray that is this close has hit: a sixtieth of a pixel of the finest pad."""


@njit(cache=True)
def trace_heights(kinds, sizes, places, rotations, pixel_x, pixel_y, thickness, indentation):  # noqa: ANN001, ANN201
    """Fill the indentation of a batch of pads by the deepest object above each pixel.

    Args:
        kinds: kind of each object, -1 for none; (pads, objects).
        sizes: its lengths, m; (pads, objects, 3).
        places: its position in the pad frame, m; (pads, objects, 3).
        rotations: object to pad; (pads, objects, 3, 3).
        pixel_x: size of a pixel along the columns, m.
        pixel_y: along the rows, m.
        thickness: deepest indentation, m.
        indentation: out, m, from 0 to thickness; (pads, rows, columns).
    """
    indentation[:] = 0
    pads, rows, columns = indentation.shape
    for p in range(pads):
        for o in range(kinds.shape[1]):
            if kinds[p, o] < 0:
                continue
            for row in range(rows):
                y = (row - 0.5 * (rows - 1)) * pixel_y
                for column in range(columns):
                    x = (column - 0.5 * (columns - 1)) * pixel_x
                    deep = _trace(kinds[p, o], sizes[p, o], places[p, o], rotations[p, o], x, y, thickness)
                    if deep > indentation[p, row, column]:
                        indentation[p, row, column] = deep


@njit(cache=True)
def _distance(kind, size, place, r, x, y, z):  # noqa: ANN001, ANN202
    dx, dy, dz = x - place[0], y - place[1], z - place[2]
    return signed_distance(
        kind, size[0], size[1], size[2],
        r[0, 0] * dx + r[1, 0] * dy + r[2, 0] * dz,
        r[0, 1] * dx + r[1, 1] * dy + r[2, 1] * dz,
        r[0, 2] * dx + r[1, 2] * dy + r[2, 2] * dz,
    )[0]  # fmt: skip


@njit(cache=True)
def _trace(kind, size, place, r, x, y, thickness):  # noqa: ANN001, ANN202
    """Return how deep below the surface a ray from the gel's ground meets the object, 0 if it does not."""
    if _distance(kind, size, place, r, x, y, 0.0) >= thickness:
        return 0.0  # nothing within the whole column
    z = -thickness
    for _ in range(MAX_STEPS):
        s = _distance(kind, size, place, r, x, y, z)
        if s < TOLERANCE_M:
            return -z
        z += s
        if z >= 0.0:
            return 0.0
    return -z
