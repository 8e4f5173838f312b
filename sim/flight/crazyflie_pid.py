"""The inner loops of the Crazyflie firmware's cascaded PID: attitude -> body rate -> motors.

The structure is the firmware's ``controller_pid`` (``attitude_pid_controller.c``): a proportional
attitude loop over a proportional-integral rate loop. Gains are in SI units for this airframe,
because the firmware's act on PWM counts and degrees; only the attitude gain is the firmware's
own number. One law for the virtual robots (a step per millisecond) and for the environments
that judge policies which command attitude and thrust (batches).

Signs: x forward, y left, z up; pitch is right-handed about y, so positive is nose down.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.spec import MultirotorParameters

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

LAG, CURVE, FIRST_ROTOR = 0, 1, 4
"""Where ``constants`` keeps the rotor lag (s), the thrust curve (3, N) and then, per rotor, the
newtons for 1 rad/s^2 about x, y and z."""
TRIM_ROLL, TRIM_PITCH, TRIM_YAW, HEADING, MODEL_SPEED = 0, 1, 2, 3, 4
"""Where the memory keeps the integral parts (rad/s^2), the heading held (rad; NaN: none yet) and
then, per rotor, the modelled speed."""


def constants(parameters: MultirotorParameters) -> NDArray[np.float64]:
    """Return what the law knows of the nominal airframe, ``(4 + 3 num_rotors,)``."""
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
    return np.array([lag, *parameters.thrust_curve, *np.ravel(gains)])


def memory(num_rotors: int, rotor_speed: float = 0.0) -> NDArray[np.float64]:
    """Return a fresh memory: no trim, no heading held, rotors modelled at ``rotor_speed``."""
    return np.array([0.0, 0.0, 0.0, math.nan, *[rotor_speed] * num_rotors])


@njit(cache=True, error_model="numpy")
def clip(value, limit):
    """Bound ``value`` by +-limit; NaN stays NaN."""
    return limit if value > limit else -limit if value < -limit else value


@njit(cache=True, error_model="numpy")
def heading_rate(dt_s, yaw, yaw_rate, memory):
    """Turn the heading held (set at the first call) by a commanded rate; return the rate to fly, rad/s."""
    if math.isnan(memory[HEADING]):
        memory[HEADING] = yaw
    else:
        memory[HEADING] += yaw_rate * dt_s
    error = (memory[HEADING] - yaw + math.pi) % (2.0 * math.pi) - math.pi
    return clip(YAW_P * error, MAX_YAW_RATE)


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
def attitude_to_motors(
    dt_s, state, roll, pitch, yaw_rate, force, attitude_gain, rate_gain, constants, memory, command
):  # fmt: skip
    """Fly an attitude and thrust set-point: one step of all inner loops.

    Args:
        dt_s: time since the last step.
        state: ``(13,)`` position_w, quaternion wxyz, velocity_w, angular_velocity_b.
        roll: set-point, rad.
        pitch: set-point, rad, positive nose down.
        yaw_rate: set-point, rad/s.
        force: total thrust, N.
        attitude_gain: factor on the attitude loop's gain.
        rate_gain: factor on the rate loops' gains.
        constants: of ``constants``.
        memory: of ``memory``; changed.
        command: ``(num_rotors,)`` speed fractions, written.
    """
    w, x, y, z = state[3], state[4], state[5], state[6]
    is_roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    is_pitch = math.asin(clip(2.0 * (w * y - z * x), 1.0))
    is_yaw = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    p = clip(attitude_gain * ATTITUDE_P * (roll - is_roll), MAX_RATE)
    q = clip(attitude_gain * ATTITUDE_P * (pitch - is_pitch), MAX_RATE)
    r = heading_rate(dt_s, is_yaw, yaw_rate, memory)
    rates_to_motors(dt_s, force, p, q, r, state[10], state[11], state[12], rate_gain, constants, memory, command)
