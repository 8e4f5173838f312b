"""The force field's step in Warp, for NVIDIA GPUs: the law of ``kernels/force.py``, one thread per taxel.

Called through ``warp_field.py``. Warp reads the bodies of these functions at import, hence no
``from __future__ import annotations`` here.
"""
# pyright: reportMissingImports=false, reportInvalidTypeForm=false, reportOperatorIssue=false, reportIndexIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false, reportReturnType=false, reportGeneralTypeIssues=false
# pyright: reportPossiblyUnboundVariable=false, reportAssignmentType=false

from sim.errors import ConfigError
from sim.tactile.kernels import interior
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
MARCHES, STEEP = wp.constant(interior.MARCHES), wp.constant(wp.float32(interior.STEEP))
ARRIVED_M = wp.constant(wp.float32(interior.ARRIVED_M))
BOLD = wp.constant(wp.float32(interior.BOLD))
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
    thickness: Numbers


@wp.func
def one_like(value: wp.float32) -> wp.float32:
    """Return 1 with a number's sign; 0 counts as positive."""
    return wp.where(value >= 0.0, 1.0, -1.0)


@wp.func
def at(normal: wp.vec3f, way: wp.float32) -> wp.vec4f:
    """Return a normal and the distance of a point that is inside: minus its way out."""
    return wp.vec4f(normal[0], normal[1], normal[2], -way)


@wp.func
def outside() -> wp.vec4f:
    """Return what stands for a point that is not inside."""
    return wp.vec4f(0.0, 0.0, 1.0, 1.0)


@wp.func
def to_side(p: wp.vec3f, d: wp.vec3f, radius: wp.float32) -> wp.float32:
    """Return the way out through the side of a cylinder along z that has no ends."""
    square, back = wp.max(d[0] * d[0] + d[1] * d[1], TINY), p[0] * d[0] + p[1] * d[1]
    across = p[0] * p[0] + p[1] * p[1] - radius * radius
    return (wp.sqrt(wp.max(back * back - square * across, 0.0)) - back) / square


@wp.func
def to_face(p: wp.float32, d: wp.float32, half: wp.float32) -> wp.float32:
    """Return the way out through the one of two opposite faces that is ahead."""
    return (half - one_like(d) * p) / wp.max(wp.abs(d), TINY)


@wp.func
def out_of_capsule(p: wp.vec3f, d: wp.vec3f, radius: wp.float32, half: wp.float32) -> wp.vec4f:
    """Return normal and distance of a capsule along z; with a half length of 0, of a ball."""
    if wp.length(wp.vec3f(p[0], p[1], p[2] - wp.clamp(p[2], -half, half))) >= radius:
        return outside()
    way = to_side(p, d, radius)
    middle = p[2] + way * d[2]
    if wp.abs(middle) > half:
        middle = half * one_like(middle)
        q = wp.vec3f(p[0], p[1], p[2] - middle)
        ahead = wp.dot(q, d)
        way = wp.sqrt(wp.max(ahead * ahead - wp.dot(q, q) + radius * radius, 0.0)) - ahead
    return at((p + way * d - wp.vec3f(0.0, 0.0, middle)) / radius, way)


@wp.func
def out_of_box(p: wp.vec3f, d: wp.vec3f, size: wp.vec3f) -> wp.vec4f:
    """Return normal and distance of the first face of a box ahead."""
    if wp.max(wp.vec3f(wp.abs(p[0]) - size[0], wp.abs(p[1]) - size[1], wp.abs(p[2]) - size[2])) >= 0.0:
        return outside()
    x, y, z = to_face(p[0], d[0], size[0]), to_face(p[1], d[1], size[1]), to_face(p[2], d[2], size[2])
    if z <= wp.min(x, y):
        return at(wp.vec3f(0.0, 0.0, one_like(d[2])), z)
    if x <= y:
        return at(wp.vec3f(one_like(d[0]), 0.0, 0.0), x)
    return at(wp.vec3f(0.0, one_like(d[1]), 0.0), y)


@wp.func
def out_of_cylinder(p: wp.vec3f, d: wp.vec3f, radius: wp.float32, half: wp.float32) -> wp.vec4f:
    """Return normal and distance of side or cap ahead of a cylinder along z."""
    if wp.max(p[0] * p[0] + p[1] * p[1] - radius * radius, wp.abs(p[2]) - half) >= 0.0:
        return outside()
    side, cap = to_side(p, d, radius), to_face(p[2], d[2], half)
    if cap <= side:
        return at(wp.vec3f(0.0, 0.0, one_like(d[2])), cap)
    return at(wp.vec3f((p[0] + side * d[0]) / radius, (p[1] + side * d[1]) / radius, 0.0), side)


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
def out_of_mesh(forest: Forest, tree: wp.int32, p: wp.vec3f, d: wp.vec3f) -> wp.vec4f:
    """Return normal and distance of a mesh along the way: Newton's method, see ``kernels/interior.py``."""
    seen = in_mesh(forest, tree, p)
    if seen[3] >= 0.0:
        return seen
    way, inner, outer = wp.float32(0.0), wp.float32(0.0), wp.float32(-1.0)
    for _ in range(MARCHES):
        slope = seen[0] * d[0] + seen[1] * d[1] + seen[2] * d[2]
        inner, outer = wp.where(seen[3] < 0.0, way, inner), wp.where(seen[3] < 0.0, outer, way)
        ahead = wp.where(slope >= STEEP, way - seen[3] / wp.max(slope, STEEP), way + BOLD * wp.abs(seen[3]))
        between = ahead > inner and (outer < 0.0 or ahead < outer)
        way = wp.where(between or outer < 0.0, ahead, 0.5 * (inner + outer))
        seen = in_mesh(forest, tree, p + way * d)
        if wp.abs(seen[3]) < ARRIVED_M:
            break
    return wp.vec4f(seen[0], seen[1], seen[2], -wp.max(way, TINY))


@wp.func
def out_of(kind: wp.int32, size: wp.vec3f, forest: Forest, p: wp.vec3f, d: wp.vec3f) -> wp.vec4f:
    """Return normal and distance of any surface along the way out of the pad; positive outside."""
    if kind == SPHERE:
        return out_of_capsule(p, d, size[0], 0.0)
    if kind == BOX:
        return out_of_box(p, d, size)
    if kind == CYLINDER:
        return out_of_cylinder(p, d, size[0], size[1])
    if kind == CAPSULE:
        return out_of_capsule(p, d, size[0], size[1])
    if kind == PLANE:
        return wp.vec4f(0.0, 0.0, 1.0, wp.where(d[2] > TINY, p[2] / wp.max(d[2], TINY), 1.0))
    return out_of_mesh(forest, kind - MESH, p, d)


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
            place, turn, old = places[pad, o], turns[pad, o], memory[pad, o, t]
            # A tip that touched goes with the object's material next to it.
            beside = taxel + wp.vec3f(old[0], old[1], old[2]) - place
            moved = old[3] * dt * (velocities[pad, o] + wp.cross(spins[pad, o], beside))
            u = wp.vec3f(old[0] + moved[0], old[1] + moved[1], 0.0)
            into = wp.quat_rotate_inv(turn, wp.vec3f(0.0, 0.0, -1.0))
            p = wp.quat_rotate_inv(turn, taxel + u - place)
            seen = out_of(kind, sizes[pad, o], forest, p, into)
            s = wp.max(seen[3], -gels.thickness[pad])
            if s >= 0.0:
                memory[pad, o, t] = wp.vec4f()
            else:
                n = wp.quat_rotate(turn, wp.vec3f(seen[0], seen[1], seen[2]))
                tip = taxel + u + wp.vec3f(0.0, 0.0, s)
                v = velocities[pad, o] + wp.cross(spins[pad, o], tip - place)
                sticks = wp.vec3f(
                    tangential * (u[0] + gels.relaxation[pad] * v[0]),
                    tangential * (u[1] + gels.relaxation[pad] * v[1]),
                    wp.max(gels.normal[pad] - gels.damping[pad] * v[2], 0.0) * s,
                )
                along = wp.dot(sticks, n)
                press, shear = wp.max(along, 0.0), sticks - along * n
                square, limit = wp.dot(shear, shear), gels.friction[pad] * press
                f = press * n + shear
                if square > limit * limit:
                    f = press * n + shear * (limit / wp.sqrt(square + TINIER))
                    u = wp.vec3f(f[0] / tangential, f[1] / tangential, 0.0)
                memory[pad, o, t] = wp.vec4f(u[0], u[1], s, 1.0)
                total += f
                deepest = wp.max(deepest, -s)
                torque = wp.cross(taxel + u + wp.vec3f(0.0, 0.0, s), f)
                for axis in range(3):
                    wp.atomic_add(wrenches, pad, o, axis, wp.float64(f[axis]))
                    wp.atomic_add(wrenches, pad, o, 3 + axis, wp.float64(torque[axis]))
    depth[pad, t] = deepest
    force[pad, t] = total
