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

from sim.tactile.kernels.lanes import LANES
from sim.tactile.kernels.octree import octree_distance

FASTMATH = {"contract", "nsz", "arcp", "reassoc"}
"""Relaxed rounding, but not ``nnan``/``ninf``: a pose that is not a number must show."""
ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-12)

X, Y, Z = 0, 1, 2
"""Rows of ``work``: the taxel as the object sees it, m."""
S, GX, GY, GZ = 3, 4, 5, 6
"""Signed distance, m, and its gradient, both in the object's frame."""


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_capsule(work, radius, half):
    """Fill distance and gradient of a capsule along z; with a half length of 0, of a ball."""
    for lane in range(LANES):
        x, y, z = work[X, lane], work[Y, lane], work[Z, lane]
        z = z - max(min(z, half), -half)
        length = math.sqrt(x * x + y * y + z * z)
        scale = ONE / max(length, TINY)
        middle = ONE if length <= TINY else ZERO  # where any direction is as good
        work[S, lane] = length - radius
        work[GX, lane], work[GY, lane], work[GZ, lane] = scale * x, scale * y, scale * z + middle


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_box(work, a, b, c):
    """Fill distance to, and direction of, the nearest face of a box."""
    for lane in range(LANES):
        x, y, z = work[X, lane], work[Y, lane], work[Z, lane]
        qx, qy, qz = abs(x) - a, abs(y) - b, abs(z) - c
        s = max(max(qx, qy), qz)
        by_x = ONE if qx >= s else ZERO
        by_y = (ONE if qy >= s else ZERO) * (ONE - by_x)
        by_z = (ONE - by_x) * (ONE - by_y)
        work[S, lane] = s
        work[GX, lane] = math.copysign(by_x, x)
        work[GY, lane] = math.copysign(by_y, y)
        work[GZ, lane] = math.copysign(by_z, z)


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_cylinder(work, radius, half):
    """Fill distance to, and direction of, the nearer of side and cap of a cylinder along z."""
    for lane in range(LANES):
        x, y, z = work[X, lane], work[Y, lane], work[Z, lane]
        across = math.sqrt(x * x + y * y)
        side, cap = across - radius, abs(z) - half
        by_side = ONE if side >= cap else ZERO
        middle = ONE if across <= TINY else ZERO
        scale = by_side / max(across, TINY)
        work[S, lane] = max(side, cap)
        work[GX, lane] = scale * x + by_side * middle
        work[GY, lane] = scale * y
        work[GZ, lane] = math.copysign(ONE - by_side, z)


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_plane(work):
    """Fill distance and gradient of a plane, z outward."""
    for lane in range(LANES):
        z = work[Z, lane]
        none = z * ZERO  # (constants would be stored one by one)
        work[S, lane] = z
        work[GX, lane], work[GY, lane], work[GZ, lane] = none, none, none + ONE


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_mesh(work, forest, tree, count):
    """Fill distance and gradient of a mesh, for the first ``count`` lanes."""
    for lane in range(count):
        s, gx, gy, gz = octree_distance(forest, tree, work[X, lane], work[Y, lane], work[Z, lane])
        work[S, lane], work[GX, lane], work[GY, lane], work[GZ, lane] = s, gx, gy, gz
