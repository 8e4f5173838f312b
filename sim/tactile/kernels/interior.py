"""Where a taxel's spring meets an object, for loops that the compiler vectorises.

A taxel inside an object is pushed out along its spring, which stands on the pad: the distance is that to the surface
along the spring, as in a height map, and not the shortest one, which at the rim of a flat face leads out sideways.
Everything here is float32 and without branches; every function takes a point and the unit direction into the pad in
the object's own frame, and returns (distance, outward normal x, y, z): negative where the point is inside, otherwise
merely not negative, which is all that a force needs to know.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sim.tactile.kernels.octree import octree_distance

FASTMATH = {"contract", "nsz", "arcp", "reassoc"}
"""Relaxed rounding, but not ``nnan``/``ninf``: what is not a number must show."""
ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-12)
MARCHES = 24
"""Most steps to the surface of a mesh; two or three are usual."""
ARRIVED_M = np.float32(1e-8)
BOLD = np.float32(4.0)
"""Steps along a surface, in distances from it: the bracket takes back one that was too long."""
STEEP = np.float32(0.1)
"""Smallest slope of the distance along the way that Newton's method believes."""


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def out_of_capsule(x, y, z, dx, dy, dz, radius, half):
    """Of a capsule along z; with a half length of 0, of a ball: through its side or through the ball at an end."""
    over = z - max(min(z, half), -half)
    across = x * x + y * y - radius * radius
    inside = across + over * over
    square = max(dx * dx + dy * dy, TINY)
    back = x * dx + y * dy
    side = (math.sqrt(max(back * back - square * across, ZERO)) - back) / square
    there = z + side * dz
    by_side = abs(there) <= half
    end = math.copysign(half, there)
    beyond = z - end
    ahead = back + beyond * dz
    cap = math.sqrt(max(ahead * ahead - across - beyond * beyond, ZERO)) - ahead
    way = side if by_side else cap
    centre = there if by_side else end
    scale = ONE / radius
    return (
        ONE if inside >= ZERO else -way,
        scale * (x + way * dx), scale * (y + way * dy), scale * (z + way * dz - centre),
    )  # fmt: skip


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def out_of_box(x, y, z, dx, dy, dz, a, b, c):
    """Of a box: through the first of the three faces ahead."""
    s = max(max(abs(x) - a, abs(y) - b), abs(z) - c)
    to_x = (a - math.copysign(ONE, dx) * x) / max(abs(dx), TINY)
    to_y = (b - math.copysign(ONE, dy) * y) / max(abs(dy), TINY)
    to_z = (c - math.copysign(ONE, dz) * z) / max(abs(dz), TINY)
    way = min(min(to_x, to_y), to_z)
    by_z = ONE if to_z <= way else ZERO
    by_x = (ONE if to_x <= way else ZERO) * (ONE - by_z)
    by_y = (ONE - by_z) * (ONE - by_x)
    return (
        s if s >= ZERO else -way,
        math.copysign(by_x, dx), math.copysign(by_y, dy), math.copysign(by_z, dz),
    )  # fmt: skip


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def out_of_cylinder(x, y, z, dx, dy, dz, radius, half):
    """Of a cylinder along z: through its side or the cap ahead."""
    across = x * x + y * y - radius * radius
    square = max(dx * dx + dy * dy, TINY)
    back = x * dx + y * dy
    side = (math.sqrt(max(back * back - square * across, ZERO)) - back) / square
    cap = (half - math.copysign(ONE, dz) * z) / max(abs(dz), TINY)
    way = min(side, cap)
    by_cap = ONE if cap <= side else ZERO
    scale = (ONE - by_cap) / radius
    outside = max(across, abs(z) - half)
    return (
        ONE if outside >= ZERO else -way,
        scale * (x + way * dx), scale * (y + way * dy), math.copysign(by_cap, dz),
    )  # fmt: skip


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def out_of_plane(x, y, z, dz):
    """Of a plane, z outward; one that looks away from the pad has no surface ahead."""
    none = (x + y) * ZERO
    return z / dz if dz > TINY else ONE, none, none, none + ONE


@njit(cache=True, error_model="numpy")
def out_of_mesh(forest, tree, x, y, z, dx, dy, dz):
    """Of a mesh: Newton's method on its distance along the way."""
    s, gx, gy, gz = octree_distance(forest, tree, x, y, z)
    if not (s < ZERO):
        return s, gx, gy, gz
    way, inner, outer = ZERO, ZERO, -ONE  # (no point outside is known yet)
    for _ in range(MARCHES):
        slope = gx * dx + gy * dy + gz * dz
        inner, outer = way if s < ZERO else inner, outer if s < ZERO else way
        ahead = way - s / max(slope, STEEP) if slope >= STEEP else way + BOLD * abs(s)
        between = ahead > inner and (outer < ZERO or ahead < outer)
        way = ahead if between or outer < ZERO else np.float32(0.5) * (inner + outer)
        s, gx, gy, gz = octree_distance(forest, tree, x + way * dx, y + way * dy, z + way * dz)
        if abs(s) < ARRIVED_M:
            break
    return -max(way, TINY), gx, gy, gz
