"""The multirotor of the identification: one flight in float64, continuous in every parameter, even the delay.

It is the flight kernel's airframe (sim/flight) in other coordinates, per unit of mass, so that everything here can be
known from a flight without a weighed mass. The step follows the log's clock and is split where a command arrives.

State, ``(num_rotors + 13,)``: rotor speed fractions, angular velocity (body), quaternion (wxyz, world<-body),
velocity and position of the centre of mass (world). Outputs, ``(9,)``: gyroscope, accelerometer and position of the
body's origin, where the inertial unit is.
"""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sim.spec import GRAVITY

LATENCY, RISE, FALL, SAG, LINEAR_SHARE = 0, 1, 2, 3, 4
"""Columns of the coefficients: s, s, s, share of the voltage lost at full speed, share of thrust linear in speed."""
GYROSCOPIC = 5
"""``(Jy-Jz)/Jx, (Jz-Jx)/Jy, (Jx-Jy)/Jz``."""
DRAG = 8
"""Drag over mass along body x, y, z with all rotors at full speed, 1/s."""
MASS_OVER_INERTIA = 11
"""1/m^2, about x, y, z."""
CENTRE_OF_MASS = 14
"""From the body's origin, m."""
GYRO_BIAS, ACCELEROMETER_BIAS = 17, 20
"""rad/s and m/s^2."""
FIRST_ROTOR = 23
"""Then per rotor: specific force (3) and angular acceleration (3) at its full thrust."""
ROTOR_STRIDE = 6
GYRO, ACCELEROMETER, POSITION, NUM_OUTPUTS = 0, 3, 6, 9
"""First outputs of each sensor."""
LONGEST_STEP_S = 0.005
"""Thrust is averaged exactly over a step; what it turns meanwhile is integrated to second order."""


def coefficients_size(num_rotors: int) -> int:
    """Length of the coefficients of one airframe."""
    return FIRST_ROTOR + ROTOR_STRIDE * num_rotors


@njit(cache=True, error_model="numpy")
def advance(state, c, command_time_s, command, newest, start_s, end_s):
    """Advance ``state`` in place along the commands that arrive in between; return the newest one's row.

    Args:
        state: ``(num_rotors + 13,)``.
        c: coefficients.
        command_time_s: when each command was sent, (m,) s; each is held until the next arrives.
        command: ``(m, num_rotors)``.
        newest: row that has arrived by ``start_s``.
        start_s: now.
        end_s: then.
    """
    now = start_s
    while now < end_s:
        while newest + 1 < len(command_time_s) and command_time_s[newest + 1] + c[LATENCY] <= now:
            newest += 1
        until = end_s
        if newest + 1 < len(command_time_s):
            until = min(end_s, command_time_s[newest + 1] + c[LATENCY])
        parts = max(1, math.ceil((until - now) / LONGEST_STEP_S - 1e-6))
        for _ in range(parts):
            hold(state, c, command[newest], (until - now) / parts)
        now = until
    return newest


@njit(cache=True, error_model="numpy")
def hold(x, c, command, h):
    """Advance ``x`` in place by ``h`` seconds of one command: exact rotor lag (sim/flight/rotor.py), midpoint rule."""
    n = len(command)
    w, q, v, p = n, n + 3, n + 7, n + 10
    rise, fall = math.exp(-h / c[RISE]), math.exp(-h / c[FALL])
    rise_mean, fall_mean = (1.0 - rise) * c[RISE] / h, (1.0 - fall) * c[FALL] / h
    rise_square, fall_square = (1.0 - rise * rise) * c[RISE] / (2.0 * h), (1.0 - fall * fall) * c[FALL] / (2.0 * h)
    squares = 0.0
    for i in range(n):
        squares += x[i] * x[i]
    # The voltage at the middle of the step, from where the rotors come to at the voltage of its start.
    voltage, middle = 1.0 - c[SAG] * squares / n, 0.0
    for i in range(n):
        e = x[i] - voltage * command[i]
        u = voltage * command[i] + e * (rise_mean if e < 0.0 else fall_mean)
        middle += u * u
    voltage = 1.0 - c[SAG] * middle / n
    fx, fy, fz, ax, ay, az, total = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        target = voltage * command[i]
        e = x[i] - target
        rises = e < 0.0
        mean = e * (rise_mean if rises else fall_mean)
        square = e * e * (rise_square if rises else fall_square)
        total += target + mean
        thrust = c[LINEAR_SHARE] * (target + mean)
        thrust += (1.0 - c[LINEAR_SHARE]) * (target * target + 2.0 * target * mean + square)
        k = FIRST_ROTOR + ROTOR_STRIDE * i
        fx, fy, fz = fx + c[k] * thrust, fy + c[k + 1] * thrust, fz + c[k + 2] * thrust
        ax, ay, az = ax + c[k + 3] * thrust, ay + c[k + 4] * thrust, az + c[k + 5] * thrust
        x[i] = target + e * (rise if rises else fall)

    dx, dy, dz = drag(x, c, n, total)
    tx, ty, tz = drag_turn(c, dx, dy, dz)
    ax, ay, az = ax + tx, ay + ty, az + tz
    wx, wy, wz = x[w], x[w + 1], x[w + 2]
    gx, gy, gz = c[GYROSCOPIC], c[GYROSCOPIC + 1], c[GYROSCOPIC + 2]
    # Angular velocity and attitude at the middle of the step, then over all of it.
    mx = wx + 0.5 * h * (ax + gx * wy * wz)
    my = wy + 0.5 * h * (ay + gy * wz * wx)
    mz = wz + 0.5 * h * (az + gz * wx * wy)
    x[w] = wx + h * (ax + gx * my * mz)
    x[w + 1] = wy + h * (ay + gy * mz * mx)
    x[w + 2] = wz + h * (az + gz * mx * my)
    turn(x, q, 0.25 * h * (wx + mx), 0.25 * h * (wy + my), 0.25 * h * (wz + mz))
    bx, by, bz = to_world(x, q, fx + dx, fy + dy, fz + dz)
    bz -= GRAVITY
    turn(
        x, q,
        h * mx - 0.25 * h * (wx + mx), h * my - 0.25 * h * (wy + my), h * mz - 0.25 * h * (wz + mz),
    )  # fmt: skip
    half = 0.5 * h * h
    x[p] += h * x[v] + half * bx
    x[p + 1] += h * x[v + 1] + half * by
    x[p + 2] += h * x[v + 2] + half * bz
    x[v] += h * bx
    x[v + 1] += h * by
    x[v + 2] += h * bz


@njit(cache=True, error_model="numpy")
def outputs(x, c, num_rotors, position_offset_s, out):
    """Write what the sensors read without noise, ``(9,)``; the position ``position_offset_s`` after the others."""
    n = num_rotors
    w, q, v, p = n, n + 3, n + 7, n + 10
    fx, fy, fz, ax, ay, az, total = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        thrust = x[i] * (c[LINEAR_SHARE] + (1.0 - c[LINEAR_SHARE]) * x[i])
        total += x[i]
        k = FIRST_ROTOR + ROTOR_STRIDE * i
        fx, fy, fz = fx + c[k] * thrust, fy + c[k + 1] * thrust, fz + c[k + 2] * thrust
        ax, ay, az = ax + c[k + 3] * thrust, ay + c[k + 4] * thrust, az + c[k + 5] * thrust
    dx, dy, dz = drag(x, c, n, total)
    tx, ty, tz = drag_turn(c, dx, dy, dz)
    wx, wy, wz = x[w], x[w + 1], x[w + 2]
    ax += tx + c[GYROSCOPIC] * wy * wz
    ay += ty + c[GYROSCOPIC + 1] * wz * wx
    az += tz + c[GYROSCOPIC + 2] * wx * wy
    # The unit sits at the body's origin, r = -(centre of mass) from where the body turns: f + a x r + w x (w x r).
    rx, ry, rz = -c[CENTRE_OF_MASS], -c[CENTRE_OF_MASS + 1], -c[CENTRE_OF_MASS + 2]
    sx, sy, sz = wy * rz - wz * ry, wz * rx - wx * rz, wx * ry - wy * rx
    out[0], out[1], out[2] = wx + c[GYRO_BIAS], wy + c[GYRO_BIAS + 1], wz + c[GYRO_BIAS + 2]
    out[3] = fx + dx + ay * rz - az * ry + wy * sz - wz * sy + c[ACCELEROMETER_BIAS]
    out[4] = fy + dy + az * rx - ax * rz + wz * sx - wx * sz + c[ACCELEROMETER_BIAS + 1]
    out[5] = fz + dz + ax * ry - ay * rx + wx * sy - wy * sx + c[ACCELEROMETER_BIAS + 2]
    ox, oy, oz = to_world(x, q, rx, ry, rz)
    out[6] = x[p] + ox + position_offset_s * x[v]
    out[7] = x[p + 1] + oy + position_offset_s * x[v + 1]
    out[8] = x[p + 2] + oz + position_offset_s * x[v + 2]


@njit(cache=True, inline="always", error_model="numpy")
def drag(x, c, n, total):
    """Specific force of the drag, body (sim/flight/air.py): mean rotor speed times D R^T v."""
    bx, by, bz = to_body(x, n + 3, x[n + 7], x[n + 8], x[n + 9])
    speed = total / n
    return -speed * c[DRAG] * bx, -speed * c[DRAG + 1] * by, -speed * c[DRAG + 2] * bz


@njit(cache=True, inline="always", error_model="numpy")
def drag_turn(c, dx, dy, dz):
    """Angular acceleration by the drag, which acts at the rotors' middle, the body's origin."""
    rx, ry, rz = -c[CENTRE_OF_MASS], -c[CENTRE_OF_MASS + 1], -c[CENTRE_OF_MASS + 2]
    return (
        c[MASS_OVER_INERTIA] * (ry * dz - rz * dy),
        c[MASS_OVER_INERTIA + 1] * (rz * dx - rx * dz),
        c[MASS_OVER_INERTIA + 2] * (rx * dy - ry * dx),
    )


@njit(cache=True, error_model="numpy")
def turn(x, q, rx, ry, rz):
    """Turn the quaternion at ``x[q:q+4]`` by a small rotation vector of the body: sine and cosine by their series.

    The remainder is 1e-9 at a third of a radian, which five milliseconds reach at 60 rad/s.
    """
    y = 0.25 * (rx * rx + ry * ry + rz * rz)
    sinc = 0.5 * (1.0 - y / 6.0 * (1.0 - y / 20.0 * (1.0 - y / 42.0)))
    cosine = 1.0 - y / 2.0 * (1.0 - y / 12.0 * (1.0 - y / 30.0))
    a, b, c, d = cosine, sinc * rx, sinc * ry, sinc * rz
    qw, qx, qy, qz = x[q], x[q + 1], x[q + 2], x[q + 3]
    x[q] = qw * a - qx * b - qy * c - qz * d
    x[q + 1] = qw * b + qx * a + qy * d - qz * c
    x[q + 2] = qw * c - qx * d + qy * a + qz * b
    x[q + 3] = qw * d + qx * c - qy * b + qz * a


@njit(cache=True, inline="always", error_model="numpy")
def to_world(x, q, bx, by, bz):
    """Rotate b from the body to the world by the unit quaternion at ``x[q:q+4]``."""
    return _rotate(x[q], x[q + 1], x[q + 2], x[q + 3], bx, by, bz)


@njit(cache=True, inline="always", error_model="numpy")
def to_body(x, q, bx, by, bz):
    """Rotate b from the world to the body."""
    return _rotate(x[q], -x[q + 1], -x[q + 2], -x[q + 3], bx, by, bz)


@njit(cache=True, inline="always", error_model="numpy")
def _rotate(qw, qx, qy, qz, bx, by, bz):
    ux, uy, uz = 2.0 * (qy * bz - qz * by), 2.0 * (qz * bx - qx * bz), 2.0 * (qx * by - qy * bx)
    return (
        bx + qw * ux + qy * uz - qz * uy,
        by + qw * uy + qz * ux - qx * uz,
        bz + qw * uz + qx * uy - qy * ux,
    )


def rest_state(num_rotors: int, rotor_speed: float) -> np.ndarray:
    """Return a level body at rest at the origin, its rotors at ``rotor_speed``."""
    state = np.zeros(num_rotors + 13)
    state[:num_rotors] = rotor_speed
    state[num_rotors + 3] = 1.0
    return state
