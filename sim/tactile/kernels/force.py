"""The force field: what every object does to every taxel in one step.

A taxel is the tip of a spring that stands on the pad: it gives way by h along the pad's normal and by u sideways. A
tip that touches goes with the object's surface. The spring answers with k (1 + c dh/dt) h, never pulling, and
k_t (u + tau du/dt), as far as friction on the surface under the tip, with its true normal, lets it: beyond Coulomb's
cone the tip slips (Cundall and Strack, "A discrete numerical model for granular assemblies", Geotechnique 29, 1979,
for the memory; TacSL, arXiv 2408.06506, for the damping). So a static grasp keeps its shear, which a field of
velocities has not, and a bed of such springs in MuJoCo feels the same (``pins.py``).

Only the rectangle of taxels under an object is looked at (``rectangle.py``), together with that of the step before,
whose taxels may have to let go. Its rows are worked through in blocks of ``LANES`` taxels (``interior.py``): every
loop over lanes has a fixed length and no branches, so that it becomes a few vector instructions.
"""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sim.tactile.kernels.distance import BOX, CAPSULE, CYLINDER, MESH, PLANE, SPHERE
from sim.tactile.kernels.interior import (
    FASTMATH,
    ONE,
    ZERO,
    out_of_box,
    out_of_capsule,
    out_of_cylinder,
    out_of_mesh,
    out_of_plane,
)
from sim.tactile.kernels.lanes import LANES, move
from sim.tactile.kernels.poses import finite, rotation_of, three
from sim.tactile.kernels.rectangle import rectangle

S, GX, GY, GZ = 0, 1, 2, 3
"""Rows of ``work``, one block of lanes: minus how deep, m, and the surface's normal in the object's frame."""
UX, UY, UZ, HELD = 4, 5, 6, 7
"""Rows of ``work``: the tip's displacement, m, and whether it touched (1 or 0): what is remembered."""
FX, FY, FZ, DEPTH = 8, 9, 10, 11
"""Rows of ``work``: force on the gel, N, and depth, m, by all objects so far."""
SUMS = 12
"""First of six rows of ``work``: force and torque by one object so far."""
CLEAR = SUMS + 6
"""Row of ``work`` that stays 0."""
ROWS = CLEAR + 1
TINIER = np.float32(1e-30)
"""Added to squares of forces, N^2, before they divide."""
PLANES = 4
"""Numbers that are kept of every taxel: rows ``UX`` to ``HELD`` by every object, ``FX`` to ``DEPTH`` by the pad."""
PADDING = LANES
"""Room after the last taxel in every array of taxels: the last block of lanes reaches there."""


@njit(cache=True, nogil=True, fastmath=FASTMATH, error_model="numpy")
def advance_field(
    rows, columns, pitch, kinds, sizes, forest, places, quaternions, velocities, spins,
    normal, damping, tangential, relaxation, friction, thickness, dt, memory, spans, output, wrenches,
):  # fmt: skip
    """Advance a batch of pads by one step.

    An object whose pose or motion is not a number touches nothing, and its wrench is not a number either.

    Args:
        rows: of the centred grid of taxels.
        columns: likewise.
        pitch: of the grid, m, float32.
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
        thickness: of the gel: no taxel counts as deeper, m; (pads,).
        dt: step, s, float32.
        memory: displacement of the taxel's tip, m, and whether it touched, changed; (pads, objects, 4, padded taxels).
        spans: first and last + 1 row and column that were touched, changed; (pads, objects, 4).
        output: force on the gel, N, pad frame, and deepest penetration, m, changed; (pads, 4, padded taxels).
        wrenches: out, force and torque about the pad's origin by each object; (pads, objects, 6).
    """
    work = np.empty((ROWS, LANES), np.float32)  # (not np.zeros: its rows' length would be unknown to the compiler)
    work[:] = ZERO
    under = np.empty(4, np.int32)
    wrenches[:] = 0
    objects, length = kinds.shape[1], output.shape[2]
    for p in range(kinds.shape[0]):
        _clear(p, rows, columns, spans, output, work)
        gel = (normal[p], damping[p], tangential[p], relaxation[p], friction[p], thickness[p], dt)
        for o in range(objects):
            kind = kinds[p, o]
            if kind < 0:
                continue
            frame, place = rotation_of(quaternions, p, o), three(places, p, o)
            velocity, spin = three(velocities, p, o), three(spins, p, o)
            if not finite(frame) or not finite(place) or not finite(velocity) or not finite(spin):
                memory[p, o], wrenches[p, o] = ZERO, np.nan
                spans[p, o, 0], spans[p, o, 1], spans[p, o, 2], spans[p, o, 3] = rows, 0, columns, 0
                continue
            size = (sizes[p, o, 0], sizes[p, o, 1], sizes[p, o, 2])
            rectangle(kind, size, forest.boxes, place, frame, rows, columns, pitch, under)
            before = (spans[p, o, 0], spans[p, o, 1], spans[p, o, 2], spans[p, o, 3])
            spans[p, o, 0], spans[p, o, 1], spans[p, o, 2], spans[p, o, 3] = rows, 0, under[2], under[3]
            left, right = min(under[2], before[2]), max(under[3], before[3])
            for row in range(min(under[0], before[0]), max(under[1], before[1])):
                y = (np.float32(row) - np.float32(0.5) * np.float32(rows - 1)) * pitch
                for column in range(left, right, LANES):
                    count = min(LANES, right - column)
                    x = (np.float32(column) - np.float32(0.5) * np.float32(columns - 1)) * pitch
                    start = row * columns + column
                    remembered, felt = ((p * objects + o) * PLANES) * length + start, p * PLANES * length + start
                    touched = before[0] <= row < before[1]
                    if touched:
                        _exchange(memory, remembered, UX, length, work, False)
                        _go_along(place, velocity, spin, x, y, pitch, dt, count, work)
                        inside = _look(kind, size, forest, frame, place, x, y, pitch, thickness[p], count, work, True)
                    else:
                        inside = _look(kind, size, forest, frame, place, x, y, pitch, thickness[p], count, work, False)
                        if inside > 0:
                            _exchange(memory, remembered, UX, length, work, False)
                    if inside > 0:
                        _exchange(output, felt, FX, length, work, False)
                        _press(frame, place, velocity, spin, gel, x, y, pitch, count, work)
                        _exchange(output, felt, FX, length, work, True)
                        _exchange(memory, remembered, UX, length, work, True)
                        spans[p, o, 0], spans[p, o, 1] = min(spans[p, o, 0], row), row + 1
                    elif touched:
                        memory[p, o, :, start : start + count] = ZERO  # these let go
            _sum_up(wrenches, p, o, work)


@njit(forceinline=True, error_model="numpy")
def _clear(p, rows, columns, spans, output, work):
    """Clear what the last step left."""
    first, last = rows, 0
    for o in range(spans.shape[1]):
        first, last = min(first, spans[p, o, 0]), max(last, spans[p, o, 1])
    for plane in range(PLANES):
        start = (p * PLANES + plane) * output.shape[2]
        for taxel in range(start + first * columns, start + last * columns, LANES):
            move(output, taxel, work, CLEAR * LANES)  # pyright: ignore[reportCallIssue]


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _go_along(place, velocity, spin, x, y, pitch, dt, count, work):
    """Move the tips that touched with the object's material next to them, in a block whose first taxel is at x, y."""
    for lane in range(LANES):
        ux, uy = work[UX, lane], work[UY, lane]
        qx, qy, qz = x + np.float32(lane) * pitch + ux - place[0], y + uy - place[1], work[UZ, lane] - place[2]
        moved = work[HELD, lane] * dt if lane < count else ZERO
        work[UX, lane] = ux + moved * (velocity[0] + spin[1] * qz - spin[2] * qy)
        work[UY, lane] = uy + moved * (velocity[1] + spin[2] * qx - spin[0] * qz)


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _look(kind, size, forest, frame, place, x, y, pitch, thickness, count, work, moved):
    """Fill depths and normals in a block whose first taxel is at x, y; return how many taxels are inside."""
    a, b, c = size
    origin = (x - place[0], y - place[1], -place[2])
    dx, dy, dz = -frame[6], -frame[7], -frame[8]  # into the pad, as the object sees it
    inside = 0
    if kind == BOX:
        for lane in range(LANES):
            px, py, pz = _tip(frame, origin, pitch, work, lane, moved)
            inside += _fill(work, lane, count, thickness, out_of_box(px, py, pz, dx, dy, dz, a, b, c))
    elif kind == CYLINDER:
        for lane in range(LANES):
            px, py, pz = _tip(frame, origin, pitch, work, lane, moved)
            inside += _fill(work, lane, count, thickness, out_of_cylinder(px, py, pz, dx, dy, dz, a, b))
    elif kind == PLANE:
        for lane in range(LANES):
            px, py, pz = _tip(frame, origin, pitch, work, lane, moved)
            inside += _fill(work, lane, count, thickness, out_of_plane(px, py, pz, dz))
    elif kind in (SPHERE, CAPSULE):
        half = b if kind == CAPSULE else ZERO
        for lane in range(LANES):
            px, py, pz = _tip(frame, origin, pitch, work, lane, moved)
            inside += _fill(work, lane, count, thickness, out_of_capsule(px, py, pz, dx, dy, dz, a, half))
    else:
        for lane in range(count):
            px, py, pz = _tip(frame, origin, pitch, work, lane, moved)
            inside += _fill(work, lane, count, thickness, out_of_mesh(forest, kind - MESH, px, py, pz, dx, dy, dz))
    return inside


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _tip(frame, origin, pitch, work, lane, moved):
    """Return where the object sees the tip of a taxel at the height of the untouched pad, R^T d, if it moved at all."""
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = frame
    x, y, z = origin[0] + np.float32(lane) * pitch, origin[1], origin[2]
    if moved:
        x, y = x + work[UX, lane], y + work[UY, lane]
    return r00 * x + r10 * y + r20 * z, r01 * x + r11 * y + r21 * z, r02 * x + r12 * y + r22 * z


@njit(forceinline=True, error_model="numpy")
def _fill(work, lane, count, thickness, found):
    """Write depth and normal; return 1 if a taxel of the block is inside (or nobody knows where), else 0."""
    work[S, lane] = max(found[0], -thickness)
    work[GX, lane], work[GY, lane], work[GZ, lane] = found[1], found[2], found[3]
    return 1 if (lane < count) & (not (found[0] >= ZERO)) else 0


@njit(forceinline=True, error_model="numpy")
def _exchange(taxels, start, first, block, work, out):
    """Copy a block of an object's or pad's planes of taxels to four rows of ``work``, or back.

    Args:
        taxels: contiguous, its last two axes (4, padded taxels).
        start: of the block in the first of these planes, as a flat index.
        first: row of ``work``.
        block: length of a plane.
        work: see above.
        out: back.
    """
    for plane in range(PLANES):
        here, there = (first + plane) * LANES, start + plane * block
        if out:
            move(taxels, there, work, here)  # pyright: ignore[reportCallIssue]
        else:
            move(work, here, taxels, there)  # pyright: ignore[reportCallIssue]


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _press(frame, place, velocity, spin, gel, x, y, pitch, count, work):
    """Apply the law to a block whose first taxel is at x, y; lanes from ``count`` on stay as they are."""
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = frame
    k, c, kt, tau, mu, _, _ = gel
    wx, wy, wz = spin
    give = ONE / kt
    for lane in range(LANES):
        s = work[S, lane]
        mine = lane < count
        away = s >= ZERO
        gx, gy, gz = work[GX, lane], work[GY, lane], work[GZ, lane]
        nx, ny, nz = r00 * gx + r01 * gy + r02 * gz, r10 * gx + r11 * gy + r12 * gz, r20 * gx + r21 * gy + r22 * gz
        u0, v0, w0, held = work[UX, lane], work[UY, lane], work[UZ, lane], work[HELD, lane]
        # Velocity of the object's material at the tip.
        across = x + np.float32(lane) * pitch
        qx, qy, qz = across + u0 - place[0], y + v0 - place[1], s - place[2]
        vx = velocity[0] + wy * qz - wz * qy
        vy = velocity[1] + wz * qx - wx * qz
        vz = velocity[2] + wx * qy - wy * qx
        # What the spring does as long as the tip sticks, its part along the surface's normal, and the rest.
        tx, ty, tz = kt * (u0 + tau * vx), kt * (v0 + tau * vy), max(k - c * vz, ZERO) * s
        along = tx * nx + ty * ny + tz * nz
        press = max(along, ZERO)
        sx, sy, sz = tx - along * nx, ty - along * ny, tz - along * nz
        square, limit = sx * sx + sy * sy + sz * sz, mu * press
        slips = square > limit * limit
        scale = limit * (ONE / math.sqrt(square + TINIER))  # (inverse roots are cheap, roots and quotients are not)
        scale = scale if slips else ONE
        fx, fy, fz = press * nx + scale * sx, press * ny + scale * sy, press * nz + scale * sz
        ux, uy = give * fx if slips else u0, give * fy if slips else v0  # slips: the tip is where friction holds it
        ux, uy, uz, touch = ZERO if away else ux, ZERO if away else uy, ZERO if away else s, ZERO if away else ONE
        work[UX, lane], work[UY, lane] = ux if mine else u0, uy if mine else v0
        work[UZ, lane], work[HELD, lane] = uz if mine else w0, touch if mine else held
        none = away | (not mine)
        fx, fy, fz = ZERO if none else fx, ZERO if none else fy, ZERO if none else fz
        px, py = across + ux, y + uy  # the force acts where the tip is
        work[FX, lane] += fx
        work[FY, lane] += fy
        work[FZ, lane] += fz
        work[DEPTH, lane] = max(work[DEPTH, lane], ZERO if none else -s)
        work[SUMS, lane] += fx
        work[SUMS + 1, lane] += fy
        work[SUMS + 2, lane] += fz
        work[SUMS + 3, lane] += py * fz - uz * fy
        work[SUMS + 4, lane] += uz * fx - px * fz
        work[SUMS + 5, lane] += px * fy - py * fx


@njit(forceinline=True, fastmath=FASTMATH, error_model="numpy")
def _sum_up(wrenches, p, o, work):
    for row in range(6):
        total = ZERO
        for lane in range(LANES):
            total += work[SUMS + row, lane]
            work[SUMS + row, lane] = ZERO
        wrenches[p, o, row] = total
