"""Velocity and position loops of the reduced plant (cascade_kernel.py), each with its transposed derivative.

The Crazyflie's ``position_controller_pid.c``, as crazyflie_pid.py has it: both loops work in the heading
frame (x ahead and level, y left, z up). A position error asks for a velocity, a velocity error for an
acceleration, and that for a tilt and a thrust:

    v_set = clip(k_p (c - p)),   a = k_v (v_set - v + v_trim),
    pitch = clip(a_x / g),  roll = -clip(a_y / g),  thrust = clip((f_0 + f_1 a_z) / cos(tilt))

The integral part of the velocity loop stands still at its trim (cascade.py): upwards within ``f_0``, horizontally
as a velocity ``v_trim`` in the world that is taken from the present one.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit

from sim.flight.crazyflie_pid import LEAST_UP, MAX_SPEED, MAX_TILT
from sim.flight.rotor import FASTMATH, ONE, TWO
from sim.spec import GRAVITY

_ZERO = np.float32(0.0)
_SPEED, _TILT, _UP = np.float32(MAX_SPEED), np.float32(MAX_TILT), np.float32(LEAST_UP)
_PER_G = np.float32(1.0 / GRAVITY)


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def clip(value, limit):
    """Bound by +-limit; NaN stays NaN."""
    return limit if value > limit else -limit if value < -limit else value


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def through_clip(gradient, value, limit):
    """Gradient of ``clip``'s value, given that of its result."""
    return _ZERO if value > limit or value < -limit else gradient


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def heading(qw, qx, qy, qz):
    """Cosine and sine of the heading, and the factor that normalised them."""
    ahead_x, ahead_y = ONE - TWO * (qy * qy + qz * qz), TWO * (qx * qy + qw * qz)
    scale = ONE / np.sqrt(ahead_x * ahead_x + ahead_y * ahead_y)
    return scale * ahead_x, scale * ahead_y, scale


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def heading_adjoint(qw, qx, qy, qz, cosine, sine, scale, turn):
    """Gradient with respect to q, given that of the heading angle, ``turn``."""
    gx, gy = -scale * sine * turn, scale * cosine * turn
    return (
        TWO * qz * gy,
        TWO * qy * gy,
        TWO * (qx * gy - TWO * qy * gx),
        TWO * (qw * gy - TWO * qz * gx),
    )


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def velocity_loop(x, ahead, left, up, gain, thrust_0, thrust_1, trim_x, trim_y):
    """Fly a velocity.

    Args:
        x: state, (17,).
        ahead: velocity to fly, m/s, heading frame.
        left: to the left.
        up: upwards.
        gain: k_v, 1/s.
        thrust_0: f_0, fraction of the full thrust.
        thrust_1: f_1, the same per m/s^2.
        trim_x: v_trim along world x, m/s.
        trim_y: along world y.

    Returns:
        Sines of roll and pitch to fly, and the thrust, fraction of the full one.
    """
    cosine, sine, _ = heading(x[3], x[4], x[5], x[6])
    vx, vy = x[7] - trim_x, x[8] - trim_y
    ax = gain * (ahead - cosine * vx - sine * vy)
    ay = gain * (left + sine * vx - cosine * vy)
    az = gain * (up - x[9])
    level = ONE - TWO * (x[4] * x[4] + x[5] * x[5])
    thrust = (thrust_0 + thrust_1 * az) / (_UP if level < _UP else level)
    thrust = _ZERO if thrust < _ZERO else ONE if thrust > ONE else thrust
    return -clip(_PER_G * ay, _TILT), clip(_PER_G * ax, _TILT), thrust


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def velocity_loop_adjoint(
    x, ahead, left, up, gain, thrust_0, thrust_1, trim_x, trim_y, g_roll, g_pitch, g_thrust, g
):  # fmt: skip
    """Add to the state's gradient ``g`` (17,) and return those of the three velocities."""
    cosine, sine, scale = heading(x[3], x[4], x[5], x[6])
    vx, vy = x[7] - trim_x, x[8] - trim_y
    e_ahead, e_left = ahead - cosine * vx - sine * vy, left + sine * vx - cosine * vy
    e_up = up - x[9]
    g_ahead = gain * _PER_G * through_clip(g_pitch, gain * _PER_G * e_ahead, _TILT)
    g_left = -gain * _PER_G * through_clip(g_roll, gain * _PER_G * e_left, _TILT)
    level = ONE - TWO * (x[4] * x[4] + x[5] * x[5])
    inverse = ONE / (_UP if level < _UP else level)
    thrust = (thrust_0 + thrust_1 * gain * e_up) * inverse
    if thrust < _ZERO or thrust > ONE:
        g_thrust = _ZERO
    g_up = g_thrust * inverse * thrust_1 * gain
    if level > _UP:
        tilt = TWO * TWO * g_thrust * thrust * inverse
        g[4] += tilt * x[4]
        g[5] += tilt * x[5]
    g[7] -= cosine * g_ahead - sine * g_left
    g[8] -= sine * g_ahead + cosine * g_left
    g[9] -= g_up
    # Turning the heading frame by an angle turns the velocity in it by its opposite.
    turn = g_left * (cosine * vx + sine * vy) - g_ahead * (cosine * vy - sine * vx)
    w, i, j, k = heading_adjoint(x[3], x[4], x[5], x[6], cosine, sine, scale, turn)
    g[3] += w
    g[4] += i
    g[5] += j
    g[6] += k
    return g_ahead, g_left, g_up


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def position_loop(x, ahead, left, up, yaw, gain, yaw_gain):
    """Fly to a place.

    Args:
        x: state, (17,).
        ahead: where to, from the set-point at the origin, m, heading frame.
        left: to the left.
        up: upwards.
        yaw: heading to turn to, rad.
        gain: k_p, 1/s.
        yaw_gain: yaw rate per sine of the heading error, 1/s.

    Returns:
        Velocity to fly, m/s, heading frame (3), and yaw rate, rad/s.
    """
    cosine, sine, _ = heading(x[3], x[4], x[5], x[6])
    return (
        clip(gain * (ahead - cosine * x[0] - sine * x[1]), _SPEED),
        clip(gain * (left + sine * x[0] - cosine * x[1]), _SPEED),
        clip(gain * (up - x[2]), _SPEED),
        yaw_gain * (np.sin(yaw) * cosine - np.cos(yaw) * sine),
    )


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def position_loop_adjoint(x, ahead, left, up, yaw, gain, yaw_gain, g_ahead, g_left, g_up, g_yaw_rate, g):
    """Add to the state's gradient ``g`` (17,) and return those of the place and the heading."""
    cosine, sine, scale = heading(x[3], x[4], x[5], x[6])
    p_ahead, p_left = cosine * x[0] + sine * x[1], cosine * x[1] - sine * x[0]
    g_ahead = gain * through_clip(g_ahead, gain * (ahead - p_ahead), _SPEED)
    g_left = gain * through_clip(g_left, gain * (left - p_left), _SPEED)
    g_up = gain * through_clip(g_up, gain * (up - x[2]), _SPEED)
    g[0] -= cosine * g_ahead - sine * g_left
    g[1] -= sine * g_ahead + cosine * g_left
    g[2] -= g_up
    g_yaw = g_yaw_rate * yaw_gain * (np.cos(yaw) * cosine + np.sin(yaw) * sine)
    turn = g_left * p_ahead - g_ahead * p_left - g_yaw
    w, i, j, k = heading_adjoint(x[3], x[4], x[5], x[6], cosine, sine, scale, turn)
    g[3] += w
    g[4] += i
    g[5] += j
    g[6] += k
    return g_ahead, g_left, g_up, g_yaw
