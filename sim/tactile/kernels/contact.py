"""What couples a force field to a simulator: relative motion in, wrenches on bodies out, for many simulations."""

from __future__ import annotations

from numba import njit


@njit(cache=True, inline="always")
def _quaternion_product(a, b, out):  # noqa: ANN001, ANN202
    w, x, y, z = a[0], a[1], a[2], a[3]
    out[0] = w * b[0] - x * b[1] - y * b[2] - z * b[3]
    out[1] = w * b[1] + x * b[0] + y * b[3] - z * b[2]
    out[2] = w * b[2] - x * b[3] + y * b[0] + z * b[1]
    out[3] = w * b[3] + x * b[2] - y * b[1] + z * b[0]


@njit(cache=True, inline="always")
def _rotate(q, x, y, z):  # noqa: ANN001, ANN202
    """Return a vector turned by a unit quaternion: v + 2 w (u x v) + 2 u x (u x v)."""
    w, a, b, c = q[0], q[1], q[2], q[3]
    tx, ty, tz = 2 * (b * z - c * y), 2 * (c * x - a * z), 2 * (a * y - b * x)
    return x + w * tx + b * tz - c * ty, y + w * ty + c * tx - a * tz, z + w * tz + a * ty - b * tx


@njit(cache=True)
def place_frames(bodies, local_places, local_turns, body_places, body_turns, places, turns):  # noqa: ANN001, ANN201
    """Fill the world poses of frames fixed to bodies.

    Args:
        bodies: number of each frame's body; (frames,).
        local_places: in its body, m; (frames, 3).
        local_turns: frame to body, wxyz; (frames, 4).
        body_places: of all bodies, m; (simulations, bodies, 3).
        body_turns: body to world, wxyz; (simulations, bodies, 4).
        places: out, m; (simulations, frames, 3).
        turns: out, frame to world, wxyz; (simulations, frames, 4).
    """
    for s in range(places.shape[0]):
        for f in range(places.shape[1]):
            body = bodies[f]
            p = local_places[f]
            x, y, z = _rotate(body_turns[s, body], p[0], p[1], p[2])
            origin = body_places[s, body]
            places[s, f, 0], places[s, f, 1], places[s, f, 2] = origin[0] + x, origin[1] + y, origin[2] + z
            _quaternion_product(body_turns[s, body], local_turns[f], turns[s, f])


@njit(cache=True, inline="always")
def _velocity_at(twist, about, x, y, z):  # noqa: ANN001, ANN202
    """Return the velocity of a body's material at a world point from its (angular, linear) velocity about another."""
    dx, dy, dz = x - about[0], y - about[1], z - about[2]
    return (
        twist[3] + twist[1] * dz - twist[2] * dy,
        twist[4] + twist[2] * dx - twist[0] * dz,
        twist[5] + twist[0] * dy - twist[1] * dx,
    )


@njit(cache=True)
def relative_motion(  # noqa: ANN201
    pad_bodies, pad_places, pad_turns, bodies, object_places, object_turns, root_of, twists, centres,  # noqa: ANN001
    positions, quaternions, velocities, spins,  # noqa: ANN001
):  # fmt: skip
    """Fill pose and velocity of every object as each pad sees it.

    Args:
        pad_bodies: (pads,).
        pad_places: world, m; (simulations, pads, 3).
        pad_turns: pad to world, wxyz; (simulations, pads, 4).
        bodies: numbers of the objects' bodies; (objects,).
        object_places: world, m; (simulations, objects, 3).
        object_turns: object to world, wxyz; (simulations, objects, 4).
        root_of: number of each body's root, about whose centre of mass MuJoCo gives velocities; (bodies,).
        twists: MuJoCo's ``cvel``; (simulations, bodies, 6).
        centres: MuJoCo's ``subtree_com``, m; (simulations, bodies, 3).
        positions: out, pad frame, m; (simulations, pads, objects, 3).
        quaternions: out, object to pad, wxyz; (simulations, pads, objects, 4).
        velocities: out, of the object's origin relative to the pad's material there, pad frame, m/s; like positions.
        spins: out, angular, rad/s; like positions.
    """
    for s in range(positions.shape[0]):
        for o in range(bodies.shape[0]):
            body = bodies[o]
            x, y, z = object_places[s, o, 0], object_places[s, o, 1], object_places[s, o, 2]
            vx, vy, vz = _velocity_at(twists[s, body], centres[s, root_of[body]], x, y, z)
            for p in range(pad_bodies.shape[0]):
                own = pad_bodies[p]
                turn, origin = pad_turns[s, p], pad_places[s, p]
                back = (turn[0], -turn[1], -turn[2], -turn[3])
                out = positions[s, p, o]
                out[0], out[1], out[2] = _rotate(back, x - origin[0], y - origin[1], z - origin[2])
                _quaternion_product(back, object_turns[s, o], quaternions[s, p, o])
                wx, wy, wz = _velocity_at(twists[s, own], centres[s, root_of[own]], x, y, z)
                out = velocities[s, p, o]
                out[0], out[1], out[2] = _rotate(back, vx - wx, vy - wy, vz - wz)
                a, b = twists[s, body], twists[s, own]
                out = spins[s, p, o]
                out[0], out[1], out[2] = _rotate(back, a[0] - b[0], a[1] - b[1], a[2] - b[2])


@njit(cache=True)
def add_wrenches(  # noqa: ANN201
    forces, torques, pad_places, pad_turns, pad_bodies, bodies, mass_centres, applied,  # noqa: ANN001
):  # fmt: skip
    """Add what the gel feels to the pads' bodies and the opposite to the objects'.

    Args:
        forces: on the gel, pad frame, N; (simulations, pads, objects, 3).
        torques: about the pad's origin, N m; (simulations, pads, objects, 3).
        pad_places: world, m; (simulations, pads, 3).
        pad_turns: pad to world, wxyz; (simulations, pads, 4).
        pad_bodies: (pads,).
        bodies: numbers of the objects' bodies; (objects,).
        mass_centres: MuJoCo's ``xipos``, where it applies wrenches, m; (simulations, bodies, 3).
        applied: MuJoCo's ``xfrc_applied``, changed; (simulations, bodies, 6).
    """
    for s in range(forces.shape[0]):
        for p in range(forces.shape[1]):
            q, origin = pad_turns[s, p], pad_places[s, p]
            for o in range(forces.shape[2]):
                f, t = forces[s, p, o], torques[s, p, o]
                if f[0] == 0 and f[1] == 0 and f[2] == 0:
                    continue
                fx, fy, fz = _rotate(q, f[0], f[1], f[2])
                tx, ty, tz = _rotate(q, t[0], t[1], t[2])
                for sign, number in ((1.0, pad_bodies[p]), (-1.0, bodies[o])):
                    centre, out = mass_centres[s, number], applied[s, number]
                    x, y, z = origin[0] - centre[0], origin[1] - centre[1], origin[2] - centre[2]
                    out[0] += sign * fx
                    out[1] += sign * fy
                    out[2] += sign * fz
                    out[3] += sign * (tx + y * fz - z * fy)
                    out[4] += sign * (ty + z * fx - x * fz)
                    out[5] += sign * (tz + x * fy - y * fx)


@njit(cache=True)
def implicit_damping(  # noqa: ANN201
    depth, forces, taxels, pad_places, pad_turns, origins, stiffness, damping, shear_ratio, relaxation, dt,  # noqa: ANN001
    linear, angular,  # noqa: ANN001
):  # fmt: skip
    """Fill how much the gel's force changes with the velocity at the end of a step.

    A taxel's force after a step is f + (d + k dt) dv with its stiffness k and damping d: the larger of normal and
    tangential counts for all directions, so that a sliding contact is as stable as a sticking one. All touched taxels
    count for each of several objects that touch.

    Args:
        depth: m; (simulations, pads, taxels).
        forces: by each object, N; (simulations, pads, objects, 3).
        taxels: pad frame, m; (taxels, 3).
        pad_places: world, m; (simulations, pads, 3).
        pad_turns: pad to world, wxyz; (simulations, pads, 4).
        origins: of the objects' moving bodies, world, m; (simulations, objects, 3).
        stiffness: normal, of a taxel, N/m; (simulations, pads).
        damping: relative to stiffness and depth, s/m.
        shear_ratio: tangential over normal stiffness.
        relaxation: of the shear, s.
        dt: step, s.
        linear: out, N s/m; (simulations, pads, objects).
        angular: out, about the object's origin, N m s/rad; (simulations, pads, objects).
    """
    tangential = shear_ratio * (relaxation + dt)
    for s in range(forces.shape[0]):
        for p in range(forces.shape[1]):
            total, at_x, at_y, square = 0.0, 0.0, 0.0, 0.0
            for o in range(forces.shape[2]):
                linear[s, p, o] = angular[s, p, o] = 0.0
            for t in range(depth.shape[2]):
                if depth[s, p, t] > 0:
                    here = max(dt + damping * depth[s, p, t], tangential)
                    x, y = taxels[t, 0], taxels[t, 1]
                    total += here
                    at_x += here * x
                    at_y += here * y
                    square += here * (x * x + y * y)
            if total == 0.0:
                continue
            q, origin, k = pad_turns[s, p], pad_places[s, p], stiffness[s, p]
            back = (q[0], -q[1], -q[2], -q[3])
            for o in range(forces.shape[2]):
                f = forces[s, p, o]
                if f[0] == 0 and f[1] == 0 and f[2] == 0:
                    continue
                c = origins[s, o]
                x, y, z = _rotate(back, c[0] - origin[0], c[1] - origin[1], c[2] - origin[2])
                linear[s, p, o] = k * total
                # sum of (taxel - origin)^2, multiplied out
                angular[s, p, o] = k * (square - 2 * (x * at_x + y * at_y) + total * (x * x + y * y + z * z))
