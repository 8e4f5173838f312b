"""How deep a row of taxels is in an object, and the surface's direction there: lanes that the compiler vectorises.

The same distances as in ``distance.py``, but exact inside only: outside they are merely not negative, which is all
that a force needs to know. Everything here is float32 and without branches. ``work`` is one block of lanes; its rows
are named below.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sim.tactile.kernels.octree import octree_distance

FASTMATH = {"contract", "nsz", "arcp", "reassoc"}
"""Relaxed rounding, but not ``nnan``/``ninf``: a pose that is not a number must show."""
LANES = 16
"""Taxels in a block: one AVX-512 register, two of AVX2, four of NEON."""
ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-12)

X, Y, Z = 0, 1, 2
"""Rows of ``work``: the taxel as the object sees it, m."""
S, GX, GY, GZ = 3, 4, 5, 6
"""Signed distance, m, and its gradient, both in the object's frame."""


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def in_sphere(work, radius):
    """Fill distance and gradient of a ball."""
    for lane in range(LANES):
        x, y, z = work[X, lane], work[Y, lane], work[Z, lane]
        length = math.sqrt(x * x + y * y + z * z)
        scale = ONE / max(length, TINY)
        work[S, lane] = length - radius
        work[GX, lane], work[GY, lane] = scale * x, scale * y
        work[GZ, lane] = scale * z if length > TINY else ONE


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def in_capsule(work, radius, half):
    """Fill distance and gradient of a capsule along z."""
    for lane in range(LANES):
        x, y, z = work[X, lane], work[Y, lane], work[Z, lane]
        z = z - max(min(z, half), -half)
        length = math.sqrt(x * x + y * y + z * z)
        scale = ONE / max(length, TINY)
        work[S, lane] = length - radius
        work[GX, lane], work[GY, lane] = scale * x, scale * y
        work[GZ, lane] = scale * z if length > TINY else ONE


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def in_box(work, a, b, c):
    """Fill distance to, and direction of, the nearest face of a box."""
    for lane in range(LANES):
        x, y, z = work[X, lane], work[Y, lane], work[Z, lane]
        qx, qy, qz = abs(x) - a, abs(y) - b, abs(z) - c
        s = max(max(qx, qy), qz)
        by_x = qx >= s
        by_y = (qy >= s) & (not by_x)
        work[S, lane] = s
        work[GX, lane] = (ONE if x >= ZERO else -ONE) if by_x else ZERO
        work[GY, lane] = (ONE if y >= ZERO else -ONE) if by_y else ZERO
        work[GZ, lane] = ZERO if by_x | by_y else (ONE if z >= ZERO else -ONE)


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def in_cylinder(work, radius, half):
    """Fill distance to, and direction of, the nearer of side and cap of a cylinder along z."""
    for lane in range(LANES):
        x, y, z = work[X, lane], work[Y, lane], work[Z, lane]
        across = math.sqrt(x * x + y * y)
        scale = ONE / max(across, TINY)
        side, cap = across - radius, abs(z) - half
        by_side = side >= cap
        work[S, lane] = max(side, cap)
        work[GX, lane] = (scale * x if across > TINY else ONE) if by_side else ZERO
        work[GY, lane] = scale * y if by_side else ZERO
        work[GZ, lane] = ZERO if by_side else (ONE if z >= ZERO else -ONE)


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def in_plane(work):
    """Fill distance and gradient of a plane, z outward."""
    for lane in range(LANES):
        work[S, lane] = work[Z, lane]
        work[GX, lane], work[GY, lane], work[GZ, lane] = ZERO, ZERO, ONE


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def in_mesh(work, forest, tree, count):
    """Fill distance and gradient of a mesh, for the first ``count`` lanes."""
    for lane in range(count):
        s, gx, gy, gz = octree_distance(forest, tree, work[X, lane], work[Y, lane], work[Z, lane])
        work[S, lane], work[GX, lane], work[GY, lane], work[GZ, lane] = s, gx, gy, gz
