"""The Crazyflie firmware's cascaded PID: position -> velocity -> attitude -> body rate -> motors.

The structure is the firmware's ``controller_pid`` (``position_controller_pid.c``,
``attitude_pid_controller.c``): a proportional position loop over a proportional-integral velocity
loop over a proportional attitude loop over a proportional-integral rate loop. Gains are in SI units
for this airframe, because the firmware's act on PWM counts and degrees; only the attitude gain and
the limits of speed and tilt are the firmware's own numbers. One law for the virtual robots (a step
per millisecond) and for the environments that judge policies (batches).

Signs: x forward, y left, z up; pitch is right-handed about y, so positive is nose down.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.angles import wrapped
from sim.spec import GRAVITY, MultirotorParameters

RATES, ATTITUDE, VELOCITY, POSITION = 0, 1, 2, 3
"""Levels of set-points, each with all loops of those before it beneath."""

POSITION_P = 1.5
"""Velocity per position error, 1/s (the firmware's ``PID_POS_X_KP`` is 2, over faster loops)."""
MAX_SPEED = 1.0
"""Largest velocity asked for by the position loop, per axis, m/s (``PID_POS_VEL_X_MAX``)."""
VELOCITY_P, VELOCITY_I = 2.5, 0.6
"""Acceleration per velocity error, 1/s, and per its integral, 1/s^2. The firmware's 25 degrees per m/s
(``PID_VEL_X_KP``) are 4.3 1/s, its ``_KI`` of 1 degree per m is 0.2 1/s^2."""
MAX_VELOCITY_TRIM = (3.0, 3.0, 7.0)
"""Largest integral part of the velocity loop, m/s^2; upwards enough for a thrust that is 40 % off."""
MAX_TILT = math.radians(20.0)
"""Largest tilt asked for by the velocity loop (``PID_VEL_ROLL_MAX``)."""
LEAST_UP = 0.5
"""Thrust makes up for the tilt's cosine, down to this one."""
ATTITUDE_P = 6.0
"""Rate per attitude error, 1/s (the firmware's ``PID_ROLL_KP``)."""
MAX_RATE = 6.0
"""Largest rate asked for by the attitude loop, rad/s."""
RATE_P = 14.0
"""Angular acceleration per rate error, 1/s: as much as rotors with 0.15 s of lag allow."""
RATE_I = 14.0
"""Angular acceleration per integral of the rate error, 1/s^2: trims an unbalanced airframe within
about ``RATE_P / RATE_I`` seconds. The firmware's ratio is twice that (``PID_ROLL_RATE_KI`` 500 over
``_KP`` 250), which these slow rotors would answer with a third of overshoot."""
MAX_TRIM = 100.0
"""Largest integral part, rad/s^2: a centre of mass 1.4 mm off."""
YAW_P, YAW_RATE_P = 2.0, 4.0
"""Yaw rate per heading error and angular acceleration per yaw rate error, 1/s."""
YAW_RATE_I = 2.0
"""Angular acceleration per integral of the yaw rate error, 1/s^2."""
MAX_YAW_RATE = 2.0
"""Largest yaw rate asked for by the heading loop, rad/s."""
LEAD_S = 0.3
"""Motor commands lead by this time constant, to make up for part of the rotor lag."""
MIN_COMMAND = 0.05
"""Motors of an armed, flying robot never stop."""

LAG, CURVE, MASS, FIRST_ROTOR = 0, 1, 4, 5
"""Where ``constants`` keeps the rotor lag (s), the thrust curve (3, N), the mass (kg) and then, per
rotor, the newtons for 1 rad/s^2 about x, y and z."""
TRIM_ROLL, TRIM_PITCH, TRIM_YAW, HEADING, VELOCITY_TRIM, MODEL_SPEED = 0, 1, 2, 3, 4, 7
"""Where the memory keeps the integral parts of the rate loops (rad/s^2), the heading held (rad; NaN: none
yet), those of the velocity loop (world, m/s^2, 3) and then, per rotor, the modelled speed."""


def constants(parameters: MultirotorParameters) -> NDArray[np.float64]:
    """Return what the law knows of the nominal airframe, ``(5 + 3 num_rotors,)``."""
    arm = abs(parameters.rotor_position_b[0][0])
    rotors = parameters.num_rotors
    jx, jy, jz = parameters.inertia
    lag = 0.5 * (parameters.motor_rise_s + parameters.motor_fall_s)
    gains = [
        (
            math.copysign(jx / (rotors * arm), y),
            -math.copysign(jy / (rotors * arm), x),
            sign * jz / (rotors * parameters.torque_per_thrust),
        )
        for (x, y, _), sign in zip(parameters.rotor_position_b, parameters.yaw_sign, strict=True)
    ]
    return np.array([lag, *parameters.thrust_curve, parameters.mass, *np.ravel(gains)])


def memory(num_rotors: int, rotor_speed: float = 0.0) -> NDArray[np.float64]:
    """Return a fresh memory: no trim, no heading held, rotors modelled at ``rotor_speed``."""
    return np.array([0.0, 0.0, 0.0, math.nan, 0.0, 0.0, 0.0, *[rotor_speed] * num_rotors])


@njit(cache=True, error_model="numpy")
def clip(value, limit):
    """Bound ``value`` by +-limit; NaN stays NaN."""
    return limit if value > limit else -limit if value < -limit else value


wrap = njit(cache=True, error_model="numpy", inline="always")(wrapped)


@njit(cache=True, error_model="numpy")
def heading_rate(dt_s, yaw, yaw_rate, memory):
    """Turn the heading held (set at the first call) by a commanded rate; return the rate to fly, rad/s."""
    if math.isnan(memory[HEADING]):
        memory[HEADING] = yaw
    else:
        memory[HEADING] += yaw_rate * dt_s
    return clip(YAW_P * wrap(memory[HEADING] - yaw), MAX_YAW_RATE)


@njit(cache=True, error_model="numpy")
def rates_to_motors(dt_s, force, p, q, r, wx, wy, wz, gain, constants, memory, command):
    """Fly body rates and a force along body z: one step of the rate loops and the mixer.

    Args:
        dt_s: time since the last step.
        force: total thrust, N.
        p: rate to fly about x, rad/s.
        q: about y.
        r: about z.
        wx: present rate about x, rad/s.
        wy: about y.
        wz: about z.
        gain: factor on the rate loops' gains; 1 for the law as it is.
        constants: of ``constants``.
        memory: of ``memory``; changed.
        command: ``(num_rotors,)`` speed fractions, written.
    """
    trim_roll = clip(memory[TRIM_ROLL] + gain * RATE_I * (p - wx) * dt_s, MAX_TRIM)
    trim_pitch = clip(memory[TRIM_PITCH] + gain * RATE_I * (q - wy) * dt_s, MAX_TRIM)
    trim_yaw = clip(memory[TRIM_YAW] + gain * YAW_RATE_I * (r - wz) * dt_s, MAX_TRIM)
    memory[TRIM_ROLL], memory[TRIM_PITCH], memory[TRIM_YAW] = trim_roll, trim_pitch, trim_yaw
    roll = gain * RATE_P * (p - wx) + trim_roll
    pitch = gain * RATE_P * (q - wy) + trim_pitch
    yaw = gain * YAW_RATE_P * (r - wz) + trim_yaw
    lag, rotors, highest = constants[LAG], command.shape[0], 1.0
    for i in range(rotors):
        k = FIRST_ROTOR + 3 * i
        thrust = force / rotors + constants[k] * roll + constants[k + 1] * pitch + constants[k + 2] * yaw
        want = speed_for(thrust, constants)
        # The rotor is modelled as its own command, low-passed; the lead inverts most of that lag.
        command[i] = want + LEAD_S / lag * (want - memory[MODEL_SPEED + i])
        highest = max(highest, command[i])
    for i in range(rotors):
        # Rather less thrust than no torque, as the firmware's ``powerDistributionCap`` has it.
        command[i] = max(command[i] - (highest - 1.0), MIN_COMMAND)
        memory[MODEL_SPEED + i] += (command[i] - memory[MODEL_SPEED + i]) * dt_s / lag


@njit(cache=True, error_model="numpy")
def speed_for(thrust, constants):
    """Rotor speed fraction whose thrust is nearest to ``thrust`` newtons, by the nominal curve."""
    c0, c1, c2 = constants[CURVE], constants[CURVE + 1], constants[CURVE + 2]
    return (-c1 + math.sqrt(max(0.0, c1 * c1 - 4.0 * c2 * (c0 - thrust)))) / (2.0 * c2)


@njit(cache=True, error_model="numpy")
def roll_pitch_yaw(state):
    """Return the attitude (rad, right-handed about x, y, z) of a ``state`` (13,): position_w, quaternion wxyz, ..."""
    w, x, y, z = state[3], state[4], state[5], state[6]
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = math.asin(clip(2.0 * (w * y - z * x), 1.0))
    return roll, pitch, math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


@njit(cache=True, error_model="numpy")
def acceleration(dt_s, axis, want, velocity, memory):
    """Fly a velocity along a world axis (0 to 2), m/s: one step of its loop; return the acceleration, m/s^2."""
    trim = clip(memory[VELOCITY_TRIM + axis] + VELOCITY_I * (want - velocity) * dt_s, MAX_VELOCITY_TRIM[axis])
    memory[VELOCITY_TRIM + axis] = trim
    return VELOCITY_P * (want - velocity) + trim


@njit(cache=True, error_model="numpy")
def tilt(ax, ay, yaw):
    """Return roll and pitch (rad) that accelerate by ``ax, ay`` (m/s^2, world) at heading ``yaw``."""
    ahead = math.cos(yaw) * ax + math.sin(yaw) * ay
    left = math.cos(yaw) * ay - math.sin(yaw) * ax
    return clip(-left / GRAVITY, MAX_TILT), clip(ahead / GRAVITY, MAX_TILT)


@njit(cache=True, error_model="numpy")
def lift(az, up, constants):
    """Return the thrust (N) that accelerates upwards by ``az`` (m/s^2) at a tilt whose cosine is ``up``."""
    return max(0.0, constants[MASS] * (GRAVITY + az) / max(LEAST_UP, up))


@njit(cache=True, error_model="numpy")
def fly(
    dt_s, level, state, first, second, third, fourth, max_thrust, attitude_gain, rate_gain, constants, memory, command
):  # fmt: skip
    """Fly a set-point of any level: one step of every loop beneath it.

    Args:
        dt_s: time since the last step.
        level: ``RATES``, ``ATTITUDE``, ``VELOCITY`` or ``POSITION``.
        state: ``(13,)`` position_w, quaternion wxyz, velocity_w, angular_velocity_b.
        first: rate about x (rad/s); roll (rad); velocity (m/s) or place (m) along world x.
        second: the same about y, positive nose down; along world y.
        third: yaw rate (rad/s); along world z.
        fourth: thrust, fraction of ``max_thrust``; yaw rate; heading (rad).
        max_thrust: of all rotors, N.
        attitude_gain: factor on the attitude loop's gain.
        rate_gain: factor on the rate loops' gains.
        constants: of ``constants``.
        memory: of ``memory``; changed.
        command: ``(num_rotors,)`` speed fractions, written.
    """
    is_roll, is_pitch, is_yaw = roll_pitch_yaw(state)
    p, q, yaw_rate, force = first, second, third, max_thrust * fourth
    if level >= VELOCITY:
        yaw_rate = fourth
        if level == POSITION:
            first = clip(POSITION_P * (first - state[0]), MAX_SPEED)
            second = clip(POSITION_P * (second - state[1]), MAX_SPEED)
            third = clip(POSITION_P * (third - state[2]), MAX_SPEED)
            memory[HEADING], yaw_rate = fourth, 0.0
        ax = acceleration(dt_s, 0, first, state[7], memory)
        ay = acceleration(dt_s, 1, second, state[8], memory)
        az = acceleration(dt_s, 2, third, state[9], memory)
        p, q = tilt(ax, ay, is_yaw)
        force = lift(az, 1.0 - 2.0 * (state[4] * state[4] + state[5] * state[5]), constants)
    if level >= ATTITUDE:
        p = clip(attitude_gain * ATTITUDE_P * (p - is_roll), MAX_RATE)
        q = clip(attitude_gain * ATTITUDE_P * (q - is_pitch), MAX_RATE)
    r = heading_rate(dt_s, is_yaw, yaw_rate, memory)
    rates_to_motors(dt_s, force, p, q, r, state[10], state[11], state[12], rate_gain, constants, memory, command)
