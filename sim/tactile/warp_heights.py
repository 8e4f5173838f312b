"""Height maps in Warp, for NVIDIA GPUs: the entry points of ``kernels/height.py``, a thread is a pixel or a triangle.

Called through ``warp_image.py``. Warp reads the bodies of these functions at import, hence no
``from __future__ import annotations`` here.
"""
# pyright: reportMissingImports=false, reportInvalidTypeForm=false, reportOperatorIssue=false, reportIndexIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false, reportReturnType=false, reportGeneralTypeIssues=false
# pyright: reportPossiblyUnboundVariable=false, reportAssignmentType=false

from sim.tactile.warp_kernel import BOX, CAPSULE, CYLINDER, MESH, PLANE, SPHERE, TINY, Vectors, wp

Maps = wp.array3d(dtype=wp.float32)
"""(pads, rows, columns)"""
MISS = wp.constant(wp.float32(1e9))


@wp.func
def ball(radius: wp.float32, o: wp.vec3f, d: wp.vec3f) -> wp.float32:
    """Return where a line enters a ball."""
    along = wp.dot(o, d)
    root = along * along - wp.dot(o, o) + radius * radius
    return wp.where(root >= 0.0, -along - wp.sqrt(wp.max(root, 0.0)), MISS)


@wp.func
def slab(half: wp.float32, o: wp.float32, d: wp.float32) -> wp.vec2f:
    """Return where a line enters and leaves |coordinate| <= half."""
    inverse = wp.where(wp.abs(d) > 1e-9, 1.0 / d, MISS)
    reach = half * wp.abs(inverse)
    return wp.vec2f(-o * inverse - reach, -o * inverse + reach)


@wp.func
def tube(radius: wp.float32, half: wp.float32, o: wp.vec3f, d: wp.vec3f) -> wp.float32:
    """Return where a line enters a cylinder along z."""
    ends = slab(half, o[2], d[2])
    square, gap = d[0] * d[0] + d[1] * d[1], o[0] * o[0] + o[1] * o[1] - radius * radius
    if square < TINY:  # along the axis
        return wp.where(gap <= 0.0, ends[0], MISS)
    along = o[0] * d[0] + o[1] * d[1]
    root = along * along - square * gap
    if root < 0.0:
        return MISS
    reach = wp.sqrt(root) / square
    near, far = wp.max(ends[0], -along / square - reach), wp.min(ends[1], -along / square + reach)
    return wp.where(near <= far, near, MISS)


@wp.func
def entry(kind: wp.int32, size: wp.vec3f, o: wp.vec3f, d: wp.vec3f) -> wp.float32:
    """Return t at which o + t d enters a primitive."""
    if kind == SPHERE:
        return ball(size[0], o, d)
    if kind == BOX:
        x, y, z = slab(size[0], o[0], d[0]), slab(size[1], o[1], d[1]), slab(size[2], o[2], d[2])
        near = wp.max(wp.max(x[0], y[0]), z[0])
        return wp.where(near <= wp.min(wp.min(x[1], y[1]), z[1]), near, MISS)
    if kind == CYLINDER:
        return tube(size[0], size[1], o, d)
    if kind == CAPSULE:
        end = wp.vec3f(0.0, 0.0, size[1])
        return wp.min(wp.min(ball(size[0], o - end, d), ball(size[0], o + end, d)), tube(size[0], size[1], o, d))
    if kind == PLANE:
        return wp.where(d[2] < 0.0, -o[2] / d[2], -MISS)
    return MISS


@wp.kernel(enable_backward=False)
def fill_heights(
    kinds: wp.array2d(dtype=wp.int32),
    sizes: Vectors,
    places: Vectors,
    turns: wp.array2d(dtype=wp.quatf),
    pixel: wp.vec2f,
    thickness: wp.float32,
    indentation: Maps,
) -> None:
    """Fill one pixel by the deepest primitive above it; see ``kernels/height.py``."""
    p, row, column = wp.tid()
    x = (wp.float32(column) - 0.5 * wp.float32(indentation.shape[2] - 1)) * pixel[0]
    y = (wp.float32(row) - 0.5 * wp.float32(indentation.shape[1] - 1)) * pixel[1]
    deepest = wp.float32(0.0)
    for o in range(kinds.shape[1]):
        kind = kinds[p, o]
        if kind >= 0 and kind < MESH:
            turn = turns[p, o]
            begin = wp.quat_rotate_inv(turn, wp.vec3f(x, y, 0.0) - places[p, o])
            z = entry(kind, sizes[p, o], begin, wp.quat_rotate_inv(turn, wp.vec3f(0.0, 0.0, 1.0)))
            deepest = wp.max(deepest, wp.min(-z, thickness))
    indentation[p, row, column] = deepest


@wp.kernel(enable_backward=False)
def fill_triangles(
    kinds: wp.array2d(dtype=wp.int32),
    places: Vectors,
    turns: wp.array2d(dtype=wp.quatf),
    vertices: wp.array(dtype=wp.vec3f),
    triangles: wp.array(dtype=wp.vec3i),
    firsts: wp.array(dtype=wp.int64),
    pixel: wp.vec2f,
    thickness: wp.float32,
    indentation: Maps,
) -> None:
    """Draw one triangle of whichever mesh it is of; see ``kernels/triangles.py``."""
    p, t = wp.tid()
    rows, columns = indentation.shape[1], indentation.shape[2]
    middle = wp.vec2f(0.5 * wp.float32(columns - 1), 0.5 * wp.float32(rows - 1))
    for o in range(kinds.shape[1]):
        mesh = kinds[p, o] - MESH
        if mesh >= 0:  # noqa: SIM102 (Warp's "and" looks at both sides, and no mesh has no first triangle)
            if wp.int64(t) >= firsts[mesh] and wp.int64(t) < firsts[mesh + 1]:
                corners = triangles[t]
                a = places[p, o] + wp.quat_rotate(turns[p, o], vertices[corners[0]])
                b = places[p, o] + wp.quat_rotate(turns[p, o], vertices[corners[1]])
                c = places[p, o] + wp.quat_rotate(turns[p, o], vertices[corners[2]])
                ax, ay = a[0] / pixel[0] + middle[0], a[1] / pixel[1] + middle[1]
                bx, by = b[0] / pixel[0] + middle[0] - ax, b[1] / pixel[1] + middle[1] - ay
                cx, cy = c[0] / pixel[0] + middle[0] - ax, c[1] / pixel[1] + middle[1] - ay
                area = bx * cy - cx * by
                if area != 0.0 and wp.min(wp.min(a[2], b[2]), c[2]) < 0.0:
                    first_row = wp.max(wp.int32(wp.ceil(ay + wp.min(wp.min(by, cy), 0.0))), 0)
                    last_row = wp.min(wp.int32(wp.floor(ay + wp.max(wp.max(by, cy), 0.0))), rows - 1)
                    first_column = wp.max(wp.int32(wp.ceil(ax + wp.min(wp.min(bx, cx), 0.0))), 0)
                    last_column = wp.min(wp.int32(wp.floor(ax + wp.max(wp.max(bx, cx), 0.0))), columns - 1)
                    for row in range(first_row, last_row + 1):
                        for column in range(first_column, last_column + 1):
                            x, y = wp.float32(column) - ax, wp.float32(row) - ay
                            u, v = (x * cy - y * cx) / area, (y * bx - x * by) / area
                            if u >= -1e-5 and v >= -1e-5 and u + v <= 1.0 + 1e-5:
                                z = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])
                                wp.atomic_max(indentation, p, row, column, wp.min(-z, thickness))
