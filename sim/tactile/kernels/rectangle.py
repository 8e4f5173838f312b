"""Which taxels an object can reach."""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import math

from numba import njit

from sim.tactile.kernels.distance import CAPSULE, CYLINDER, MESH, PLANE, SPHERE

EPSILON_M = 1e-7
"""A rectangle is taken so much larger: rounding."""


@njit(cache=True, error_model="numpy")
def rectangle(kind, size, boxes, place, frame, rows, columns, pitch, out):
    """Fill the first and last + 1 row and column of taxels in an object's shadow on the pad.

    Args:
        kind: of the object.
        size: its three lengths, m.
        boxes: of the meshes, see ``octree.Forest``.
        place: of the object in the pad frame, m; three numbers.
        frame: its rotation matrix, row by row; nine numbers.
        rows: of the grid of taxels.
        columns: likewise.
        pitch: of the grid, m.
        out: (4,) of int32; first row and column beyond the last ones if there are none.
    """
    out[0], out[1], out[2], out[3] = 0, rows, 0, columns
    if kind == PLANE:
        return
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = frame
    x, y, z = place
    half_x, half_y, half_z = size
    ball = half_x * 0
    if kind >= MESH:
        tree = kind - MESH
        mx, my, mz = boxes[tree, 0], boxes[tree, 1], boxes[tree, 2]
        x, y, z = (
            x + r00 * mx + r01 * my + r02 * mz,
            y + r10 * mx + r11 * my + r12 * mz,
            z + r20 * mx + r21 * my + r22 * mz,
        )
    elif kind in (SPHERE, CAPSULE):
        ball, half_z = half_x, half_y
        half_x = half_y = ball * 0
    elif kind == CYLINDER:
        half_y, half_z = half_x, half_y
    reach_x = ball + abs(r00) * half_x + abs(r01) * half_y + abs(r02) * half_z + EPSILON_M
    reach_y = ball + abs(r10) * half_x + abs(r11) * half_y + abs(r12) * half_z + EPSILON_M
    reach_z = ball + abs(r20) * half_x + abs(r21) * half_y + abs(r22) * half_z + EPSILON_M
    if z > reach_z:
        out[0], out[1], out[2], out[3] = rows, 0, columns, 0
        return
    out[0], out[1] = _between(y, reach_y, rows, pitch)
    out[2], out[3] = _between(x, reach_x, columns, pitch)


@njit(forceinline=True, error_model="numpy")
def _between(centre, reach, number, pitch):
    """Return the first and the last + 1 of a centred row of points within a distance."""
    middle = 0.5 * (number - 1)
    low, high = (centre - reach) / pitch + middle, (centre + reach) / pitch + middle + 1
    return math.ceil(min(max(low, 0.0), number)), math.floor(min(max(high, 0.0), number))
