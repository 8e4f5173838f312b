"""The force field's step in Warp, for NVIDIA GPUs: the law of ``kernels/force.py``, one thread per taxel.

Called through ``warp_field.py``. Warp reads the bodies of these functions at import, hence no
``from __future__ import annotations`` here.
"""
# pyright: reportMissingImports=false, reportInvalidTypeForm=false, reportOperatorIssue=false, reportIndexIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false, reportReturnType=false, reportGeneralTypeIssues=false
# pyright: reportPossiblyUnboundVariable=false, reportAssignmentType=false

from sim.errors import ConfigError
from sim.tactile.shapes import FIRST_MESH, KINDS

try:
    import warp as wp
except ModuleNotFoundError:
    raise ConfigError("the force field on a GPU needs Warp: pip install 'sim2metal[gpu]'") from None

wp.config.log_level = wp.LOG_ERROR
"""Quiet about devices and compilation: a caller that wants to know sets it back."""

Numbers = wp.array(dtype=wp.float32)
Vectors = wp.array2d(dtype=wp.vec3f)
"""(pads, objects)"""
SPHERE, BOX, CYLINDER = wp.constant(KINDS["sphere"]), wp.constant(KINDS["box"]), wp.constant(KINDS["cylinder"])
CAPSULE, PLANE, MESH = wp.constant(KINDS["capsule"]), wp.constant(KINDS["plane"]), wp.constant(FIRST_MESH)
TINY = wp.constant(wp.float32(1e-12))
TINIER = wp.constant(wp.float32(1e-30))
"""Added to squares of forces, N^2, before they divide."""


@wp.struct
class Forest:
    """Octrees of meshes, as ``kernels.octree.Forest``."""

    roots: wp.array(dtype=wp.int32)
    boxes: wp.array2d(dtype=wp.float32)
    children: wp.array2d(dtype=wp.int32)
    corners: wp.array2d(dtype=wp.float32)


@wp.struct
class Gels:
    """Stiffness and so on of every pad; (pads,) each."""

    normal: Numbers
    damping: Numbers
    tangential: Numbers
    relaxation: Numbers
    friction: Numbers


@wp.func
def one_like(value: wp.float32) -> wp.float32:
    """Return 1 with a number's sign; 0 counts as positive."""
    return wp.where(value >= 0.0, 1.0, -1.0)


@wp.func
def in_capsule(p: wp.vec3f, radius: wp.float32, half: wp.float32) -> wp.vec4f:
    """Return gradient and distance of a capsule along z; with a half length of 0, of a ball."""
    q = wp.vec3f(p[0], p[1], p[2] - wp.clamp(p[2], -half, half))
    length = wp.length(q)
    if length <= TINY:
        return wp.vec4f(0.0, 0.0, 1.0, -radius)
    return wp.vec4f(q[0] / length, q[1] / length, q[2] / length, length - radius)


@wp.func
def in_box(p: wp.vec3f, size: wp.vec3f) -> wp.vec4f:
    """Return gradient and distance of the nearest face of a box, exact inside."""
    q = wp.vec3f(wp.abs(p[0]) - size[0], wp.abs(p[1]) - size[1], wp.abs(p[2]) - size[2])
    s = wp.max(q)
    if q[0] >= s:
        return wp.vec4f(one_like(p[0]), 0.0, 0.0, s)
    if q[1] >= s:
        return wp.vec4f(0.0, one_like(p[1]), 0.0, s)
    return wp.vec4f(0.0, 0.0, one_like(p[2]), s)


@wp.func
def in_cylinder(p: wp.vec3f, radius: wp.float32, half: wp.float32) -> wp.vec4f:
    """Return gradient and distance of side or cap of a cylinder along z, exact inside."""
    across = wp.sqrt(p[0] * p[0] + p[1] * p[1])
    side, cap = across - radius, wp.abs(p[2]) - half
    if side < cap:
        return wp.vec4f(0.0, 0.0, one_like(p[2]), cap)
    if across <= TINY:
        return wp.vec4f(1.0, 0.0, 0.0, side)
    return wp.vec4f(p[0] / across, p[1] / across, 0.0, side)


@wp.func
def in_mesh(forest: Forest, tree: wp.int32, p: wp.vec3f) -> wp.vec4f:
    """Return gradient and distance of a mesh, see ``kernels/octree.py``; outside of its box merely positive."""
    x = (p[0] - forest.boxes[tree, 0]) / forest.boxes[tree, 3]
    y = (p[1] - forest.boxes[tree, 1]) / forest.boxes[tree, 4]
    z = (p[2] - forest.boxes[tree, 2]) / forest.boxes[tree, 5]
    if wp.max(wp.max(wp.abs(x), wp.abs(y)), wp.abs(z)) > 1.0:
        return wp.vec4f(0.0, 0.0, 1.0, 1.0)
    node = forest.roots[tree]
    size = wp.float32(1.0)
    while forest.children[node, 0] >= 0:
        octant = wp.where(x >= 0.0, 1, 0) + wp.where(y >= 0.0, 2, 0) + wp.where(z >= 0.0, 4, 0)
        x, y, z = 2.0 * x - one_like(x), 2.0 * y - one_like(y), 2.0 * z - one_like(z)
        size = 0.5 * size
        node = forest.children[node, octant]
    x1, y1, z1 = 0.5 + 0.5 * x, 0.5 + 0.5 * y, 0.5 + 0.5 * z
    x0, y0, z0 = 1.0 - x1, 1.0 - y1, 1.0 - z1
    c = forest.corners[node]
    low, high = y0 * c[0] + y1 * c[2], y0 * c[1] + y1 * c[3]
    low_top, high_top = y0 * c[4] + y1 * c[6], y0 * c[5] + y1 * c[7]
    bottom, top = x0 * low + x1 * high, x0 * low_top + x1 * high_top
    nearer, farther = x0 * (c[2] - c[0]) + x1 * (c[3] - c[1]), x0 * (c[6] - c[4]) + x1 * (c[7] - c[5])
    gradient = wp.vec3f(
        (z0 * (high - low) + z1 * (high_top - low_top)) / (size * forest.boxes[tree, 3]),
        (z0 * nearer + z1 * farther) / (size * forest.boxes[tree, 4]),
        (top - bottom) / (size * forest.boxes[tree, 5]),
    )
    length = wp.length(gradient)
    if length <= 0.0:
        return wp.vec4f(0.0, 0.0, 1.0, z0 * bottom + z1 * top)
    return wp.vec4f(gradient[0] / length, gradient[1] / length, gradient[2] / length, z0 * bottom + z1 * top)


@wp.func
def inside(kind: wp.int32, size: wp.vec3f, forest: Forest, p: wp.vec3f) -> wp.vec4f:
    """Return gradient and distance of any surface, exact inside."""
    if kind == SPHERE:
        return in_capsule(p, size[0], 0.0)
    if kind == BOX:
        return in_box(p, size)
    if kind == CYLINDER:
        return in_cylinder(p, size[0], size[1])
    if kind == CAPSULE:
        return in_capsule(p, size[0], size[1])
    if kind == PLANE:
        return wp.vec4f(0.0, 0.0, 1.0, p[2])
    return in_mesh(forest, kind - MESH, p)


@wp.kernel(enable_backward=False)
def advance_field(
    taxels: wp.array(dtype=wp.vec3f),
    kinds: wp.array2d(dtype=wp.int32),
    sizes: Vectors,
    forest: Forest,
    places: Vectors,
    turns: wp.array2d(dtype=wp.quatf),
    velocities: Vectors,
    spins: Vectors,
    gels: Gels,
    dt: wp.float32,
    memory: wp.array3d(dtype=wp.vec4f),
    depth: wp.array2d(dtype=wp.float32),
    force: wp.array2d(dtype=wp.vec3f),
    wrenches: wp.array3d(dtype=wp.float64),
) -> None:
    """Advance one taxel of one pad; arguments as in ``kernels/force.py``, wrenches are added up."""
    pad, t = wp.tid()
    taxel, tangential = taxels[t], gels.tangential[pad]
    total, deepest = wp.vec3f(), wp.float32(0.0)
    for o in range(kinds.shape[1]):
        kind = kinds[pad, o]
        if kind >= 0:
            offset, turn = taxel - places[pad, o], turns[pad, o]
            seen = inside(kind, sizes[pad, o], forest, wp.quat_rotate_inv(turn, offset))
            s = seen[3]
            if s >= 0.0:
                memory[pad, o, t] = wp.vec4f()
            else:
                n = wp.quat_rotate(turn, wp.vec3f(seen[0], seen[1], seen[2]))
                v = velocities[pad, o] + wp.cross(spins[pad, o], offset - s * n)
                into = wp.dot(v, n)
                press = -s * wp.max(gels.normal[pad] + gels.damping[pad] * into, 0.0)
                slide = v - into * n
                old = memory[pad, o, t]
                u = wp.vec3f(old[0], old[1], old[2]) + old[3] * dt * slide
                u = u - wp.dot(u, n) * n
                shear = tangential * (u + gels.relaxation[pad] * slide)
                square, limit = wp.dot(shear, shear), gels.friction[pad] * press
                if square > limit * limit:
                    shear = shear * (limit / wp.sqrt(square + TINIER))
                    u = shear / tangential
                memory[pad, o, t] = wp.vec4f(u[0], u[1], u[2], 1.0)
                f = press * n + shear
                total += f
                deepest = wp.max(deepest, -s)
                torque = wp.cross(taxel, f)
                for axis in range(3):
                    wp.atomic_add(wrenches, pad, o, axis, wp.float64(f[axis]))
                    wp.atomic_add(wrenches, pad, o, 3 + axis, wp.float64(torque[axis]))
    depth[pad, t] = deepest
    force[pad, t] = total
