"""The Crazyflie firmware's cascaded PID: position -> velocity -> attitude -> body rate -> motors.

``controller_pid.c``, ``position_controller_pid.c``, ``attitude_pid_controller.c``. The inner loops that the
virtual Crazyflie flies (sim/flight/crazyflie_pid.py) are the same law with gains for slow rotors; here every gain is
a number that can be published or tuned. In position mode the firmware feeds nothing forward and does not lift for
tilt: those three gains are 0 as published.

Roll and pitch are right-handed (positive pitch is nose down), positions and velocities in the frame that turns
with the heading.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sim.controllers.firmware import DEGREES, ROLL_PER_COUNT, THRUST_PER_COUNT, YAW_PER_COUNT
from sim.controllers.law import Gain, Law, preview, rotor_lead
from sim.controllers.layout import (
    ANGULAR_VELOCITY_B,
    REF_ACCELERATION_W,
    REF_VELOCITY_W,
    REF_YAW,
    REF_YAW_RATE,
    VELOCITY_W,
)
from sim.controllers.mixer import command_rotors
from sim.flight.crazyflie_pid import clip, wrap
from sim.spec import GRAVITY

_FILE = "crazyflie-firmware 2a18fc2, platform_defaults_cf2.h"
_COUNTS = f"{_FILE}, in counts per degree (firmware.py)"

MIN_THRUST = 20000 / 36000
"""Least thrust over hover thrust: ``PID_VEL_THRUST_MIN`` over ``PID_VEL_THRUST_BASE``."""
MAX_ATTITUDE_INTEGRAL = 20.0 / DEGREES
"""rad s: ``PID_ROLL_INTEGRATION_LIMIT``."""
MAX_RATE_INTEGRAL = 33.3 / DEGREES
"""rad: ``PID_ROLL_RATE_INTEGRATION_LIMIT``."""
MAX_YAW_RATE_INTEGRAL = 166.7 / DEGREES
"""rad: ``PID_YAW_RATE_INTEGRATION_LIMIT``."""

_V, _Z, _ANGLE, _RATE, _LAST_RATE, _LAST_YAW, _STARTED, _MEMORY = 0, 3, 4, 7, 10, 12, 13, 14
"""Integrals: velocity error (m, 3), height error (m s), attitude error (rad s, 3), rate error (rad, 3); roll and pitch
rate and heading of the last step; 1 once they are known."""

(
    _POSITION_P,
    _POSITION_Z_P,
    _POSITION_Z_I,
    _MAX_SPEED,
    _VELOCITY_P,
    _VELOCITY_I,
    _VELOCITY_Z_P,
    _VELOCITY_Z_I,
    _MAX_TILT,
    _ATTITUDE_P,
    _ATTITUDE_I,
    _YAW_P,
    _YAW_I,
    _YAW_D,
    _RATE_P,
    _RATE_I,
    _RATE_D,
    _YAW_RATE_P,
    _YAW_RATE_I,
    _VELOCITY_FEED_FORWARD,
    _ACCELERATION_FEED_FORWARD,
    _TILT_LIFT,
    _ROTOR_LEAD,
) = range(23)
"""Where the row of gains keeps each, in the order of ``LAW.gains``; the last, the preview, is the Controller's."""


@njit(cache=True, error_model="numpy")
def _step(airframe, estimate, reference, gains, memory, command):
    angle, torque = np.empty(3), np.empty(3)
    for n in range(estimate.shape[0]):
        e, ref, g, m = estimate[n], reference[n], gains[n], memory[n]
        yaw = math.atan2(e[6], e[3])
        _roll_and_pitch(airframe.period_s, e, ref, g, yaw, m, angle)
        angle[2] = yaw + wrap(ref[REF_YAW] - yaw)
        thrust = airframe.mass * _lift(airframe.period_s, e, ref, g, m)
        _torque(airframe, e, ref, g, angle, yaw, m, torque)
        command_rotors(airframe, thrust, torque, g[_ROTOR_LEAD], m[_MEMORY:], command[n])


@njit(cache=True, error_model="numpy")
def _roll_and_pitch(dt, e, ref, g, yaw, memory, angle):
    """Horizontal position and velocity loops: write the roll and pitch to fly, rad."""
    c, s = math.cos(yaw), math.sin(yaw)
    for i in range(2):
        a, b = (c, s) if i == 0 else (-s, c)  # ahead, then to the left
        error = _along(ref, 0, a, b) - _along(e, 0, a, b)
        want = clip(g[_POSITION_P] * error, g[_MAX_SPEED])
        want += g[_VELOCITY_FEED_FORWARD] * _along(ref, REF_VELOCITY_W, a, b)
        error = want - _along(e, VELOCITY_W, a, b)
        memory[_V + i] = clip(memory[_V + i] + error * dt, g[_MAX_TILT] / max(g[_VELOCITY_I], 1e-9))
        tilt = g[_VELOCITY_P] * error + g[_VELOCITY_I] * memory[_V + i]
        tilt += g[_ACCELERATION_FEED_FORWARD] * _along(ref, REF_ACCELERATION_W, a, b) / GRAVITY
        tilt = clip(tilt, g[_MAX_TILT])
        angle[1 - i] = tilt if i == 0 else -tilt


@njit(cache=True, error_model="numpy")
def _lift(dt, e, ref, g, memory):
    """Vertical position and velocity loops: the thrust over mass, m/s^2."""
    error = ref[2] - e[2]
    memory[_Z] = clip(memory[_Z] + error * dt, g[_MAX_SPEED] / max(g[_POSITION_Z_I], 1e-9))
    want = clip(g[_POSITION_Z_P] * error + g[_POSITION_Z_I] * memory[_Z], g[_MAX_SPEED])
    error = want + g[_VELOCITY_FEED_FORWARD] * ref[REF_VELOCITY_W + 2] - e[VELOCITY_W + 2]
    memory[_V + 2] = clip(memory[_V + 2] + error * dt, GRAVITY / max(g[_VELOCITY_Z_I], 1e-9))
    lift = GRAVITY + g[_VELOCITY_Z_P] * error + g[_VELOCITY_Z_I] * memory[_V + 2]
    lift += g[_ACCELERATION_FEED_FORWARD] * ref[REF_ACCELERATION_W + 2]
    lift /= 1.0 - g[_TILT_LIFT] * (1.0 - max(e[11], 0.5))
    return max(lift, MIN_THRUST * GRAVITY)


@njit(cache=True, error_model="numpy")
def _torque(airframe, e, ref, g, angle, yaw, memory, out):
    """Attitude and rate loops: ``angle`` (3,) roll, pitch and yaw to fly (rad) to torque (N m)."""
    dt, rate = airframe.period_s, e[ANGULAR_VELOCITY_B:]
    is_angle = (math.atan2(e[10], e[11]), math.asin(clip(-e[9], 1.0)), yaw)
    if memory[_STARTED] == 0.0:
        memory[_LAST_RATE], memory[_LAST_RATE + 1], memory[_LAST_YAW], memory[_STARTED] = rate[0], rate[1], yaw, 1.0
    for i in range(3):
        k, k_rate, limit = (_ATTITUDE_P, _RATE_P, MAX_RATE_INTEGRAL)
        if i == 2:
            k, k_rate, limit = (_YAW_P, _YAW_RATE_P, MAX_YAW_RATE_INTEGRAL)
        error = angle[i] - is_angle[i]
        memory[_ANGLE + i] = clip(memory[_ANGLE + i] + error * dt, MAX_ATTITUDE_INTEGRAL)
        want = g[k] * error + g[k + 1] * memory[_ANGLE + i]
        if i == 2:
            want += g[_VELOCITY_FEED_FORWARD] * ref[REF_YAW_RATE] - g[_YAW_D] * wrap(yaw - memory[_LAST_YAW]) / dt
            memory[_LAST_YAW] = yaw
        error = want - rate[i]
        memory[_RATE + i] = clip(memory[_RATE + i] + error * dt, limit)
        acceleration = g[k_rate] * error + g[k_rate + 1] * memory[_RATE + i]
        if i < 2:
            acceleration -= g[_RATE_D] * (rate[i] - memory[_LAST_RATE + i]) / dt
            memory[_LAST_RATE + i] = rate[i]
        out[i] = airframe.inertia[i] * acceleration


@njit(cache=True, error_model="numpy", inline="always")
def _along(row, first, a, b):
    """Component of a row's horizontal vector along (a, b)."""
    return a * row[first] + b * row[first + 1]


LAW = Law(
    name="pid",
    title="PID",
    source="crazyflie-firmware 2a18fc2, controller_pid.c",
    gains=(
        Gain("position_p", "1/s", 2.0, 0.5, 8.0, f"{_FILE}, PID_POS_X_KP"),
        Gain("position_z_p", "1/s", 2.0, 0.5, 8.0, f"{_FILE}, PID_POS_Z_KP"),
        Gain("position_z_i", "1/s^2", 0.5, 0.0, 3.0, f"{_FILE}, PID_POS_Z_KI"),
        Gain("max_speed", "m/s", 1.1, 0.5, 4.0, f"{_FILE}, PID_POS_VEL_X_MAX and 10 % overhead"),
        Gain("velocity_p", "rad s/m", 25.0 / DEGREES, 0.05, 1.5, f"{_FILE}, PID_VEL_X_KP in degrees"),
        Gain("velocity_i", "rad/m", 1.0 / DEGREES, 0.0, 1.0, f"{_FILE}, PID_VEL_X_KI in degrees"),
        Gain("velocity_z_p", "1/s", 25000 * THRUST_PER_COUNT, 1.0, 20.0, f"{_FILE}, PID_VEL_Z_KP x 1000 counts"),
        Gain("velocity_z_i", "1/s^2", 15000 * THRUST_PER_COUNT, 0.0, 10.0, f"{_FILE}, PID_VEL_Z_KI x 1000 counts"),
        Gain("max_tilt", "rad", 20.0 / DEGREES, 0.2, 1.0, f"{_FILE}, PID_VEL_ROLL_MAX"),
        Gain("attitude_p", "1/s", 6.0, 1.0, 20.0, f"{_FILE}, PID_ROLL_KP"),
        Gain("attitude_i", "1/s^2", 3.0, 0.0, 6.0, f"{_FILE}, PID_ROLL_KI"),
        Gain("yaw_p", "1/s", 6.0, 0.5, 10.0, f"{_FILE}, PID_YAW_KP"),
        Gain("yaw_i", "1/s^2", 1.0, 0.0, 3.0, f"{_FILE}, PID_YAW_KI"),
        Gain("yaw_d", "1", 0.35, 0.0, 1.0, f"{_FILE}, PID_YAW_KD"),
        Gain("rate_p", "1/s", 250 * DEGREES * ROLL_PER_COUNT, 3.0, 120.0, f"{_COUNTS}, PID_ROLL_RATE_KP"),
        Gain("rate_i", "1/s^2", 500 * DEGREES * ROLL_PER_COUNT, 0.0, 200.0, f"{_COUNTS}, PID_ROLL_RATE_KI"),
        Gain("rate_d", "1", 2.5 * DEGREES * ROLL_PER_COUNT, 0.0, 1.5, f"{_COUNTS}, PID_ROLL_RATE_KD"),
        Gain("yaw_rate_p", "1/s", 120 * DEGREES * YAW_PER_COUNT, 1.0, 30.0, f"{_COUNTS}, PID_YAW_RATE_KP"),
        Gain("yaw_rate_i", "1/s^2", 16.7 * DEGREES * YAW_PER_COUNT, 0.0, 10.0, f"{_COUNTS}, PID_YAW_RATE_KI"),
        Gain("velocity_feed_forward", "1", 0.0, 0.0, 1.2, "ours; the firmware has none in position mode"),
        Gain("acceleration_feed_forward", "1", 0.0, 0.0, 1.2, "ours; the firmware has none"),
        Gain("tilt_lift", "1", 0.0, 0.0, 1.0, "ours: share of thrust over the cosine of tilt; the firmware has none"),
        rotor_lead(),
        preview(),
    ),
    memory=_MEMORY,
    step=_step,
)
