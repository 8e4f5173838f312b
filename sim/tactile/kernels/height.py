"""How deep the gel is pressed at every pixel: where the line along the gel's normal enters each object.

The entry points are exact: slabs for the box (Kay and Kajiya, "Ray Tracing Complex Scenes", SIGGRAPH 1986), quadratic
equations for the round ones, triangle by triangle for meshes.
"""

from __future__ import annotations

import math

from numba import njit

from sim.tactile.kernels.distance import BOX, CAPSULE, CYLINDER, PLANE, SPHERE
from sim.tactile.kernels.triangles import fill_triangles

FIRST_MESH = PLANE + 1
"""Kinds from here on are meshes, as ``shapes.FIRST_MESH`` says."""

MISS = 1e9
"""Entry, m, of a line that meets nothing."""
STEEP = 1e9
"""Inverse of a direction's part that is 0."""


@njit(cache=True)
def fill_heights(  # noqa: ANN201
    kinds, sizes, places, rotations, vertices, triangles, firsts,  # noqa: ANN001
    pixel_x, pixel_y, thickness, indentation,  # noqa: ANN001
):  # fmt: skip
    """Fill the indentation of a batch of pads by the deepest object above each pixel.

    What reaches deeper than the gel is as deep as the gel.

    Args:
        kinds: kind of each object, -1 for none, ``FIRST_MESH`` and following for meshes; (pads, objects).
        sizes: its lengths, m; (pads, objects, 3).
        places: its position in the pad frame, m; (pads, objects, 3).
        rotations: object to pad; (pads, objects, 3, 3).
        vertices: of all meshes, m, in their own frames; (vertices, 3).
        triangles: three vertices each; (triangles, 3).
        firsts: first triangle of each mesh, and the end; (meshes + 1,).
        pixel_x: size of a pixel along the columns, m.
        pixel_y: along the rows, m.
        thickness: deepest indentation, m.
        indentation: out, m, from 0 to thickness; (pads, rows, columns).
    """
    indentation[:] = 0
    for p in range(kinds.shape[0]):
        for o in range(kinds.shape[1]):
            kind = kinds[p, o]
            if kind >= FIRST_MESH:
                mesh = triangles[firsts[kind - FIRST_MESH] : firsts[kind - FIRST_MESH + 1]]
                fill_triangles(
                    vertices, mesh, places[p, o], rotations[p, o], pixel_x, pixel_y, thickness, indentation[p]
                )
            elif kind >= 0:
                _fill(kind, sizes[p, o], places[p, o], rotations[p, o], pixel_x, pixel_y, thickness, indentation[p])


@njit(cache=True)
def _fill(kind, size, place, r, pixel_x, pixel_y, thickness, indentation):  # noqa: ANN001, ANN202
    """Press one primitive into one height map."""
    rows, columns = indentation.shape
    middle_x, middle_y = 0.5 * (columns - 1), 0.5 * (rows - 1)
    a, b, c = size
    px, py, pz = place
    wide, high, down = _half_extents(kind, a, b, c, r)
    if pz - down >= 0.0:
        return
    first_row = max(math.ceil((py - high) / pixel_y + middle_y), 0)
    last_row = min(math.floor((py + high) / pixel_y + middle_y), rows - 1)
    first_column = max(math.ceil((px - wide) / pixel_x + middle_x), 0)
    last_column = min(math.floor((px + wide) / pixel_x + middle_x), columns - 1)
    # The line as the object sees it: R^T ((x, y, 0) - place) + z R^T e_z.
    r00, r01, r02 = r[0, 0], r[0, 1], r[0, 2]
    r10, r11, r12 = r[1, 0], r[1, 1], r[1, 2]
    dx, dy, dz = r[2, 0], r[2, 1], r[2, 2]
    for row in range(first_row, last_row + 1):
        y = (row - middle_y) * pixel_y - py
        for column in range(first_column, last_column + 1):
            x = (column - middle_x) * pixel_x - px
            z = _entry(
                kind, a, b, c,
                r00 * x + r10 * y - dx * pz, r01 * x + r11 * y - dy * pz, r02 * x + r12 * y - dz * pz,
                dx, dy, dz,
            )  # fmt: skip
            deep = min(-z, thickness)
            if deep > indentation[row, column]:
                indentation[row, column] = deep


@njit(cache=True)
def touched_region(indentation, region):  # noqa: ANN001, ANN201
    """Fill (first row, end row, first column, end column) of what is pressed, all 0 if nothing is."""
    rows, columns = indentation.shape
    region[0], region[1], region[2], region[3] = rows, 0, columns, 0
    for row in range(rows):
        first, last = -1, -1
        for column in range(columns):
            if indentation[row, column] > 0:
                first = column
                break
        if first < 0:
            continue
        for column in range(columns - 1, -1, -1):
            if indentation[row, column] > 0:
                last = column
                break
        region[0], region[1] = min(region[0], row), row + 1
        region[2], region[3] = min(region[2], first), max(region[3], last + 1)
    if region[1] == 0:
        region[:] = 0


@njit(cache=True)
def _half_extents(kind, a, b, c, r):  # noqa: ANN001, ANN202
    """Half the size of an object's bounding box along the pad's axes, m."""
    if kind == SPHERE:
        return a, a, a
    if kind == BOX:
        return (
            a * abs(r[0, 0]) + b * abs(r[0, 1]) + c * abs(r[0, 2]),
            a * abs(r[1, 0]) + b * abs(r[1, 1]) + c * abs(r[1, 2]),
            a * abs(r[2, 0]) + b * abs(r[2, 1]) + c * abs(r[2, 2]),
        )
    if kind == CAPSULE:
        return a + b * abs(r[0, 2]), a + b * abs(r[1, 2]), a + b * abs(r[2, 2])
    if kind == CYLINDER:
        return (
            a * math.sqrt(max(1.0 - r[0, 2] ** 2, 0.0)) + b * abs(r[0, 2]),
            a * math.sqrt(max(1.0 - r[1, 2] ** 2, 0.0)) + b * abs(r[1, 2]),
            a * math.sqrt(max(1.0 - r[2, 2] ** 2, 0.0)) + b * abs(r[2, 2]),
        )
    return 1.0, 1.0, MISS  # a plane: wider than any pad


@njit(cache=True)
def _entry(kind, a, b, c, ox, oy, oz, dx, dy, dz):  # noqa: ANN001, ANN202
    """Return t at which o + t d enters an object; ``MISS`` if it does not."""
    if kind == SPHERE:
        return _ball(a, ox, oy, oz, dx, dy, dz)
    if kind == BOX:
        near_x, far_x = _slab(a, ox, dx)
        near_y, far_y = _slab(b, oy, dy)
        near_z, far_z = _slab(c, oz, dz)
        near = max(near_x, near_y, near_z)
        return near if near <= min(far_x, far_y, far_z) else MISS
    if kind == CYLINDER:
        return _tube(a, b, ox, oy, oz, dx, dy, dz)
    if kind == CAPSULE:
        ends = min(_ball(a, ox, oy, oz - b, dx, dy, dz), _ball(a, ox, oy, oz + b, dx, dy, dz))
        return min(ends, _tube(a, b, ox, oy, oz, dx, dy, dz))
    if kind == PLANE and dz < 0.0:
        return -oz / dz
    return -MISS if kind == PLANE else MISS  # (a plane that looks up holds everything below it)


@njit(cache=True)
def _ball(radius, ox, oy, oz, dx, dy, dz):  # noqa: ANN001, ANN202
    along = ox * dx + oy * dy + oz * dz
    root = along * along - (ox * ox + oy * oy + oz * oz) + radius * radius
    return -along - math.sqrt(root) if root >= 0.0 else MISS


@njit(cache=True)
def _slab(half, o, d):  # noqa: ANN001, ANN202
    """Return where a line enters and leaves |coordinate| <= half."""
    inverse = 1.0 / d if abs(d) > 1.0 / STEEP else STEEP
    middle, reach = -o * inverse, half * abs(inverse)
    return middle - reach, middle + reach


@njit(cache=True)
def _tube(radius, half, ox, oy, oz, dx, dy, dz):  # noqa: ANN001, ANN202
    """Entry of a line into a cylinder along z."""
    near, far = _slab(half, oz, dz)
    square, inside = dx * dx + dy * dy, ox * ox + oy * oy - radius * radius
    if square < 1e-18:  # along the axis
        return near if inside <= 0.0 else MISS
    along = ox * dx + oy * dy
    root = along * along - square * inside
    if root < 0.0:
        return MISS
    reach = math.sqrt(root) / square
    near, far = max(near, -along / square - reach), min(far, -along / square + reach)
    return near if near <= far else MISS
