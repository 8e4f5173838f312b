"""The position loop that Lee's and Mellinger's laws share: a PID with the trajectory's acceleration fed forward."""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

from numba import njit

from sim.controllers.layout import REF_ACCELERATION_W, REF_VELOCITY_W, VELOCITY_W
from sim.flight.crazyflie_pid import clip
from sim.spec import GRAVITY


@njit(cache=True, error_model="numpy")
def wanted_force(dt, e, ref, gains, limit_xy, limit_z, integral, out):
    """Write k_p e_p + k_v e_v + k_i int e_p + g e_3 + a_d: the wanted force over mass, world frame, m/s^2.

    Args:
        dt: time since the last step, s.
        e: (18,) estimate.
        ref: (14,) reference.
        gains: (6 or more,) k_p (1/s^2), k_v (1/s), k_i (1/s^3) of the horizontal axes, then of the vertical one.
        limit_xy: of the integral, m s.
        limit_z: of the vertical integral, m s.
        integral: (3,) of the position error, m s; advanced.
        out: (3,) written.
    """
    for i in range(3):
        k, limit = (0, limit_xy) if i < 2 else (3, limit_z)
        error = ref[i] - e[i]
        integral[i] = clip(integral[i] + error * dt, limit)
        feedback = gains[k] * error + gains[k + 1] * (ref[REF_VELOCITY_W + i] - e[VELOCITY_W + i])
        out[i] = feedback + gains[k + 2] * integral[i] + ref[REF_ACCELERATION_W + i]
    out[2] += GRAVITY
