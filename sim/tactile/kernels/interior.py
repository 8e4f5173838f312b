"""How deep a point is in an object, and the surface's direction there, for loops that the compiler vectorises.

The same distances as in ``distance.py``, but exact inside only: outside they are merely not negative, which is all
that a force needs to know. Everything here is float32 and without branches; every function returns (distance,
gradient x, y, z) of a point in the object's own frame.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

FASTMATH = {"contract", "nsz", "arcp", "reassoc"}
"""Relaxed rounding, but not ``nnan``/``ninf``: what is not a number must show."""
ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-12)


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_capsule(x, y, z, radius, half):
    """Of a capsule along z; with a half length of 0, of a ball."""
    z = z - max(min(z, half), -half)
    length = math.sqrt(x * x + y * y + z * z)
    scale = ONE / max(length, TINY)
    middle = ONE if length <= TINY else ZERO  # where any direction is as good
    return length - radius, scale * x, scale * y, scale * z + middle


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_box(x, y, z, a, b, c):
    """Of a box: to its nearest face."""
    qx, qy, qz = abs(x) - a, abs(y) - b, abs(z) - c
    s = max(max(qx, qy), qz)
    by_x = ONE if qx >= s else ZERO
    by_y = (ONE if qy >= s else ZERO) * (ONE - by_x)
    by_z = (ONE - by_x) * (ONE - by_y)
    return s, math.copysign(by_x, x), math.copysign(by_y, y), math.copysign(by_z, z)


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_cylinder(x, y, z, radius, half):
    """Of a cylinder along z: to its side or its cap, whichever is nearer."""
    across = math.sqrt(x * x + y * y)
    side, cap = across - radius, abs(z) - half
    by_side = ONE if side >= cap else ZERO
    middle = ONE if across <= TINY else ZERO
    scale = by_side / max(across, TINY)
    return max(side, cap), scale * x + by_side * middle, scale * y, math.copysign(ONE - by_side, z)


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def in_plane(x, y, z):
    """Of a plane, z outward."""
    none = (x + y) * ZERO
    return z, none, none, none + ONE
