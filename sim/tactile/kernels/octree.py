"""Signed distance of a mesh: the octree that MuJoCo compiles, evaluated here.

Every node of the tree is a box with eight equal octants for children; every leaf holds the distance at its eight
corners, between which it is linear in each direction. Child and corner ``k`` lie on the upper side of x, y, z where
bit 0, 1, 2 of ``k`` is set.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit


class Forest(NamedTuple):
    """The octrees of all meshes of a scene, one after the other.

    Attributes:
        roots: first node of each tree; (trees,) of int32.
        boxes: centre and half size of each root, the mesh's own frame, m; (trees, 6) of float32.
        children: node numbers, -1 in leaves; (nodes, 8) of int32.
        corners: distances, m; (nodes, 8) of float32.
    """

    roots: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.float32]
    children: npt.NDArray[np.int32]
    corners: npt.NDArray[np.float32]


@njit(cache=True, error_model="numpy")
def octree_distance(forest, tree, x, y, z):  # noqa: ANN001, ANN201
    """Return (distance, gradient x, y, z) of a point, in the point's own precision.

    Outside the root's box the distance is that to the box plus the one there: too large by at most the box's margin.

    Args:
        forest: ``Forest``.
        tree: which of its trees.
        x: of the point in the mesh's frame, m.
        y: the same.
        z: the same.
    """
    number = type(x)
    one, half, two = number(1), number(0.5), number(2)
    cx, cy, cz = number(forest.boxes[tree, 0]), number(forest.boxes[tree, 1]), number(forest.boxes[tree, 2])
    hx, hy, hz = number(forest.boxes[tree, 3]), number(forest.boxes[tree, 4]), number(forest.boxes[tree, 5])
    ux, uy, uz = (x - cx) / hx, (y - cy) / hy, (z - cz) / hz
    vx, vy, vz = max(min(ux, one), -one), max(min(uy, one), -one), max(min(uz, one), -one)
    ox, oy, oz = (ux - vx) * hx, (uy - vy) * hy, (uz - vz) * hz
    beyond = math.sqrt(ox * ox + oy * oy + oz * oz)
    size = one
    node = np.uintp(forest.roots[tree])  # (unsigned: indices from the end need no look)
    while forest.children[node, 0] >= 0:
        octant = 0
        size, vx, vy, vz = half * size, two * vx, two * vy, two * vz
        if vx >= 0:
            octant, vx = octant + 1, vx - one
        else:
            vx = vx + one
        if vy >= 0:
            octant, vy = octant + 2, vy - one
        else:
            vy = vy + one
        if vz >= 0:
            octant, vz = octant + 4, vz - one
        else:
            vz = vz + one
        node = np.uintp(forest.children[node, np.uintp(octant)])
    c = forest.corners
    c0, c1, c2, c3 = number(c[node, 0]), number(c[node, 1]), number(c[node, 2]), number(c[node, 3])
    c4, c5, c6, c7 = number(c[node, 4]), number(c[node, 5]), number(c[node, 6]), number(c[node, 7])
    x1, y1, z1 = half + half * vx, half + half * vy, half + half * vz
    x0, y0, z0 = one - x1, one - y1, one - z1
    low, high, low_top, high_top = y0 * c0 + y1 * c2, y0 * c1 + y1 * c3, y0 * c4 + y1 * c6, y0 * c5 + y1 * c7
    bottom, top = x0 * low + x1 * high, x0 * low_top + x1 * high_top
    s = z0 * bottom + z1 * top
    if beyond > 0:
        return s + beyond, ox / beyond, oy / beyond, oz / beyond
    gx = (z0 * (high - low) + z1 * (high_top - low_top)) / (size * hx)
    gy = (z0 * (x0 * (c2 - c0) + x1 * (c3 - c1)) + z1 * (x0 * (c6 - c4) + x1 * (c7 - c5))) / (size * hy)
    gz = (top - bottom) / (size * hz)
    length = math.sqrt(gx * gx + gy * gy + gz * gz)
    if length > 0:
        return s, gx / length, gy / length, gz / length
    return s, number(0), number(0), one  # in the middle of a mesh: any direction is as good
