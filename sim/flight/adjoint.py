"""The kernel's hand-written adjoint: the gradient of one step, by the transposed RK4.

It recomputes the step inside, so nothing is stored but the states themselves. Parameters and wind
are constants: only state and command carry gradients. A command in the dead zone passes its
gradient through as if there were none: the true derivative, zero, would leave a rotor that stands
still no way to learn to turn.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight.air import drag_turn, drag_turn_adjoint, ground_effect_slope
from sim.flight.forces import battery_voltage, drag, ground_factor, lag_column, load, thrust
from sim.flight.kernel import require_batch, still_air
from sim.flight.layout import DEAD_ZONE, FIRST_ROTOR, RIGID_BODY_SIZE, ROTOR_STRIDE, STEP_S
from sim.flight.rigid_body import (
    HALF,
    SIXTH,
    THIRD,
    angular_acceleration_adjoint,
    quaternion_rate_adjoint,
    rotate,
    to_body,
    to_world,
    to_world_adjoint,
)
from sim.flight.rotor import FASTMATH, ONE, TWO, mean_thrust_slopes, reachable_speed


def step_adjoint(
    state: NDArray[np.float32],
    command: NDArray[np.float32],
    packed: NDArray[np.float32],
    grad_next: NDArray[np.float32],
    wind_w: NDArray[np.float32] | None = None,
    grad_state: NDArray[np.float32] | None = None,
    grad_command: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Back-propagate through ``kernel.step``.

    Args:
        state: state before the step, ``(num_envs, 13 + num_rotors)`` float32.
        command: command of the step, ``(num_envs, num_rotors)`` float32.
        packed: ``FlightParameters.packed(dt_s)``.
        grad_next: gradient with respect to the next state, shaped like ``state``.
        wind_w: velocity of the air, as given to the step; still when None.
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
    wind_w = still_air(state) if wind_w is None else wind_w
    require_batch(state, command, packed, wind_w, grad_next=grad_next, grad_state=grad_state, grad_command=grad_command)
    step_adjoint_batch(state, command, packed, wind_w, grad_next, grad_state, grad_command)
    return grad_state, grad_command


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def step_adjoint_batch(state, command, packed, wind_w, grad_next, grad_state, grad_command) -> None:
    """Unchecked ``step_adjoint``, callable from other numba code."""
    num_rotors = command.shape[1]
    for n in range(state.shape[0]):
        h = packed[n, STEP_S]
        half_h, third_h, sixth_h = HALF * h, THIRD * h, SIXTH * h
        total_speed, squares = load(state, n, num_rotors)
        voltage = battery_voltage(packed, n, squares)
        ux, uy, uz, tx, ty, tz = thrust(state, command, packed, n, voltage)
        ground = ground_factor(state, packed, n)
        bx, by, bz = ground * ux, ground * uy, ground * uz
        dx, dy, dz = drag(state, packed, wind_w, n, total_speed)
        ax, ay, az = drag_turn(packed, n, dx, dy, dz)
        ax, ay, az = (
            ax + packed[n, 13] + ground * tx,
            ay + packed[n, 14] + ground * ty,
            az + packed[n, 15] + ground * tz,
        )
        gx, gy, gz = packed[n, 16], packed[n, 17], packed[n, 18]
        qw, qx, qy, qz = state[n, 3], state[n, 4], state[n, 5], state[n, 6]
        wx, wy, wz = state[n, 10], state[n, 11], state[n, 12]
        q2, q3, q4, q5, w2, w3, w4, _ = rotate(qw, qx, qy, qz, wx, wy, wz, ax, ay, az, gx, gy, gz, h)

        # Translation: gradients e of each stage's acceleration, of the thrust's b (body) and of the constant f (world).
        px, py, pz = grad_next[n, 0], grad_next[n, 1], grad_next[n, 2]
        vx, vy, vz = grad_next[n, 7], grad_next[n, 8], grad_next[n, 9]
        e4x, e4y, e4z = sixth_h * vx, sixth_h * vy, sixth_h * vz
        hx, hy, hz = sixth_h * h * px, sixth_h * h * py, sixth_h * h * pz
        e1x, e1y, e1z = e4x + hx, e4y + hy, e4z + hz
        emx, emy, emz = e1x + e4x, e1y + e4y, e1z + e4z
        fx, fy, fz = h * (vx + half_h * px), h * (vy + half_h * py), h * (vz + half_h * pz)
        b1x, b1y, b1z = to_body(qw, qx, qy, qz, e1x, e1y, e1z)
        b2x, b2y, b2z = to_body(q2[0], q2[1], q2[2], q2[3], emx, emy, emz)
        b3x, b3y, b3z = to_body(q3[0], q3[1], q3[2], q3[3], emx, emy, emz)
        b4x, b4y, b4z = to_body(q4[0], q4[1], q4[2], q4[3], e4x, e4y, e4z)
        push_x, push_y, push_z = b1x + b2x + b3x + b4x, b1y + b2y + b3y + b4y, b1z + b2z + b3z + b4z

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
            q4[0], q4[1], q4[2], q4[3], w4[0], w4[1], w4[2], gx, gy, gz, bx, by, bz, e4x, e4y, e4z,
            sixth_h * rw, sixth_h * rx, sixth_h * ry, sixth_h * rz, sixth_h * ox, sixth_h * oy, sixth_h * oz,
        )  # fmt: skip
        k3x, k3y, k3z = third_h * ox + h * j4x, third_h * oy + h * j4y, third_h * oz + h * j4z
        i3w, i3x, i3y, i3z, j3x, j3y, j3z = stage_adjoint(
            q3[0], q3[1], q3[2], q3[3], w3[0], w3[1], w3[2], gx, gy, gz, bx, by, bz, emx, emy, emz,
            third_h * rw + h * i4w, third_h * rx + h * i4x, third_h * ry + h * i4y, third_h * rz + h * i4z,
            k3x, k3y, k3z,
        )  # fmt: skip
        k2x, k2y, k2z = third_h * ox + half_h * j3x, third_h * oy + half_h * j3y, third_h * oz + half_h * j3z
        i2w, i2x, i2y, i2z, j2x, j2y, j2z = stage_adjoint(
            q2[0], q2[1], q2[2], q2[3], w2[0], w2[1], w2[2], gx, gy, gz, bx, by, bz, emx, emy, emz,
            third_h * rw + half_h * i3w, third_h * rx + half_h * i3x,
            third_h * ry + half_h * i3y, third_h * rz + half_h * i3z,
            k2x, k2y, k2z,
        )  # fmt: skip
        k1x, k1y, k1z = sixth_h * ox + half_h * j2x, sixth_h * oy + half_h * j2y, sixth_h * oz + half_h * j2z
        i1w, i1x, i1y, i1z, j1x, j1y, j1z = stage_adjoint(
            qw, qx, qy, qz, wx, wy, wz, gx, gy, gz, bx, by, bz, e1x, e1y, e1z,
            sixth_h * rw + half_h * i2w, sixth_h * rx + half_h * i2x,
            sixth_h * ry + half_h * i2y, sixth_h * rz + half_h * i2z,
            k1x, k1y, k1z,
        )  # fmt: skip
        turn_x, turn_y, turn_z = (
            sixth_h * ox + k1x + k2x + k3x,
            sixth_h * oy + k1y + k2y + k3y,
            sixth_h * oz + k1z + k2z + k3z,
        )

        # Drag: d = -(sum of u) D R^T (v - wind), turns with the body's arm and pushes with R d.
        gx, gy, gz = to_body(qw, qx, qy, qz, fx, fy, fz)
        sx, sy, sz = drag_turn_adjoint(packed, n, turn_x, turn_y, turn_z)
        gx, gy, gz = gx + sx, gy + sy, gz + sz
        rel_x, rel_y, rel_z = state[n, 7] - wind_w[n, 0], state[n, 8] - wind_w[n, 1], state[n, 9] - wind_w[n, 2]
        lx, ly, lz = packed[n, 24] * gx, packed[n, 25] * gy, packed[n, 26] * gz
        mx, my, mz = to_body(qw, qx, qy, qz, rel_x, rel_y, rel_z)
        total_grad = -(lx * mx + ly * my + lz * mz)
        lx, ly, lz = -total_speed * lx, -total_speed * ly, -total_speed * lz
        sx, sy, sz = to_world(qw, qx, qy, qz, lx, ly, lz)
        dw, dx, dy, dz = to_world_adjoint(qw, qx, qy, qz, dx, dy, dz, fx, fy, fz)
        cw, cx, cy, cz = to_world_adjoint(qw, qx, qy, qz, lx, ly, lz, rel_x, rel_y, rel_z)

        grad_state[n, 3] = rw + i1w + i2w + i3w + i4w + dw + cw
        grad_state[n, 4] = rx + i1x + i2x + i3x + i4x + dx + cx
        grad_state[n, 5] = ry + i1y + i2y + i3y + i4y + dy + cy
        grad_state[n, 6] = rz + i1z + i2z + i3z + i4z + dz + cz
        grad_state[n, 7], grad_state[n, 8], grad_state[n, 9] = vx + h * px + sx, vy + h * py + sy, vz + h * pz + sz
        grad_state[n, 10] = ox + j1x + j2x + j3x + j4x
        grad_state[n, 11] = oy + j1y + j2y + j3y + j4y
        grad_state[n, 12] = oz + j1z + j2z + j3z + j4z

        # Ground effect: a factor on all thrust.
        by_height = ground_effect_slope(state[n, 2] - packed[n, 22], packed[n, 23])
        pz += by_height * (push_x * ux + push_y * uy + push_z * uz + turn_x * tx + turn_y * ty + turn_z * tz)
        grad_state[n, 0], grad_state[n, 1], grad_state[n, 2] = px, py, pz

        # Rotors: each newton pushes and turns; what a command reaches depends on the load of all.
        voltage_grad = np.float32(0.0)
        for i in range(num_rotors):
            u = state[n, RIGID_BODY_SIZE + i]
            c = reachable_speed(command[n, i], voltage, packed[n, DEAD_ZONE])
            lag = lag_column(u, c)
            k = FIRST_ROTOR + ROTOR_STRIDE * i
            force_grad = ground * (
                packed[n, k] * push_x + packed[n, k + 1] * push_y + packed[n, k + 2] * push_z
                + packed[n, k + 3] * turn_x + packed[n, k + 4] * turn_y + packed[n, k + 5] * turn_z
            )  # fmt: skip
            by_speed, by_command = mean_thrust_slopes(
                u, c, packed[n, lag + 1], packed[n, lag + 2], packed[n, 8], packed[n, 9]
            )
            reached = packed[n, lag]
            speed_grad = grad_next[n, RIGID_BODY_SIZE + i]
            reachable_grad = reached * speed_grad + force_grad * by_command
            grad_command[n, i] = voltage * reachable_grad
            voltage_grad += reachable_grad * (c / voltage)
            grad_state[n, RIGID_BODY_SIZE + i] = (ONE - reached) * speed_grad + force_grad * by_speed + total_grad
        by_square = -TWO * packed[n, 21] * voltage_grad
        for i in range(num_rotors):
            grad_state[n, RIGID_BODY_SIZE + i] += by_square * state[n, RIGID_BODY_SIZE + i]


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def stage_adjoint(
    qw, qx, qy, qz, wx, wy, wz, gx, gy, gz, bx, by, bz, ex, ey, ez, dw, dx, dy, dz, kx, ky, kz
):  # fmt: skip
    """One Runge-Kutta stage: gradients with respect to its q (4) and w (3).

    Given the gradients of the stage's acceleration e, quaternion rate d and angular acceleration k.
    """
    ew, ei, ej, ek = to_world_adjoint(qw, qx, qy, qz, bx, by, bz, ex, ey, ez)
    iw, ix, iy, iz, jx, jy, jz = quaternion_rate_adjoint(qw, qx, qy, qz, wx, wy, wz, dw, dx, dy, dz)
    lx, ly, lz = angular_acceleration_adjoint(wx, wy, wz, kx, ky, kz, gx, gy, gz)
    return iw + ew, ix + ei, iy + ej, iz + ek, jx + lx, jy + ly, jz + lz
