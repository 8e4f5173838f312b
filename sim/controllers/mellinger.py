"""Mellinger and Kumar, "Minimum snap trajectory generation and control" (ICRA 2011), as the firmware has it.

    F = -K_p e_p - K_v e_v - K_i int e_p + m g z_W + m a_d,   u_1 = F . z_B            (6), with an integral
    M = -K_R e_R - K_w e_w - K_I int e_R - K_d d(w - w_d)/dt                            (9), with two more terms

``controller_mellinger.c`` adds the integrals and the derivative of roll and pitch rate. Unlike Lee's law the rate
error is the plain difference w - w_d, and nothing of the body's gyroscopic torque is cancelled.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np
from numba import njit

from sim.controllers.firmware import INERTIA, MASS, MELLINGER_NEWTONS_PER_COUNT, ROTOR_ARM, TORQUE_PER_THRUST
from sim.controllers.geometry import attitude_error, desired_attitude, desired_rates, thrust_along
from sim.controllers.law import Gain, Law, preview, rotor_lead
from sim.controllers.layout import ANGULAR_VELOCITY_B, REF_YAW, ROTATION, VELOCITY_W
from sim.controllers.mixer import command_rotors
from sim.controllers.position import wanted_force
from sim.flight.crazyflie_pid import clip

_FILE = "crazyflie-firmware 2a18fc2, controller_mellinger.c"
_OVER_MASS = f"{_FILE}, in N, over its mass of 29 g"
_COUNTS = f"{_FILE}, in counts (firmware.py)"
_ROLL = 4 * 0.5 * MELLINGER_NEWTONS_PER_COUNT * ROTOR_ARM / INERTIA[0]
"""Angular acceleration of a count of roll or pitch, rad/s^2."""
_YAW = 4 * MELLINGER_NEWTONS_PER_COUNT * TORQUE_PER_THRUST / INERTIA[2]
_HALF = 2.0
"""The firmware leaves the 1/2 out of its attitude error."""

MAX_INTEGRAL_XY, MAX_INTEGRAL_Z = 2.0, 0.4
"""m s: ``i_range_xy`` and ``i_range_z``."""
MAX_ATTITUDE_INTEGRAL = 1.0
"""rad s: ``i_range_m_xy``; also about z, where the firmware's 1500 is none."""

_MEMORY = 9
"""Integrals of position (m s, 3) and attitude error (rad s, 3); then, see below, what the derivative needs."""
_LAST, _STARTED = 3, 5
"""Behind the attitude integrals: rate error of the last step about x and y (rad/s); 1 once it is known."""

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
    _RATE_D,
    _YAW_P,
    _YAW_RATE_P,
    _YAW_I,
    _ROTOR_LEAD,
) = range(14)
"""Where the row of gains keeps each, in the order of ``LAW.gains``; the last, the preview, is the Controller's."""


@njit(cache=True, error_model="numpy")
def _step(airframe, estimate, reference, gains, memory, command):
    desired, force, error, rates, torque = np.empty(9), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for n in range(estimate.shape[0]):
        e, ref, g = estimate[n], reference[n], gains[n]
        rotation = e[ROTATION:VELOCITY_W]
        wanted_force(airframe.period_s, e, ref, g, MAX_INTEGRAL_XY, MAX_INTEGRAL_Z, memory[n, :3], force)
        desired_attitude(force[0], force[1], force[2], ref[REF_YAW], desired)
        thrust = thrust_along(rotation, force[0], force[1], force[2])
        attitude_error(rotation, desired, error)
        desired_rates(desired, thrust, ref, rates)
        _moment(airframe, e[ANGULAR_VELOCITY_B:], error, rates, g, memory[n, 3:_MEMORY], torque)
        command_rotors(
            airframe, airframe.mass * thrust, torque, g[_ROTOR_LEAD], memory[n, _MEMORY:], command[n]
        )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _moment(airframe, w, error, desired_w, g, memory, out):
    """Equation (9), N m: ``w`` body rates, ``desired_w`` those of the trajectory, ``error`` e_R; each (3,)."""
    started = memory[_STARTED] == 1.0
    for i in range(3):
        k = _ATTITUDE_P if i < 2 else _YAW_P
        memory[i] = clip(memory[i] + error[i] * airframe.period_s, MAX_ATTITUDE_INTEGRAL)
        e_w = w[i] - desired_w[i]
        feedback = g[k] * error[i] + g[k + 1] * e_w + g[k + 2] * memory[i]
        if i < 2:
            if started:
                feedback += g[_RATE_D] * (e_w - memory[_LAST + i]) / airframe.period_s
            memory[_LAST + i] = e_w
        out[i] = -airframe.inertia[i] * feedback
    memory[_STARTED] = 1.0


LAW = Law(
    name="mellinger",
    title="Mellinger",
    source=f"Mellinger and Kumar, ICRA 2011 (no gains there); {_FILE}",
    gains=(
        Gain("position_p", "1/s^2", 0.4 / MASS, 1.0, 40.0, f"{_OVER_MASS}, kp_xy"),
        Gain("velocity_p", "1/s", 0.2 / MASS, 1.0, 15.0, f"{_OVER_MASS}, kd_xy"),
        Gain("position_i", "1/s^3", 0.05 / MASS, 0.0, 10.0, f"{_OVER_MASS}, ki_xy"),
        Gain("position_z_p", "1/s^2", 1.25 / MASS, 1.0, 60.0, f"{_OVER_MASS}, kp_z"),
        Gain("velocity_z_p", "1/s", 0.4 / MASS, 1.0, 20.0, f"{_OVER_MASS}, kd_z"),
        Gain("position_z_i", "1/s^3", 0.05 / MASS, 0.0, 10.0, f"{_OVER_MASS}, ki_z"),
        Gain("attitude_p", "1/s^2", _HALF * 70000 * _ROLL, 10.0, 1500.0, f"{_COUNTS}, kR_xy, doubled for the 1/2"),
        Gain("rate_p", "1/s", 20000 * _ROLL, 4.0, 200.0, f"{_COUNTS}, kw_xy"),
        Gain("attitude_i", "1/s^3", 0.0, 0.0, 400.0, f"{_COUNTS}, ki_m_xy"),
        Gain("rate_d", "1", 200 * _ROLL, 0.0, 2.0, f"{_COUNTS}, kd_omega_rp"),
        Gain("yaw_p", "1/s^2", _HALF * 60000 * _YAW, 2.0, 400.0, f"{_COUNTS}, kR_z, doubled for the 1/2"),
        Gain("yaw_rate_p", "1/s", 12000 * _YAW, 2.0, 100.0, f"{_COUNTS}, kw_z"),
        Gain("yaw_i", "1/s^3", _HALF * 500 * _YAW, 0.0, 200.0, f"{_COUNTS}, ki_m_z, doubled for the 1/2"),
        rotor_lead(),
        preview(),
    ),
    memory=_MEMORY,
    step=_step,
)
