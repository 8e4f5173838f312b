"""Attitude on SO(3) as the tracking laws need it, in compiled code.

Equation numbers are those of Lee, Leok and McClamroch, "Geometric tracking control of a quadrotor
UAV on SE(3)" (CDC 2010). Rotations are row-major with nine elements, world<-body.
"""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import math

from numba import njit

from sim.controllers.layout import REF_JERK_W, REF_YAW_RATE


@njit(cache=True, error_model="numpy")
def desired_attitude(fx, fy, fz, yaw, out):
    """Write the attitude whose z axis is along a force and whose x axis heads towards ``yaw``.

    Lee (2010), section III; Mellinger and Kumar (2011), eq. (7)-(8). Without a force the attitude is level;
    with the heading along the force, where it says nothing, any right-handed frame is as good.

    Args:
        fx: force in the world frame; its length does not matter.
        fy: as fx.
        fz: as fx.
        yaw: heading, rad.
        out: (9,) written.
    """
    length = math.sqrt(fx * fx + fy * fy + fz * fz)
    if length < 1e-9:
        fx, fy, fz, length = 0.0, 0.0, 1.0, 1.0
    zx, zy, zz = fx / length, fy / length, fz / length
    cx, cy = math.cos(yaw), math.sin(yaw)
    # y = z x (cos yaw, sin yaw, 0), normalised; x = y x z
    yx, yy, yz = -zz * cy, zz * cx, zx * cy - zy * cx
    across = math.sqrt(yx * yx + yy * yy + yz * yz)
    if across < 1e-6:
        yx, yy, yz, across = -cy, cx, 0.0, 1.0
    yx, yy, yz = yx / across, yy / across, yz / across
    out[0], out[1], out[2] = yy * zz - yz * zy, yx, zx
    out[3], out[4], out[5] = yz * zx - yx * zz, yy, zy
    out[6], out[7], out[8] = yx * zy - yy * zx, yz, zz


@njit(cache=True, error_model="numpy")
def attitude_error(rotation, desired, out):
    """Write e_R = 1/2 (R_d^T R - R^T R_d)^vee, eq. (10): the sine of the angle, along its axis in the body.

    Args:
        rotation: (9,) R.
        desired: (9,) R_d.
        out: (3,) written.
    """
    out[0] = 0.5 * (_column_product(desired, 2, rotation, 1) - _column_product(rotation, 2, desired, 1))
    out[1] = 0.5 * (_column_product(desired, 0, rotation, 2) - _column_product(rotation, 0, desired, 2))
    out[2] = 0.5 * (_column_product(desired, 1, rotation, 0) - _column_product(rotation, 1, desired, 0))


@njit(cache=True, error_model="numpy")
def desired_rates(desired, specific_force, ref, out):
    """Write the angular velocity of the desired attitude, in its own frame, that the trajectory asks for.

    Mellinger and Kumar (2011), section III: h = (j - (z.j) z) / |f|, p = -h.y, q = h.x, r = yaw rate about z.

    Args:
        desired: (9,) desired attitude.
        specific_force: thrust over mass that carries the trajectory, m/s^2.
        ref: (14,) reference: its jerk and yaw rate.
        out: (3,) written, rad/s.
    """
    over = 1.0 / max(specific_force, 1.0)  # a trajectory in free fall says nothing of the attitude
    jx, jy, jz = ref[REF_JERK_W], ref[REF_JERK_W + 1], ref[REF_JERK_W + 2]
    out[0] = -over * (jx * desired[1] + jy * desired[4] + jz * desired[7])
    out[1] = over * (jx * desired[0] + jy * desired[3] + jz * desired[6])
    out[2] = ref[REF_YAW_RATE] * desired[8]


@njit(cache=True, error_model="numpy")
def into_body(rotation, desired, vector, out):
    """Write R^T R_d v: a vector of the desired frame as the body sees it, (3,)."""
    x = desired[0] * vector[0] + desired[1] * vector[1] + desired[2] * vector[2]
    y = desired[3] * vector[0] + desired[4] * vector[1] + desired[5] * vector[2]
    z = desired[6] * vector[0] + desired[7] * vector[1] + desired[8] * vector[2]
    for i in range(3):
        out[i] = rotation[i] * x + rotation[3 + i] * y + rotation[6 + i] * z


@njit(cache=True, error_model="numpy")
def thrust_along(rotation, fx, fy, fz):
    """Component of a world vector along the body's z axis: f . R e_3."""
    return fx * rotation[2] + fy * rotation[5] + fz * rotation[8]


@njit(cache=True, error_model="numpy")
def limit_tilt(fx, fy, fz, tangent):
    """Shorten the horizontal part of a force to at most ``tangent`` times its (positive) vertical part."""
    fz = max(fz, 1e-3)
    across = math.sqrt(fx * fx + fy * fy)
    if across > tangent * fz:
        return fx * tangent * fz / across, fy * tangent * fz / across, fz
    return fx, fy, fz


@njit(cache=True, error_model="numpy", inline="always")
def _column_product(a, i, b, j):
    return a[i] * b[j] + a[3 + i] * b[3 + j] + a[6 + i] * b[6 + j]
