"""Incremental nonlinear dynamic inversion, outer and inner loop: Smeur et al., and the Crazyflie firmware.

The law believes its own sensors rather than a model of the forces: it commands the present thrust and torque plus what
the difference between wanted and measured acceleration takes.

    outer (Smeur, de Croon and Chu 2018):  f = f_0 + a_ref - a_0,   a_ref = K_v (v_d + K_x e_x - v) + a_d
    inner (Smeur, Chu and de Croon 2016):  M = M_0 + J (K_w (K_R e + w_d - w) - dw_0/dt)

Subscript 0 marks what passed the same second-order low-pass, so that it is of the same moment. f_0 and M_0 are those
of the rotors' model. Acceleration is the slope of the estimated velocity: the tasks give no accelerometer. The
increment is the exact one of the thrust vector, where the firmware linearizes about the present angles.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sim.controllers.firmware import THRUST_PER_COUNT
from sim.controllers.geometry import (
    attitude_error,
    desired_attitude,
    desired_rates,
    into_body,
    limit_tilt,
    thrust_along,
)
from sim.controllers.law import Gain, Law, preview, rotor_lead
from sim.controllers.layout import ANGULAR_VELOCITY_B, REF_ACCELERATION_W, REF_VELOCITY_W, REF_YAW, ROTATION, VELOCITY_W
from sim.controllers.mixer import command_rotors, modelled_wrench
from sim.spec import GRAVITY

_FILE = "crazyflie-firmware 2a18fc2, controller_indi.h"
_OUTER = "crazyflie-firmware 2a18fc2, position_controller_indi.c"

_FILTERED = 12
"""Quantities behind the low-pass: velocity (m/s) and angular velocity (rad/s), modelled specific force in the world
(m/s^2) and modelled torque over inertia (rad/s^2), three elements each."""
_FORCE, _TORQUE = 6, 9
"""Where the last two of them begin."""
_LAST, _STARTED, _MEMORY = 24, 30, 31
"""Two filter states a quantity; then the filtered velocity and angular velocity of the last step; 1 once started."""

(
    _POSITION_P,
    _VELOCITY_P,
    _POSITION_Z_P,
    _VELOCITY_Z_P,
    _MAX_TILT,
    _ATTITUDE_P,
    _RATE_P,
    _CUTOFF_HZ,
    _YAW_P,
    _YAW_RATE_P,
    _MAX_THRUST,
    _ROTOR_LEAD,
) = range(12)
"""Where the row of gains keeps each, in the order of ``LAW.gains``; the last, the preview, is the Controller's."""


@njit(cache=True, error_model="numpy")
def _step(airframe, estimate, reference, gains, memory, command):
    desired, force, error, rates, torque = np.empty(9), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    wrench, raw, smooth, slope = np.empty(4), np.empty(_FILTERED), np.empty(_FILTERED), np.empty(6)
    for n in range(estimate.shape[0]):
        e, ref, g, m = estimate[n], reference[n], gains[n], memory[n]
        rotation = e[ROTATION:VELOCITY_W]
        _measure(airframe, e, m, g[_CUTOFF_HZ], wrench, raw, smooth, slope)
        _wanted_force(e, ref, g, smooth[_FORCE:_TORQUE], slope, force)
        thrust = min(max(thrust_along(rotation, force[0], force[1], force[2]), 0.0), g[_MAX_THRUST] * GRAVITY)
        desired_attitude(force[0], force[1], force[2], ref[REF_YAW], desired)
        attitude_error(rotation, desired, error)
        desired_rates(desired, thrust, ref, torque)
        into_body(rotation, desired, torque, rates)
        _wanted_torque(airframe, e[ANGULAR_VELOCITY_B:], g, error, rates, smooth[_TORQUE:], slope[3:], torque)
        command_rotors(airframe, airframe.mass * thrust, torque, g[_ROTOR_LEAD], m[_MEMORY:], command[n])


@njit(cache=True, error_model="numpy")
def _measure(airframe, e, memory, cutoff_hz, wrench, raw, smooth, slope):
    """Filter what the increments start from; ``slope`` (6,): acceleration and angular acceleration."""
    modelled_wrench(airframe, memory[_MEMORY:], wrench)
    for i in range(3):
        raw[i], raw[3 + i] = e[VELOCITY_W + i], e[ANGULAR_VELOCITY_B + i]
        raw[_FORCE + i] = wrench[0] / airframe.mass * e[ROTATION + 2 + 3 * i]
        raw[_TORQUE + i] = wrench[1 + i] / airframe.inertia[i]
    if memory[_STARTED] == 0.0:  # as if all had been so for ever
        for i in range(_FILTERED):
            memory[2 * i], memory[2 * i + 1] = raw[i], 0.0
        for i in range(6):
            memory[_LAST + i] = raw[i]
        memory[_STARTED] = 1.0
    for i in range(_FILTERED):
        smooth[i] = _low_pass(airframe.period_s, cutoff_hz, raw[i], memory[2 * i : 2 * i + 2])
    for i in range(6):
        slope[i] = (smooth[i] - memory[_LAST + i]) / airframe.period_s
        memory[_LAST + i] = smooth[i]


@njit(cache=True, error_model="numpy")
def _low_pass(dt, cutoff_hz, value, state):
    """Second-order Butterworth low-pass: y'' = w^2 (x - y) - sqrt(2) w y', implicit step; state (y, y')."""
    w = 2.0 * math.pi * cutoff_hz
    state[1] = (state[1] + dt * w * w * (value - state[0])) / (1.0 + dt * w * (math.sqrt(2.0) + dt * w))
    state[0] += dt * state[1]
    return state[0]


@njit(cache=True, error_model="numpy")
def _wanted_force(e, ref, g, present, acceleration, out):
    """Outer loop: the wanted force over mass, (3,) m/s^2, from the ``present`` one and the measured acceleration."""
    for i in range(3):
        k = _POSITION_P if i < 2 else _POSITION_Z_P
        velocity = ref[REF_VELOCITY_W + i] + g[k] * (ref[i] - e[i])
        want = g[k + 1] * (velocity - e[VELOCITY_W + i]) + ref[REF_ACCELERATION_W + i]
        out[i] = present[i] + want - acceleration[i]
    out[0], out[1], out[2] = limit_tilt(out[0], out[1], out[2], math.tan(g[_MAX_TILT]))


@njit(cache=True, error_model="numpy")
def _wanted_torque(airframe, w, g, error, desired_w, present, acceleration, out):
    """Inner loop: torque, (3,) N m, from the ``present`` one over inertia and the measured angular acceleration."""
    for i in range(3):
        k = _ATTITUDE_P if i < 2 else _YAW_P
        want = g[k + 1] * (desired_w[i] - g[k] * error[i] - w[i])
        out[i] = airframe.inertia[i] * (present[i] + want - acceleration[i])


LAW = Law(
    name="indi",
    title="INDI",
    source=f"Smeur, Chu and de Croon, JGCD 2016; Smeur, de Croon and Chu, 2018; {_FILE}",
    gains=(
        Gain("position_p", "1/s", 1.0, 0.5, 8.0, f"{_OUTER}, K_xi_x"),
        Gain("velocity_p", "1/s", 5.0, 1.0, 15.0, f"{_OUTER}, K_dxi_x"),
        Gain("position_z_p", "1/s", 1.0, 0.5, 8.0, f"{_OUTER}, K_xi_z"),
        Gain("velocity_z_p", "1/s", 5.0, 1.0, 15.0, f"{_OUTER}, K_dxi_z"),
        Gain("max_tilt", "rad", math.radians(10.0), 0.2, 1.0, f"{_OUTER}, pq_clamp"),
        Gain("attitude_p", "1/s", 5.0, 1.0, 20.0, f"{_FILE}, STABILIZATION_INDI_REF_ERR_P"),
        Gain("rate_p", "1/s", 24.0, 3.0, 80.0, f"{_FILE}, STABILIZATION_INDI_REF_RATE_P"),
        Gain("cutoff_hz", "Hz", 8.0, 2.0, 30.0, f"{_FILE}, STABILIZATION_INDI_FILT_CUTOFF"),
        Gain("yaw_p", "1/s", 5.0, 0.5, 10.0, f"{_FILE}, STABILIZATION_INDI_REF_ERR_R"),
        Gain("yaw_rate_p", "1/s", 24.0, 1.0, 40.0, f"{_FILE}, STABILIZATION_INDI_REF_RATE_R"),
        Gain("max_thrust", "weights", 60000 * THRUST_PER_COUNT / GRAVITY, 1.3, 2.2, f"{_OUTER}, MAX_THRUST in counts"),
        rotor_lead(),
        preview(),
    ),
    memory=_MEMORY,
    step=_step,
)
