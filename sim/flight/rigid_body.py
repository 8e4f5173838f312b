"""Rigid-body pieces of the kernel, as scalar functions that numba fuses into its loop.

The body is turned by w' = a + G(w) with diagonal inertia (Euler's equation; a is torque over
inertia), q' = q (0, w)/2 and pushed by a force that is constant in the body. Each function has its
transposed derivative beside it, for the adjoint. Rotations are homogeneous (|q|^2 R), as the stages
of a Runge-Kutta step leave their quaternions a little off the unit sphere.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit

from sim.flight.rotor import FASTMATH, TWO

ZERO = np.float32(0.0)
HALF = np.float32(0.5)
THIRD = np.float32(1.0 / 3.0)
SIXTH = np.float32(1.0 / 6.0)


@njit(inline="always", fastmath=FASTMATH)
def angular_acceleration(wx, wy, wz, ax, ay, az, gx, gy, gz):
    """Euler's equation, body frame, rad/s^2; ``g`` are layout.GYROSCOPIC."""
    return ax + gx * wy * wz, ay + gy * wz * wx, az + gz * wx * wy


@njit(inline="always", fastmath=FASTMATH)
def angular_acceleration_adjoint(wx, wy, wz, kx, ky, kz, gx, gy, gz):
    """Gradient with respect to w, given the gradient k of the angular acceleration."""
    sx, sy, sz = gx * kx, gy * ky, gz * kz
    return sy * wz + sz * wy, sx * wz + sz * wx, sx * wy + sy * wx


@njit(inline="always", fastmath=FASTMATH)
def quaternion_rate(qw, qx, qy, qz, wx, wy, wz):
    """Time derivative q (0, w)/2 of the attitude (wxyz, world<-body)."""
    return (
        -HALF * (qx * wx + qy * wy + qz * wz),
        HALF * (qw * wx + qy * wz - qz * wy),
        HALF * (qw * wy + qz * wx - qx * wz),
        HALF * (qw * wz + qx * wy - qy * wx),
    )


@njit(inline="always", fastmath=FASTMATH)
def quaternion_rate_adjoint(qw, qx, qy, qz, wx, wy, wz, kw, kx, ky, kz):
    """Gradients with respect to q (4) and w (3), given the gradient k of the rate."""
    return (
        HALF * (kx * wx + ky * wy + kz * wz),
        HALF * (kz * wy - kw * wx - ky * wz),
        HALF * (kx * wz - kw * wy - kz * wx),
        HALF * (ky * wx - kw * wz - kx * wy),
        HALF * (kx * qw - kw * qx + ky * qz - kz * qy),
        HALF * (ky * qw - kw * qy + kz * qx - kx * qz),
        HALF * (kz * qw - kw * qz + kx * qy - ky * qx),
    )


@njit(inline="always", fastmath=FASTMATH)
def thrust_axis(qw, qx, qy, qz):
    """Body z in the world: third column of the (homogeneous) rotation matrix of q."""
    return TWO * (qx * qz + qw * qy), TWO * (qy * qz - qw * qx), qw * qw - qx * qx - qy * qy + qz * qz


@njit(inline="always", fastmath=FASTMATH)
def thrust_axis_adjoint(qw, qx, qy, qz, zx, zy, zz):
    """Gradient with respect to q, given the gradient z of the axis."""
    return (
        TWO * (zx * qy - zy * qx + zz * qw),
        TWO * (zx * qz - zy * qw - zz * qx),
        TWO * (zx * qw + zy * qz - zz * qy),
        TWO * (zx * qx + zy * qy + zz * qz),
    )


@njit(inline="always", fastmath=FASTMATH)
def to_world(qw, qx, qy, qz, bx, by, bz):
    """Rotate the vector b from the body to the world: (w^2 - v v) b + 2 (v b) v + 2 w v x b, with q = (w, v)."""
    s = qw * qw - qx * qx - qy * qy - qz * qz
    t = TWO * (qx * bx + qy * by + qz * bz)
    w = TWO * qw
    return (
        s * bx + t * qx + w * (qy * bz - qz * by),
        s * by + t * qy + w * (qz * bx - qx * bz),
        s * bz + t * qz + w * (qx * by - qy * bx),
    )


@njit(inline="always", fastmath=FASTMATH)
def to_body(qw, qx, qy, qz, ex, ey, ez):
    """Rotate the vector e from the world to the body; also the gradient of ``to_world`` with respect to b."""
    return to_world(qw, -qx, -qy, -qz, ex, ey, ez)


@njit(inline="always", fastmath=FASTMATH)
def to_world_adjoint(qw, qx, qy, qz, bx, by, bz, ex, ey, ez):
    """Gradient of ``to_world`` with respect to q, given the gradient e of the rotated vector b."""
    along = ex * bx + ey * by + ez * bz
    ve, vb = qx * ex + qy * ey + qz * ez, qx * bx + qy * by + qz * bz
    cx, cy, cz = by * ez - bz * ey, bz * ex - bx * ez, bx * ey - by * ex
    return (
        TWO * (qw * along + qx * cx + qy * cy + qz * cz),
        TWO * (ve * bx + vb * ex - along * qx + qw * cx),
        TWO * (ve * by + vb * ey - along * qy + qw * cy),
        TWO * (ve * bz + vb * ez - along * qz + qw * cz),
    )


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def rotate(qw, qx, qy, qz, wx, wy, wz, ax, ay, az, gx, gy, gz, h):
    """RK4 of attitude and body rates; returns the four stages of each, and the rates at the end.

    Stages are ``q2 q3 q4`` (wxyz), the final unnormalised ``q``, ``w2 w3 w4`` and the final ``w``.
    """
    half_h = HALF * h
    k1x, k1y, k1z = angular_acceleration(wx, wy, wz, ax, ay, az, gx, gy, gz)
    w2x, w2y, w2z = wx + half_h * k1x, wy + half_h * k1y, wz + half_h * k1z
    k2x, k2y, k2z = angular_acceleration(w2x, w2y, w2z, ax, ay, az, gx, gy, gz)
    w3x, w3y, w3z = wx + half_h * k2x, wy + half_h * k2y, wz + half_h * k2z
    k3x, k3y, k3z = angular_acceleration(w3x, w3y, w3z, ax, ay, az, gx, gy, gz)
    w4x, w4y, w4z = wx + h * k3x, wy + h * k3y, wz + h * k3z
    k4x, k4y, k4z = angular_acceleration(w4x, w4y, w4z, ax, ay, az, gx, gy, gz)

    d1w, d1x, d1y, d1z = quaternion_rate(qw, qx, qy, qz, wx, wy, wz)
    q2w, q2x, q2y, q2z = qw + half_h * d1w, qx + half_h * d1x, qy + half_h * d1y, qz + half_h * d1z
    d2w, d2x, d2y, d2z = quaternion_rate(q2w, q2x, q2y, q2z, w2x, w2y, w2z)
    q3w, q3x, q3y, q3z = qw + half_h * d2w, qx + half_h * d2x, qy + half_h * d2y, qz + half_h * d2z
    d3w, d3x, d3y, d3z = quaternion_rate(q3w, q3x, q3y, q3z, w3x, w3y, w3z)
    q4w, q4x, q4y, q4z = qw + h * d3w, qx + h * d3x, qy + h * d3y, qz + h * d3z
    d4w, d4x, d4y, d4z = quaternion_rate(q4w, q4x, q4y, q4z, w4x, w4y, w4z)

    s = SIXTH * h
    return (
        (q2w, q2x, q2y, q2z),
        (q3w, q3x, q3y, q3z),
        (q4w, q4x, q4y, q4z),
        (
            qw + s * (d1w + d4w + TWO * (d2w + d3w)),
            qx + s * (d1x + d4x + TWO * (d2x + d3x)),
            qy + s * (d1y + d4y + TWO * (d2y + d3y)),
            qz + s * (d1z + d4z + TWO * (d2z + d3z)),
        ),
        (w2x, w2y, w2z),
        (w3x, w3y, w3z),
        (w4x, w4y, w4z),
        (
            wx + s * (k1x + k4x + TWO * (k2x + k3x)),
            wy + s * (k1y + k4y + TWO * (k2y + k3y)),
            wz + s * (k1z + k4z + TWO * (k2z + k3z)),
        ),
    )
