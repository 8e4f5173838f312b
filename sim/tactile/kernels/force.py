"""The force field: what every object does to every taxel in one step.

Normal: an elastic foundation with the damping of TacSL (arXiv 2408.06506), f_n = (k - c ds/dt) d, never pulling,
with d the depth and ds/dt the rate of the distance. Shear: each taxel sticks to the place of the object where it
first touched it; the anchor's displacement u grows with the tangential velocity, f_t = k_t (u + tau du/dt), until
Coulomb's limit mu f_n, where the anchor is dragged along (Cundall and Strack, "A discrete numerical model for granular
assemblies", Geotechnique 29, 1979). So a static grasp keeps its shear, which a field of velocities has not.

Only the rectangle of taxels under an object is looked at, together with that of the step before, whose taxels may
have to let go. Its rows are worked through in blocks of ``LANES`` taxels (``interior.py``).
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sim.tactile.kernels.distance import BOX, CAPSULE, CYLINDER, MESH, PLANE, SPHERE, signed_distance
from sim.tactile.kernels.interior import (
    FASTMATH,
    GX,
    GY,
    GZ,
    LANES,
    ONE,
    TINY,
    ZERO,
    S,
    X,
    Y,
    Z,
    in_box,
    in_capsule,
    in_cylinder,
    in_mesh,
    in_plane,
    in_sphere,
)
from sim.tactile.kernels.octree import octree_distance

UX, UY, UZ, HELD = 7, 8, 9, 10
"""Rows of ``work``: the anchor's displacement, m, and whether the taxel touched (1 or 0): what is remembered."""
FX, FY, FZ, DEPTH = 11, 12, 13, 14
"""Rows of ``work``: force on the gel, N, and depth, m, pad frame."""
ROWS = 15
REMEMBERED = 4
"""Numbers that every object keeps of every taxel: rows ``UX`` to ``HELD``."""
EPSILON_M = 1e-7
"""A contact's rectangle is taken so much larger: rounding."""


@njit(cache=True, nogil=True, fastmath=FASTMATH, error_model="numpy")
def advance_field(
    columns, pitch, kinds, sizes, forest, places, quaternions, velocities, spins,
    normal, damping, tangential, relaxation, friction, dt, memory, spans, depth, force, wrenches,
):  # fmt: skip
    """Advance a batch of pads by one step.

    Args:
        columns: of the centred grid of taxels.
        pitch: of the grid, m.
        kinds: kind of each object, -1 for none; (pads, objects).
        sizes: its lengths, m; (pads, objects, 3).
        forest: octrees of the meshes.
        places: its position in the pad frame, m; (pads, objects, 3) of float64.
        quaternions: object to pad, wxyz; (pads, objects, 4) of float64.
        velocities: of the object's origin relative to the pad, in the pad frame, m/s; (pads, objects, 3) of float64.
        spins: angular velocity likewise, rad/s; (pads, objects, 3) of float64.
        normal: stiffness of a taxel, N/m; (pads,).
        damping: of a taxel, N s/m^2; (pads,).
        tangential: stiffness of a taxel, N/m; (pads,).
        relaxation: tau of the shear, s; (pads,).
        friction: coefficient; (pads,).
        dt: step, s.
        memory: displacement of the gel's skin, m, and whether it touched, changed; (pads, objects, 4, taxels).
        spans: first and last row, first and last column + 1 that were touched, changed; (pads, objects, 4).
        depth: in and out, deepest penetration, m; (pads, taxels).
        force: in and out, on the gel, N, pad frame; (pads, 3, taxels).
        wrenches: out, force and torque about the pad's origin by each object; (pads, objects, 6).
    """
    pads, objects = kinds.shape
    taxels = depth.shape[1]
    rows = taxels // columns
    work = np.zeros((ROWS, LANES), np.float32)
    frame = np.empty((3, 3), np.float32)
    under = np.empty(4, np.int32)
    middle_row, middle_column = np.float32(0.5 * (rows - 1)), np.float32(0.5 * (columns - 1))
    wrenches[:] = 0
    for p in range(pads):
        first_row, last_row = rows, 0  # where anything acted in the last step
        for o in range(objects):
            first_row, last_row = min(first_row, spans[p, o, 0]), max(last_row, spans[p, o, 1])
        for t in range(first_row * columns, last_row * columns):
            depth[p, t] = force[p, 0, t] = force[p, 1, t] = force[p, 2, t] = ZERO
        k, c, kt, tau, mu = normal[p], damping[p], tangential[p], relaxation[p], friction[p]
        for o in range(objects):
            kind = kinds[p, o]
            if kind < 0:
                continue
            a, b, h = sizes[p, o, 0], sizes[p, o, 1], sizes[p, o, 2]
            _turn(quaternions[p, o], frame)
            _rectangle(kind, sizes[p, o], forest.boxes, places[p, o], frame, rows, columns, pitch, under)
            top, bottom = min(under[0], spans[p, o, 0]), max(under[1], spans[p, o, 1])
            left, right = min(under[2], spans[p, o, 2]), max(under[3], spans[p, o, 3])
            spans[p, o, 0], spans[p, o, 1], spans[p, o, 2], spans[p, o, 3] = rows, 0, columns, 0
            px, py, pz = np.float32(places[p, o, 0]), np.float32(places[p, o, 1]), np.float32(places[p, o, 2])
            r00, r01, r02 = frame[0, 0], frame[0, 1], frame[0, 2]
            r10, r11, r12 = frame[1, 0], frame[1, 1], frame[1, 2]
            r20, r21, r22 = frame[2, 0], frame[2, 1], frame[2, 2]
            vx0, vy0, vz0 = (
                np.float32(velocities[p, o, 0]),
                np.float32(velocities[p, o, 1]),
                np.float32(velocities[p, o, 2]),
            )
            wx, wy, wz = np.float32(spins[p, o, 0]), np.float32(spins[p, o, 1]), np.float32(spins[p, o, 2])
            sum_x, sum_y, sum_z, turn_x, turn_y, turn_z = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
            for row in range(top, bottom):
                y = (np.float32(row) - middle_row) * pitch
                dy, dz = y - py, -pz
                for column in range(left, right, LANES):
                    count = min(LANES, right - column)
                    start = row * columns + column
                    x0 = (np.float32(column) - middle_column) * pitch
                    for lane in range(LANES):
                        dx = x0 + np.float32(lane) * pitch - px
                        work[X, lane] = r00 * dx + r10 * dy + r20 * dz  # R^T d: the taxel as the object sees it
                        work[Y, lane] = r01 * dx + r11 * dy + r21 * dz
                        work[Z, lane] = r02 * dx + r12 * dy + r22 * dz
                    if kind == SPHERE:
                        in_sphere(work, a)
                    elif kind == BOX:
                        in_box(work, a, b, h)
                    elif kind == CYLINDER:
                        in_cylinder(work, a, b)
                    elif kind == CAPSULE:
                        in_capsule(work, a, b)
                    elif kind == PLANE:
                        in_plane(work)
                    else:
                        in_mesh(work, forest, kind - MESH, count)
                    for row_of_work in range(REMEMBERED):
                        for lane in range(count):
                            work[UX + row_of_work, lane] = memory[p, o, row_of_work, start + lane]
                    touched = 0
                    for lane in range(count):
                        touched += 1 if not (work[S, lane] >= ZERO) else 0
                    if touched == 0:
                        for row_of_work in range(REMEMBERED):
                            for lane in range(count):
                                memory[p, o, row_of_work, start + lane] = ZERO
                        continue
                    for lane in range(LANES):
                        s = work[S, lane]
                        away = s >= ZERO
                        gx, gy, gz = work[GX, lane], work[GY, lane], work[GZ, lane]
                        nx = r00 * gx + r01 * gy + r02 * gz
                        ny = r10 * gx + r11 * gy + r12 * gz
                        nz = r20 * gx + r21 * gy + r22 * gz
                        # Velocity of the object's material at its surface point next to the taxel, q = taxel - s n.
                        dx = x0 + np.float32(lane) * pitch - px
                        qx, qy, qz = dx - s * nx, dy - s * ny, dz - s * nz
                        vx, vy, vz = vx0 + wy * qz - wz * qy, vy0 + wz * qx - wx * qz, vz0 + wx * qy - wy * qx
                        into = vx * nx + vy * ny + vz * nz  # = -ds/dt
                        press = max(k + c * into, ZERO) * -s
                        sx, sy, sz = vx - into * nx, vy - into * ny, vz - into * nz
                        held = work[HELD, lane] * dt
                        ux, uy, uz = work[UX, lane] + held * sx, work[UY, lane] + held * sy, work[UZ, lane] + held * sz
                        along = ux * nx + uy * ny + uz * nz  # the normal has turned since
                        ux, uy, uz = ux - along * nx, uy - along * ny, uz - along * nz
                        fx, fy, fz = kt * (ux + tau * sx), kt * (uy + tau * sy), kt * (uz + tau * sz)
                        shear, limit = math.sqrt(fx * fx + fy * fy + fz * fz), mu * press
                        slips = shear > limit
                        scale = limit / max(shear, TINY) if slips else ONE
                        fx, fy, fz = scale * fx, scale * fy, scale * fz
                        ux, uy, uz = fx / kt if slips else ux, fy / kt if slips else uy, fz / kt if slips else uz
                        work[UX, lane], work[UY, lane] = ZERO if away else ux, ZERO if away else uy
                        work[UZ, lane], work[HELD, lane] = ZERO if away else uz, ZERO if away else ONE
                        work[FX, lane] = ZERO if away else press * nx + fx
                        work[FY, lane] = ZERO if away else press * ny + fy
                        work[FZ, lane] = ZERO if away else press * nz + fz
                        work[DEPTH, lane] = ZERO if away else -s
                    for row_of_work in range(REMEMBERED):
                        for lane in range(count):
                            memory[p, o, row_of_work, start + lane] = work[UX + row_of_work, lane]
                    for axis in range(3):
                        for lane in range(count):
                            force[p, axis, start + lane] += work[FX + axis, lane]
                    for lane in range(count):
                        depth[p, start + lane] = max(depth[p, start + lane], work[DEPTH, lane])
                    for lane in range(count):
                        x, fx, fy, fz = x0 + np.float32(lane) * pitch, work[FX, lane], work[FY, lane], work[FZ, lane]
                        sum_x, sum_y, sum_z = sum_x + fx, sum_y + fy, sum_z + fz
                        turn_x, turn_y, turn_z = turn_x + y * fz, turn_y - x * fz, turn_z + (x * fy - y * fx)
                    spans[p, o, 0], spans[p, o, 1] = min(spans[p, o, 0], row), max(spans[p, o, 1], row + 1)
                    spans[p, o, 2] = min(spans[p, o, 2], column)
                    spans[p, o, 3] = max(spans[p, o, 3], column + count)
            wrenches[p, o, 0], wrenches[p, o, 1], wrenches[p, o, 2] = sum_x, sum_y, sum_z
            wrenches[p, o, 3], wrenches[p, o, 4], wrenches[p, o, 5] = turn_x, turn_y, turn_z


@njit(inline="always", error_model="numpy")
def _turn(quaternion, frame):
    """Fill the rotation matrix of a unit quaternion, wxyz."""
    w, x, y, z = quaternion[0], quaternion[1], quaternion[2], quaternion[3]
    frame[0, 0], frame[0, 1], frame[0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    frame[1, 0], frame[1, 1], frame[1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    frame[2, 0], frame[2, 1], frame[2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)


@njit(cache=True, error_model="numpy")
def _rectangle(kind, size, boxes, place, frame, rows, columns, pitch, out):
    """Fill the first and last + 1 row and column of taxels that an object can reach.

    What is not a number reaches all: its forces then are not numbers either, and nobody overlooks it.
    """
    out[0], out[1], out[2], out[3] = 0, rows, 0, columns
    if kind == PLANE:
        return
    x, y, z = place[0], place[1], place[2]
    half_x, half_y, half_z = size[0], size[1], size[2]
    ball = size[0] * 0
    if kind >= MESH:
        box = boxes[kind - MESH]
        x += frame[0, 0] * box[0] + frame[0, 1] * box[1] + frame[0, 2] * box[2]
        y += frame[1, 0] * box[0] + frame[1, 1] * box[1] + frame[1, 2] * box[2]
        z += frame[2, 0] * box[0] + frame[2, 1] * box[1] + frame[2, 2] * box[2]
    elif kind == SPHERE or kind == CAPSULE:
        ball = size[0]
        half_x, half_y, half_z = 0 * ball, 0 * ball, size[1]
    elif kind == CYLINDER:
        half_y, half_z = size[0], size[1]
    reach_z = ball + abs(frame[2, 0]) * half_x + abs(frame[2, 1]) * half_y + abs(frame[2, 2]) * half_z + EPSILON_M
    if z > reach_z:
        out[0], out[1], out[2], out[3] = rows, 0, columns, 0
        return
    reach_x = ball + abs(frame[0, 0]) * half_x + abs(frame[0, 1]) * half_y + abs(frame[0, 2]) * half_z + EPSILON_M
    reach_y = ball + abs(frame[1, 0]) * half_x + abs(frame[1, 1]) * half_y + abs(frame[1, 2]) * half_z + EPSILON_M
    out[0], out[1] = _between(y, reach_y, rows, pitch)
    out[2], out[3] = _between(x, reach_x, columns, pitch)


@njit(inline="always", error_model="numpy")
def _between(centre, reach, number, pitch):
    """Return the first and the last + 1 of a centred row of points within a distance; all if it is not a number."""
    middle = 0.5 * (number - 1)
    low, high = math.ceil((centre - reach) / pitch + middle), math.floor((centre + reach) / pitch + middle) + 1
    first = int(low) if low > 0 and low < number else (number if low >= number else 0)
    last = int(high) if high > 0 and high < number else (0 if high <= 0 else number)
    return first, last


@njit(cache=True)
def distances(kind, size, points, distance, gradient):
    """Fill signed distances, (points,), and gradients, (points, 3), of points in a primitive's frame."""
    for i in range(points.shape[0]):
        s, gx, gy, gz = signed_distance(kind, size[0], size[1], size[2], points[i, 0], points[i, 1], points[i, 2])
        distance[i] = s
        gradient[i, 0], gradient[i, 1], gradient[i, 2] = gx, gy, gz


@njit(cache=True)
def mesh_distances(forest, tree, points, distance, gradient):
    """Fill signed distances, (points,), and gradients, (points, 3), of points in a mesh's frame."""
    for i in range(points.shape[0]):
        s, gx, gy, gz = octree_distance(forest, tree, points[i, 0], points[i, 1], points[i, 2])
        distance[i] = s
        gradient[i, 0], gradient[i, 1], gradient[i, 2] = gx, gy, gz
