"""The forward step of a block of environments, one lane each: loops over lanes that the compiler vectorises.

The public arrays have one row per environment; here a block of them lies transposed, one row per
quantity, so that neighbouring environments are neighbouring numbers. Rows 0-12 of ``body`` are the
rigid state (layout.py), then come the coefficients; lanes beyond the last environment hold rubbish
that nobody reads.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit

from sim.flight import layout
from sim.flight.air import ground_effect
from sim.flight.layout import DEAD_ZONE, FIRST_ROTOR, RIGID_BODY_SIZE, ROTOR_STRIDE, STEP_S
from sim.flight.rigid_body import HALF, SIXTH, ZERO, rotate, to_body, to_world
from sim.flight.rotor import FASTMATH, ONE, TWO, mean_thrust, next_speed, reachable_speed

LANES = 16
"""Environments in a block: one AVX-512 register, two of AVX2, four of NEON."""

_K = RIGID_BODY_SIZE
"""Row of the first coefficient; coefficient ``i`` of layout.py is row ``_K + i``."""
_RISE, _FALL = _K + layout.RISE.start, _K + layout.FALL.start
_CURVE = _K + layout.THRUST_CURVE.start
_FREE, _FREE_TURN = _K + layout.FREE_ACCELERATION_W.start, _K + layout.FREE_ANGULAR_ACCELERATION_B.start
_GYROSCOPIC = _K + layout.GYROSCOPIC.start
_DEAD_ZONE = _K + DEAD_ZONE
_VOLTAGE, _SAG = _K + layout.BATTERY.start, _K + layout.BATTERY.start + 1
_FLOOR, _QUARTER_RADIUS = _K + layout.GROUND.start, _K + layout.GROUND.start + 1
_DRAG, _DRAG_TURN = _K + layout.DRAG.start, _K + layout.DRAG_TURN.start
_WIND = _K + FIRST_ROTOR
_TOTAL_SPEED = _WIND + 3
_SQUARES = _WIND + 4
_PUSH = _WIND + 5
"""Acceleration by the thrust (3) and, after it, angular acceleration (3), in the body, far from the ground."""
_TURN = _PUSH + 3
BODY_ROWS = _TURN + 3

_SPEED, _COMMAND, _EFFECT = 0, 1, 2
"""Rows of each rotor: its effect per newton is ROTOR_STRIDE rows long."""
ROTOR_ROWS = _EFFECT + ROTOR_STRIDE


@njit(inline="always", fastmath=FASTMATH)
def gather(state, command, packed, wind_w, first, count, body, rotors):
    """Copy ``count`` environments from ``first`` on into the lanes."""
    for lane in range(count):
        n = first + lane
        for k in range(RIGID_BODY_SIZE):
            body[k, lane] = state[n, k]
        for k in range(FIRST_ROTOR):
            body[_K + k, lane] = packed[n, k]
        for k in range(3):
            body[_WIND + k, lane] = wind_w[n, k]
        for i in range(command.shape[1]):
            rotors[i, _SPEED, lane] = state[n, RIGID_BODY_SIZE + i]
            rotors[i, _COMMAND, lane] = command[n, i]
            for k in range(ROTOR_STRIDE):
                rotors[i, _EFFECT + k, lane] = packed[n, FIRST_ROTOR + ROTOR_STRIDE * i + k]


@njit(inline="always", fastmath=FASTMATH)
def scatter(body, rotors, first, count, out):
    """Copy the lanes' states to the rows ``first``, ``first + 1``, ... of ``out``."""
    for lane in range(count):
        n = first + lane
        for k in range(RIGID_BODY_SIZE):
            out[n, k] = body[k, lane]
        for i in range(rotors.shape[0]):
            out[n, RIGID_BODY_SIZE + i] = rotors[i, _SPEED, lane]


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def turn_rotors(body, rotors):
    """Advance the rotor speeds; leave the thrust's effect in the body's rows."""
    body[_TOTAL_SPEED:BODY_ROWS] = ZERO
    for i in range(rotors.shape[0]):
        rotor = rotors[i]
        for lane in range(LANES):
            u = rotor[_SPEED, lane]
            body[_TOTAL_SPEED, lane] += u
            body[_SQUARES, lane] += u * u
    for i in range(rotors.shape[0]):
        rotor = rotors[i]
        for lane in range(LANES):
            voltage = body[_VOLTAGE, lane] - body[_SAG, lane] * body[_SQUARES, lane]
            u = rotor[_SPEED, lane]
            c = reachable_speed(rotor[_COMMAND, lane], voltage, body[_DEAD_ZONE, lane])
            # Both are read before one is chosen: a branch would stop the vectoriser.
            rise, rise_mean, rise_square = body[_RISE, lane], body[_RISE + 1, lane], body[_RISE + 2, lane]
            fall, fall_mean, fall_square = body[_FALL, lane], body[_FALL + 1, lane], body[_FALL + 2, lane]
            rises = c > u
            force = mean_thrust(
                u, c, rise_mean if rises else fall_mean, rise_square if rises else fall_square,
                body[_CURVE, lane], body[_CURVE + 1, lane], body[_CURVE + 2, lane],
            )  # fmt: skip
            for k in range(ROTOR_STRIDE):
                body[_PUSH + k, lane] += rotor[_EFFECT + k, lane] * force
            rotor[_SPEED, lane] = next_speed(u, c, rise if rises else fall)


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def move_bodies(body):
    """Advance the rigid states by their step, under the thrust that ``turn_rotors`` left."""
    for lane in range(LANES):
        h = body[_K + STEP_S, lane]
        px, py, pz = body[0, lane], body[1, lane], body[2, lane]
        qw, qx, qy, qz = body[3, lane], body[4, lane], body[5, lane], body[6, lane]
        vx, vy, vz = body[7, lane], body[8, lane], body[9, lane]
        ground = ground_effect(pz - body[_FLOOR, lane], body[_QUARTER_RADIUS, lane])
        bx, by, bz = ground * body[_PUSH, lane], ground * body[_PUSH + 1, lane], ground * body[_PUSH + 2, lane]
        ax, ay, az = ground * body[_TURN, lane], ground * body[_TURN + 1, lane], ground * body[_TURN + 2, lane]

        # Drag, as in forces.py and air.py.
        dx, dy, dz = to_body(
            qw, qx, qy, qz, vx - body[_WIND, lane], vy - body[_WIND + 1, lane], vz - body[_WIND + 2, lane]
        )
        slowing = -body[_TOTAL_SPEED, lane]
        dx, dy, dz = (
            slowing * body[_DRAG, lane] * dx,
            slowing * body[_DRAG + 1, lane] * dy,
            slowing * body[_DRAG + 2, lane] * dz,
        )
        ax += body[_FREE_TURN, lane] + body[_DRAG_TURN, lane] * dz - body[_DRAG_TURN + 1, lane] * dy
        ay += body[_FREE_TURN + 1, lane] + body[_DRAG_TURN + 2, lane] * dx - body[_DRAG_TURN + 3, lane] * dz
        az += body[_FREE_TURN + 2, lane] + body[_DRAG_TURN + 4, lane] * dy - body[_DRAG_TURN + 5, lane] * dx
        fx, fy, fz = to_world(qw, qx, qy, qz, dx, dy, dz)
        fx, fy, fz = fx + body[_FREE, lane], fy + body[_FREE + 1, lane], fz + body[_FREE + 2, lane]

        q2, q3, q4, q, _, _, _, w = rotate(
            qw, qx, qy, qz, body[10, lane], body[11, lane], body[12, lane], ax, ay, az,
            body[_GYROSCOPIC, lane], body[_GYROSCOPIC + 1, lane], body[_GYROSCOPIC + 2, lane], h,
        )  # fmt: skip
        z1x, z1y, z1z = to_world(qw, qx, qy, qz, bx, by, bz)
        z2x, z2y, z2z = to_world(q2[0], q2[1], q2[2], q2[3], bx, by, bz)
        z3x, z3y, z3z = to_world(q3[0], q3[1], q3[2], q3[3], bx, by, bz)
        z4x, z4y, z4z = to_world(q4[0], q4[1], q4[2], q4[3], bx, by, bz)
        mx, my, mz = z2x + z3x, z2y + z3y, z2z + z3z
        # v' = v + h/6 (a1 + 2 a2 + 2 a3 + a4), p' = p + h v + h^2/6 (a1 + a2 + a3), a = f + R b
        body[0, lane] = px + h * (vx + h * (HALF * fx + SIXTH * (z1x + mx)))
        body[1, lane] = py + h * (vy + h * (HALF * fy + SIXTH * (z1y + my)))
        body[2, lane] = pz + h * (vz + h * (HALF * fz + SIXTH * (z1z + mz)))
        body[7, lane] = vx + h * (fx + SIXTH * (z1x + z4x + TWO * mx))
        body[8, lane] = vy + h * (fy + SIXTH * (z1y + z4y + TWO * my))
        body[9, lane] = vz + h * (fz + SIXTH * (z1z + z4z + TWO * mz))

        scale = ONE / np.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
        body[3, lane], body[4, lane] = scale * q[0], scale * q[1]
        body[5, lane], body[6, lane] = scale * q[2], scale * q[3]
        body[10, lane], body[11, lane], body[12, lane] = w[0], w[1], w[2]
