"""Geometric tracking on SE(3): Lee, Leok and McClamroch (CDC 2010), as the Crazyflie firmware has it.

With e_x = x - x_d, e_v = v - v_d and the attitude and rate errors of geometry.py:

    f = (-k_x e_x - k_v e_v - k_i int e_x + m g e_3 + m a_d) . R e_3                       (15), with an integral
    M = -k_R e_R - k_W e_W - k_I int e_R + W x J W - J (W^ R^T R_d W_d)                    (16), with an integral

``controller_lee.c`` adds the integrals (Goodarzi, Lee and Lee 2013) and leaves out the last term; here it is kept,
with W_d from the trajectory's jerk, but not R^T R_d dW_d/dt, which would need its snap.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np
from numba import njit

from sim.controllers.firmware import INERTIA
from sim.controllers.geometry import attitude_error, desired_attitude, desired_rates, into_body, thrust_along
from sim.controllers.law import Gain, Law, preview, rotor_lead
from sim.controllers.layout import ANGULAR_VELOCITY_B, REF_YAW, ROTATION, VELOCITY_W
from sim.controllers.mixer import command_rotors
from sim.controllers.position import wanted_force
from sim.flight.crazyflie_pid import clip

_FILE = "crazyflie-firmware 2a18fc2, controller_lee.c"
_OVER_J = f"{_FILE}, in N m, over its J"
_PAPER = "the paper's is 16 (k_x = 16 m)", "the paper's is 5.6 (k_v = 5.6 m)"

MAX_POSITION_INTEGRAL, MAX_ATTITUDE_INTEGRAL = 2.0, 1.0
"""m s (``Kpos_I_limit``) and rad s (the firmware has no limit here: it would wind up)."""

_MEMORY = 6
"""Integrals of the position error (m s) and of the attitude error (rad s)."""

(
    _POSITION_P,
    _VELOCITY_P,
    _POSITION_I,
    _POSITION_Z_P,
    _VELOCITY_Z_P,
    _POSITION_Z_I,
    _ATTITUDE_P,
    _RATE_P,
    _ATTITUDE_I,
    _YAW_P,
    _YAW_RATE_P,
    _YAW_I,
    _ROTOR_LEAD,
) = range(13)
"""Where the row of gains keeps each, in the order of ``LAW.gains``; the last, the preview, is the Controller's."""


@njit(cache=True, error_model="numpy")
def _step(airframe, estimate, reference, gains, memory, command):
    desired, force, error, rates, torque = np.empty(9), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for n in range(estimate.shape[0]):
        e, ref, g = estimate[n], reference[n], gains[n]
        rotation = e[ROTATION:VELOCITY_W]
        wanted_force(
            airframe.period_s, e, ref, g, MAX_POSITION_INTEGRAL, MAX_POSITION_INTEGRAL, memory[n, :3], force
        )  # fmt: skip
        desired_attitude(force[0], force[1], force[2], ref[REF_YAW], desired)
        thrust = thrust_along(rotation, force[0], force[1], force[2])
        attitude_error(rotation, desired, error)
        desired_rates(desired, thrust, ref, torque)
        into_body(rotation, desired, torque, rates)
        _moment(airframe, e[ANGULAR_VELOCITY_B:], error, rates, g, memory[n, 3:_MEMORY], torque)
        command_rotors(
            airframe, airframe.mass * thrust, torque, g[_ROTOR_LEAD], memory[n, _MEMORY:], command[n]
        )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _moment(airframe, w, error, desired_w, g, integral, out):
    """Equation (16), N m: ``w`` is W, ``desired_w`` R^T R_d W_d, ``error`` e_R; each (3,) in the body frame."""
    j = airframe.inertia
    for i in range(3):
        k, a, b = _ATTITUDE_P if i < 2 else _YAW_P, (i + 1) % 3, (i + 2) % 3
        integral[i] = clip(integral[i] + error[i] * airframe.period_s, MAX_ATTITUDE_INTEGRAL)
        feedback = g[k] * error[i] + g[k + 1] * (w[i] - desired_w[i]) + g[k + 2] * integral[i]
        gyroscopic = w[a] * w[b] * (j[b] - j[a])
        transport = w[a] * desired_w[b] - w[b] * desired_w[a]
        out[i] = gyroscopic - j[i] * (feedback + transport)


LAW = Law(
    name="lee",
    title="Lee",
    source=f"Lee, Leok and McClamroch, CDC 2010; {_FILE}",
    gains=(
        Gain("position_p", "1/s^2", 7.0, 1.0, 40.0, f"{_FILE}, Kpos_P; {_PAPER[0]}"),
        Gain("velocity_p", "1/s", 4.0, 1.0, 15.0, f"{_FILE}, Kpos_D; {_PAPER[1]}"),
        Gain("position_i", "1/s^3", 0.0, 0.0, 10.0, f"{_FILE}, Kpos_I"),
        Gain("position_z_p", "1/s^2", 7.0, 1.0, 40.0, f"{_FILE}, Kpos_P"),
        Gain("velocity_z_p", "1/s", 4.0, 1.0, 15.0, f"{_FILE}, Kpos_D"),
        Gain("position_z_i", "1/s^3", 0.0, 0.0, 10.0, f"{_FILE}, Kpos_I"),
        Gain("attitude_p", "1/s^2", 0.007 / INERTIA[0], 10.0, 800.0, f"{_OVER_J}, KR; the paper's is 107 (8.81 N m)"),
        Gain("rate_p", "1/s", 0.00115 / INERTIA[0], 4.0, 120.0, f"{_OVER_J}, Komega; the paper's is 31 (2.54 N m s)"),
        Gain("attitude_i", "1/s^3", 0.03 / INERTIA[0], 0.0, 400.0, f"{_OVER_J}, KI"),
        Gain("yaw_p", "1/s^2", 0.008 / INERTIA[2], 2.0, 400.0, f"{_OVER_J}, KR"),
        Gain("yaw_rate_p", "1/s", 0.002 / INERTIA[2], 2.0, 100.0, f"{_OVER_J}, Komega"),
        Gain("yaw_i", "1/s^3", 0.03 / INERTIA[2], 0.0, 200.0, f"{_OVER_J}, KI"),
        rotor_lead(),
        preview(),
    ),
    memory=_MEMORY,
    step=_step,
)
