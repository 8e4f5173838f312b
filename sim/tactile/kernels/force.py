"""The force field: what every object does to every taxel in one step.

Normal: an elastic foundation with the damping of TacSL (arXiv 2408.06506), f_n = (k - c ds/dt) d, never pulling,
with d the depth and ds/dt the rate of the distance. Shear: each taxel sticks to the place of the object where it
first touched it; the anchor's displacement u grows with the tangential velocity, f_t = k_t (u + tau du/dt), until
Coulomb's limit mu f_n, where the anchor is dragged along (Cundall and Strack, "A discrete numerical model for granular
assemblies", Geotechnique 29, 1979). So a static grasp keeps its shear, which a field of velocities has not.
"""

from __future__ import annotations

import math

from numba import njit

from sim.tactile.kernels.distance import signed_distance


@njit(cache=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def advance_field(  # noqa: ANN201
    taxels, kinds, sizes, places, rotations, velocities, spins,  # noqa: ANN001
    normal, damping, tangential, relaxation, friction, dt,  # noqa: ANN001
    anchors, touching, depth, force,  # noqa: ANN001
):  # fmt: skip
    """Advance a batch of pads by one step.

    Args:
        taxels: places, pad frame; (taxels, 3).
        kinds: kind of each object, -1 for none; (pads, objects).
        sizes: its lengths, m; (pads, objects, 3).
        places: its position in the pad frame, m; (pads, objects, 3).
        rotations: object to pad; (pads, objects, 3, 3).
        velocities: of the object's origin relative to the pad, in the pad frame, m/s; (pads, objects, 3).
        spins: angular velocity likewise, rad/s; (pads, objects, 3).
        normal: stiffness of a taxel, N/m; (pads,).
        damping: of a taxel, N s/m^2; (pads,).
        tangential: stiffness of a taxel, N/m; (pads,).
        relaxation: tau of the shear, s; (pads,).
        friction: coefficient; (pads,).
        dt: step, s.
        anchors: displacement of the gel's skin, m, changed; (pads, objects, taxels, 3).
        touching: whether it touched, changed; (pads, objects, taxels) of uint8.
        depth: out, deepest penetration, m; (pads, taxels).
        force: out, on the gel, N, pad frame; (pads, taxels, 3).
    """
    pads, objects = kinds.shape
    depth[:] = 0
    force[:] = 0
    zero = taxels.dtype.type(0)
    for p in range(pads):
        k, c, kt, tau, mu = normal[p], damping[p], tangential[p], relaxation[p], friction[p]
        for o in range(objects):
            kind = kinds[p, o]
            if kind < 0:
                continue
            a, b, h = sizes[p, o, 0], sizes[p, o, 1], sizes[p, o, 2]
            px, py, pz = places[p, o, 0], places[p, o, 1], places[p, o, 2]
            r = rotations[p, o]
            r00, r01, r02 = r[0, 0], r[0, 1], r[0, 2]
            r10, r11, r12 = r[1, 0], r[1, 1], r[1, 2]
            r20, r21, r22 = r[2, 0], r[2, 1], r[2, 2]
            vx0, vy0, vz0 = velocities[p, o, 0], velocities[p, o, 1], velocities[p, o, 2]
            wx, wy, wz = spins[p, o, 0], spins[p, o, 1], spins[p, o, 2]
            for t in range(taxels.shape[0]):
                dx, dy, dz = taxels[t, 0] - px, taxels[t, 1] - py, taxels[t, 2] - pz
                # R^T d: the taxel as the object sees it
                s, gx, gy, gz = signed_distance(
                    kind, a, b, h,
                    r00 * dx + r10 * dy + r20 * dz, r01 * dx + r11 * dy + r21 * dz, r02 * dx + r12 * dy + r22 * dz,
                )  # fmt: skip
                if s >= 0:
                    if touching[p, o, t]:
                        touching[p, o, t] = 0
                        anchors[p, o, t, 0] = anchors[p, o, t, 1] = anchors[p, o, t, 2] = zero
                    continue
                nx, ny, nz = (
                    r00 * gx + r01 * gy + r02 * gz,
                    r10 * gx + r11 * gy + r12 * gz,
                    r20 * gx + r21 * gy + r22 * gz,
                )
                # Velocity of the object's material at its surface point next to the taxel, q = taxel - s n.
                qx, qy, qz = dx - s * nx, dy - s * ny, dz - s * nz
                vx, vy, vz = vx0 + wy * qz - wz * qy, vy0 + wz * qx - wx * qz, vz0 + wx * qy - wy * qx
                into = vx * nx + vy * ny + vz * nz  # = -ds/dt
                press = max(k + c * into, zero) * -s
                sx, sy, sz = vx - into * nx, vy - into * ny, vz - into * nz
                ux, uy, uz = anchors[p, o, t, 0], anchors[p, o, t, 1], anchors[p, o, t, 2]
                if touching[p, o, t]:
                    ux, uy, uz = ux + sx * dt, uy + sy * dt, uz + sz * dt
                    along = ux * nx + uy * ny + uz * nz  # the normal has turned since
                    ux, uy, uz = ux - along * nx, uy - along * ny, uz - along * nz
                fx, fy, fz = kt * (ux + tau * sx), kt * (uy + tau * sy), kt * (uz + tau * sz)
                shear, limit = math.sqrt(fx * fx + fy * fy + fz * fz), mu * press
                if shear > limit:
                    scale = limit / shear
                    fx, fy, fz = scale * fx, scale * fy, scale * fz
                    ux, uy, uz = fx / kt, fy / kt, fz / kt  # slips: the anchor is dragged along
                touching[p, o, t] = 1
                anchors[p, o, t, 0], anchors[p, o, t, 1], anchors[p, o, t, 2] = ux, uy, uz
                force[p, t, 0] += press * nx + fx
                force[p, t, 1] += press * ny + fy
                force[p, t, 2] += press * nz + fz
                depth[p, t] = max(depth[p, t], -s)


@njit(cache=True)
def distances(kind, size, points, distance, gradient):  # noqa: ANN001, ANN201
    """Fill signed distances, (points,), and gradients, (points, 3), of points in the object's frame."""
    for i in range(points.shape[0]):
        s, gx, gy, gz = signed_distance(kind, size[0], size[1], size[2], points[i, 0], points[i, 1], points[i, 2])
        distance[i] = s
        gradient[i, 0], gradient[i, 1], gradient[i, 2] = gx, gy, gz
