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
def thrust_to_world(qw, qx, qy, qz, bx, by, bz):
    """``to_world``, with a third of the work where all rotors point along body z."""
    if bx != ZERO or by != ZERO:
        return to_world(qw, qx, qy, qz, bx, by, bz)
    zx, zy, zz = thrust_axis(qw, qx, qy, qz)
    return zx * bz, zy * bz, zz * bz


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
