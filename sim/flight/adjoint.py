"""The kernel's hand-written adjoint: the gradient of one step, by the transposed RK4.

It recomputes the step inside, so nothing is stored but the states themselves. Parameters are
constants: only state and command carry gradients.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight.kernel import SIXTH, THIRD, accelerations, lag_column, require_batch, rotate
from sim.flight.layout import FIRST_ROTOR, INVERSE_MASS, RIGID_BODY_SIZE, ROTOR_STRIDE, STEP_S
from sim.flight.rigid_body import (
    HALF,
    angular_acceleration_adjoint,
    quaternion_rate_adjoint,
    thrust_axis,
    thrust_axis_adjoint,
)
from sim.flight.rotor import FASTMATH, ONE, mean_thrust_slopes


def step_adjoint(
    state: NDArray[np.float32],
    command: NDArray[np.float32],
    packed: NDArray[np.float32],
    grad_next: NDArray[np.float32],
    grad_state: NDArray[np.float32] | None = None,
    grad_command: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Back-propagate through ``kernel.step``.

    Args:
        state: state before the step, ``(num_envs, 13 + num_rotors)`` float32.
        command: command of the step, ``(num_envs, num_rotors)`` float32.
        packed: ``FlightParameters.packed(dt_s)``.
        grad_next: gradient with respect to the next state, shaped like ``state``.
        grad_state: where to write the gradient with respect to ``state``; may be ``grad_next``
            itself; allocated when None. It is overwritten, not added to.
        grad_command: the same for ``command``.

    Returns:
        ``grad_state`` and ``grad_command``. The quaternion's gradient is that of the four
        unconstrained components.

    Raises:
        ConfigError: for arrays of another shape, type or memory order.
    """
    if grad_state is None:
        grad_state = np.empty_like(state)
    if grad_command is None:
        grad_command = np.empty_like(command)
    require_batch(state, command, packed, grad_next=grad_next, grad_state=grad_state, grad_command=grad_command)
    step_adjoint_batch(state, command, packed, grad_next, grad_state, grad_command)
    return grad_state, grad_command


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def step_adjoint_batch(state, command, packed, grad_next, grad_state, grad_command) -> None:
    """Unchecked ``step_adjoint``, callable from other numba code."""
    num_rotors = command.shape[1]
    for n in range(state.shape[0]):
        h = packed[n, STEP_S]
        half_h, third_h, sixth_h = HALF * h, THIRD * h, SIXTH * h
        thrust, ax, ay, az = accelerations(state, command, packed, n)
        gx, gy, gz = packed[n, 17], packed[n, 18], packed[n, 19]
        qw, qx, qy, qz = state[n, 3], state[n, 4], state[n, 5], state[n, 6]
        wx, wy, wz = state[n, 10], state[n, 11], state[n, 12]
        q2, q3, q4, q5, w2, w3, w4, _ = rotate(qw, qx, qy, qz, wx, wy, wz, ax, ay, az, gx, gy, gz, h)

        # Translation: gradient of each stage's thrust axis, and of the specific thrust b.
        px, py, pz = grad_next[n, 0], grad_next[n, 1], grad_next[n, 2]
        vx, vy, vz = grad_next[n, 7], grad_next[n, 8], grad_next[n, 9]
        grad_state[n, 0], grad_state[n, 1], grad_state[n, 2] = px, py, pz
        grad_state[n, 7], grad_state[n, 8], grad_state[n, 9] = vx + h * px, vy + h * py, vz + h * pz
        e4x, e4y, e4z = sixth_h * vx, sixth_h * vy, sixth_h * vz
        hx, hy, hz = sixth_h * h * px, sixth_h * h * py, sixth_h * h * pz
        e1x, e1y, e1z = e4x + hx, e4y + hy, e4z + hz
        emx, emy, emz = e1x + e4x, e1y + e4y, e1z + e4z
        z1x, z1y, z1z = thrust_axis(qw, qx, qy, qz)
        z2x, z2y, z2z = thrust_axis(q2[0], q2[1], q2[2], q2[3])
        z3x, z3y, z3z = thrust_axis(q3[0], q3[1], q3[2], q3[3])
        z4x, z4y, z4z = thrust_axis(q4[0], q4[1], q4[2], q4[3])
        b_grad = (
            e1x * z1x + e1y * z1y + e1z * z1z
            + emx * (z2x + z3x) + emy * (z2y + z3y) + emz * (z2z + z3z)
            + e4x * z4x + e4y * z4y + e4z * z4z
        )  # fmt: skip
        inverse_mass = packed[n, INVERSE_MASS]
        b = inverse_mass * thrust

        # Normalisation of the quaternion.
        scale = ONE / np.sqrt(q5[0] * q5[0] + q5[1] * q5[1] + q5[2] * q5[2] + q5[3] * q5[3])
        nw, nx, ny, nz = scale * q5[0], scale * q5[1], scale * q5[2], scale * q5[3]
        rw, rx, ry, rz = grad_next[n, 3], grad_next[n, 4], grad_next[n, 5], grad_next[n, 6]
        along = nw * rw + nx * rx + ny * ry + nz * rz
        rw, rx, ry, rz = (
            scale * (rw - along * nw),
            scale * (rx - along * nx),
            scale * (ry - along * ny),
            scale * (rz - along * nz),
        )

        # Stages in reverse. d: gradient of a stage's quaternion rate; k: of its angular acceleration;
        # i: of its quaternion; j: of its angular velocity.
        ox, oy, oz = grad_next[n, 10], grad_next[n, 11], grad_next[n, 12]
        i4w, i4x, i4y, i4z, j4x, j4y, j4z = stage_adjoint(
            q4[0], q4[1], q4[2], q4[3], w4[0], w4[1], w4[2], gx, gy, gz, b * e4x, b * e4y, b * e4z,
            sixth_h * rw, sixth_h * rx, sixth_h * ry, sixth_h * rz, sixth_h * ox, sixth_h * oy, sixth_h * oz,
        )  # fmt: skip
        k3x, k3y, k3z = third_h * ox + h * j4x, third_h * oy + h * j4y, third_h * oz + h * j4z
        i3w, i3x, i3y, i3z, j3x, j3y, j3z = stage_adjoint(
            q3[0], q3[1], q3[2], q3[3], w3[0], w3[1], w3[2], gx, gy, gz, b * emx, b * emy, b * emz,
            third_h * rw + h * i4w, third_h * rx + h * i4x, third_h * ry + h * i4y, third_h * rz + h * i4z,
            k3x, k3y, k3z,
        )  # fmt: skip
        k2x, k2y, k2z = third_h * ox + half_h * j3x, third_h * oy + half_h * j3y, third_h * oz + half_h * j3z
        i2w, i2x, i2y, i2z, j2x, j2y, j2z = stage_adjoint(
            q2[0], q2[1], q2[2], q2[3], w2[0], w2[1], w2[2], gx, gy, gz, b * emx, b * emy, b * emz,
            third_h * rw + half_h * i3w, third_h * rx + half_h * i3x,
            third_h * ry + half_h * i3y, third_h * rz + half_h * i3z,
            k2x, k2y, k2z,
        )  # fmt: skip
        k1x, k1y, k1z = sixth_h * ox + half_h * j2x, sixth_h * oy + half_h * j2y, sixth_h * oz + half_h * j2z
        i1w, i1x, i1y, i1z, j1x, j1y, j1z = stage_adjoint(
            qw, qx, qy, qz, wx, wy, wz, gx, gy, gz, b * e1x, b * e1y, b * e1z,
            sixth_h * rw + half_h * i2w, sixth_h * rx + half_h * i2x,
            sixth_h * ry + half_h * i2y, sixth_h * rz + half_h * i2z,
            k1x, k1y, k1z,
        )  # fmt: skip
        grad_state[n, 3] = rw + i1w + i2w + i3w + i4w
        grad_state[n, 4] = rx + i1x + i2x + i3x + i4x
        grad_state[n, 5] = ry + i1y + i2y + i3y + i4y
        grad_state[n, 6] = rz + i1z + i2z + i3z + i4z
        grad_state[n, 10] = ox + j1x + j2x + j3x + j4x
        grad_state[n, 11] = oy + j1y + j2y + j3y + j4y
        grad_state[n, 12] = oz + j1z + j2z + j3z + j4z

        # Rotors: each newton pushes (b) and turns (a).
        b_grad *= inverse_mass
        ax, ay, az = sixth_h * ox + k1x + k2x + k3x, sixth_h * oy + k1y + k2y + k3y, sixth_h * oz + k1z + k2z + k3z
        for i in range(num_rotors):
            u, c = state[n, RIGID_BODY_SIZE + i], command[n, i]
            lag = lag_column(u, c)
            k = FIRST_ROTOR + ROTOR_STRIDE * i
            force_grad = packed[n, k] * (b_grad + packed[n, k + 1] * ax + packed[n, k + 2] * ay + packed[n, k + 3] * az)
            by_speed, by_command = mean_thrust_slopes(
                u, c, packed[n, lag + 1], packed[n, lag + 2], packed[n, 8], packed[n, 9]
            )
            reached = packed[n, lag]
            speed_grad = grad_next[n, RIGID_BODY_SIZE + i]
            grad_command[n, i] = reached * speed_grad + force_grad * by_command
            grad_state[n, RIGID_BODY_SIZE + i] = (ONE - reached) * speed_grad + force_grad * by_speed


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def stage_adjoint(
    qw, qx, qy, qz, wx, wy, wz, gx, gy, gz, ex, ey, ez, dw, dx, dy, dz, kx, ky, kz
):  # fmt: skip
    """One Runge-Kutta stage: gradients with respect to its q (4) and w (3).

    Given the gradients of the stage's thrust axis e, quaternion rate d and angular acceleration k.
    """
    ew, ei, ej, ek = thrust_axis_adjoint(qw, qx, qy, qz, ex, ey, ez)
    iw, ix, iy, iz, jx, jy, jz = quaternion_rate_adjoint(qw, qx, qy, qz, wx, wy, wz, dw, dx, dy, dz)
    lx, ly, lz = angular_acceleration_adjoint(wx, wy, wz, kx, ky, kz, gx, gy, gz)
    return iw + ew, ix + ei, iy + ej, iz + ek, jx + lx, jy + ly, jz + lz
