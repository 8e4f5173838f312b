"""Exact Euclidean signed distances with their gradients, in the object's own frame.

Inside a box the distance is that to the nearest face, as everywhere Euclidean (MuJoCo's own is not, there).
At kinks (edges seen from inside, axes, centres) one of the valid gradients is returned.
"""

from __future__ import annotations

import math

from numba import njit

from sim.tactile.kernels.octree import octree_distance

SPHERE, BOX, CYLINDER, CAPSULE, PLANE, MESH = 0, 1, 2, 3, 4, 5
"""Kinds; ``MESH`` and following are a scene's octrees."""


@njit(cache=True, inline="always")
def _round(x, y, z, radius):  # noqa: ANN001, ANN202
    """Return distance and direction from a ball around the origin."""
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-12:
        return -radius, x * 0, y * 0, z * 0 + 1
    return length - radius, x / length, y / length, z / length


@njit(cache=True, inline="always")
def _sign(value):  # noqa: ANN001, ANN202
    one = value * 0 + 1  # of the value's own precision
    return one if value >= 0 else -one


@njit(cache=True, inline="always")
def _box(x, y, z, a, b, c):  # noqa: ANN001, ANN202
    qx, qy, qz = abs(x) - a, abs(y) - b, abs(z) - c
    zero = x * 0
    if qx > 0 or qy > 0 or qz > 0:
        ox, oy, oz = max(qx, zero), max(qy, zero), max(qz, zero)
        length = math.sqrt(ox * ox + oy * oy + oz * oz)
        return length, _sign(x) * ox / length, _sign(y) * oy / length, _sign(z) * oz / length
    if qx >= qy and qx >= qz:
        return qx, zero + _sign(x), zero, zero
    if qy >= qz:
        return qy, zero, zero + _sign(y), zero
    return qz, zero, zero, zero + _sign(z)


@njit(cache=True, inline="always")
def _cylinder(x, y, z, radius, half):  # noqa: ANN001, ANN202
    across = math.sqrt(x * x + y * y)
    zero = x * 0
    ux, uy = zero + 1, zero
    if across > 1e-12:
        ux, uy = x / across, y / across
    side, cap = across - radius, abs(z) - half
    if side > 0 and cap > 0:
        length = math.sqrt(side * side + cap * cap)
        return length, ux * side / length, uy * side / length, _sign(z) * cap / length
    if side >= cap:
        return side, ux, uy, zero
    return cap, zero, zero, zero + _sign(z)


@njit(cache=True)
def signed_distance(kind, a, b, c, x, y, z):  # noqa: ANN001, ANN201
    """Return (distance, gradient x, y, z) of a point.

    Args:
        kind: see ``shapes.KINDS``.
        a: first length, m.
        b: second length, m.
        c: third length, m.
        x: of the point in the object's frame, m.
        y: the same.
        z: the same.
    """
    if kind == SPHERE:
        return _round(x, y, z, a)
    if kind == BOX:
        return _box(x, y, z, a, b, c)
    if kind == CYLINDER:
        return _cylinder(x, y, z, a, b)
    if kind == CAPSULE:
        return _round(x, y, z - min(max(z, -b), b), a)
    return z, x * 0, x * 0, x * 0 + 1


@njit(cache=True)
def surface_distance(kind, a, b, c, forest, x, y, z):  # noqa: ANN001, ANN201
    """Return (distance, gradient x, y, z) of a point from a primitive or a mesh.

    Args:
        kind: see ``shapes.pack``.
        a: first length, m.
        b: second length, m.
        c: third length, m.
        forest: ``octree.Forest`` of the scene.
        x: of the point in the object's frame, m.
        y: the same.
        z: the same.
    """
    if kind >= MESH:
        return octree_distance(forest, kind - MESH, x, y, z)
    return signed_distance(kind, a, b, c, x, y, z)


@njit(cache=True)
def distances(kind, size, forest, points, distance, gradient):  # noqa: ANN001, ANN201
    """Fill signed distances, (points,), and gradients, (points, 3), of points in the object's frame."""
    for i in range(points.shape[0]):
        s, gx, gy, gz = surface_distance(
            kind, size[0], size[1], size[2], forest, points[i, 0], points[i, 1], points[i, 2]
        )
        distance[i] = s
        gradient[i, 0], gradient[i, 1], gradient[i, 2] = gx, gy, gz
