"""A multirotor behind its own attitude controller: a reduced plant, fused and differentiable.

For policies that command attitude and thrust every 20 ms the rotors and the loops around them
are too fast to follow one by one. What is left of them is a third-order system per axis, the
rate loop's angular acceleration behind the rotors' lag,

    a' = (k_r (k_a (c - sin(angle)) - w) - a) / tau,    w' = a + bias(f),  q' = q (0, w)/2,

and a first-order lag of the thrust f; the body is pushed along its z axis. ``attitude_loop.py`` derives
the coefficients from the airframe and the law of ``crazyflie_pid.py``; tests hold the step
responses against the full body under the full law in MuJoCo. Left out: saturation, gyroscopic
torque and the integral part of the rate loop.

State, ``(num_envs, 17)``: as in layout.py, with the lagged angular acceleration (3, in
``ANGULAR_ACCELERATION_UNIT``) and the lagged thrust (fraction of the full one) for the rotors.
Commands, ``(num_envs, 4)``: roll, pitch, yaw rate, thrust, each as a fraction of its range.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight import layout
from sim.flight.rigid_body import HALF, quaternion_rate, quaternion_rate_adjoint, thrust_axis, thrust_axis_adjoint
from sim.flight.rotor import FASTMATH, ONE, TWO

SUBSTEPS = 4
"""Euler steps per control period: 5 ms at 50 Hz, a tenth of the fastest lag."""
ANGULAR_ACCELERATION_UNIT = np.float32(50.0)
"""rad/s^2: makes the state's actuator part of order one."""
STATE_SIZE = 17
COMMANDS = 4

STEP_S = 0
"""Substep, s."""
LOW, SPAN = slice(1, 5), slice(5, 9)
"""Command = low + span * fraction: rad, rad, rad/s, fraction of the full thrust."""
ATTITUDE_GAIN = 9
"""k_a, 1/s"""
RATE_GAIN = slice(10, 13)
"""k_r about x, y, z, 1/s; about z the command is a rate and k_a plays no part."""
LAG_SHARE = 13
"""Share of the way that the rotors' lag goes in one substep."""
SPECIFIC_THRUST = 14
"""Full thrust over mass, m/s^2."""
FREE_ACCELERATION_W = slice(15, 18)
"""Gravity plus the force disturbance over mass, m/s^2."""
BIAS = slice(18, 21)
"""Angular acceleration that the loops do not know of, rad/s^2."""
THRUST_BIAS = slice(21, 24)
"""The same per full thrust: unequal rotors, or a centre of mass beside theirs, turn with thrust."""
PACKED_SIZE = 24


def step(state: NDArray[np.float32], command: NDArray[np.float32], packed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Advance every environment by one control period.

    Args:
        state: ``(num_envs, 17)`` float32.
        command: fractions of the range, held over the period, ``(num_envs, 4)`` float32.
        packed: coefficients, ``(num_envs, 24)`` float32.

    Returns:
        The next state. NaN in an environment's input gives NaN in its output and in no other's.

    Raises:
        ConfigError: for arrays of another shape, type or memory order.
    """
    _require(state, command, packed)
    out = np.empty_like(state)
    step_batch(state, command, packed, out)
    return out


def step_adjoint(
    state: NDArray[np.float32],
    command: NDArray[np.float32],
    packed: NDArray[np.float32],
    grad_next: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Back-propagate through ``step``: gradients with respect to state and command, given that of the next state.

    Raises:
        ConfigError: for arrays of another shape, type or memory order.
    """
    _require(state, command, packed)
    layout.require_array("grad_next", grad_next, state.shape)
    grad_state, grad_command = np.empty_like(state), np.empty_like(command)
    step_adjoint_batch(state, command, packed, grad_next, grad_state, grad_command)
    return grad_state, grad_command


def _require(state: NDArray[np.float32], command: NDArray[np.float32], packed: NDArray[np.float32]) -> None:
    layout.require_array("state", state, (len(state), STATE_SIZE))
    layout.require_array("command", command, (len(state), COMMANDS))
    layout.require_array("packed", packed, (len(state), PACKED_SIZE))


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def substep(x, y, command, packed, n):
    """Advance one substep: ``x`` (17,) -> ``y`` (17,), of environment ``n``."""
    h, attitude_gain, share = packed[n, 0], packed[n, 9], packed[n, 13]
    roll = packed[n, 1] + packed[n, 5] * command[n, 0]
    pitch = packed[n, 2] + packed[n, 6] * command[n, 1]
    yaw_rate = packed[n, 3] + packed[n, 7] * command[n, 2]
    thrust = packed[n, 4] + packed[n, 8] * command[n, 3]
    qw, qx, qy, qz = x[3], x[4], x[5], x[6]
    # Sines of roll and pitch: third row of the rotation matrix.
    p = attitude_gain * (roll - TWO * (qy * qz + qw * qx))
    q = attitude_gain * (pitch + TWO * (qx * qz - qw * qy))
    unit = ONE / ANGULAR_ACCELERATION_UNIT
    y[13] = x[13] + share * (unit * packed[n, 10] * (p - x[10]) - x[13])
    y[14] = x[14] + share * (unit * packed[n, 11] * (q - x[11]) - x[14])
    y[15] = x[15] + share * (unit * packed[n, 12] * (yaw_rate - x[12]) - x[15])
    y[16] = x[16] + share * (thrust - x[16])
    for i in range(3):
        bias = packed[n, 18 + i] + packed[n, 21 + i] * y[16]
        y[10 + i] = x[10 + i] + h * (ANGULAR_ACCELERATION_UNIT * y[13 + i] + bias)
    dw, dx, dy, dz = quaternion_rate(qw, qx, qy, qz, y[10], y[11], y[12])
    qw, qx, qy, qz = qw + h * dw, qx + h * dx, qy + h * dy, qz + h * dz
    scale = ONE / np.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
    y[3], y[4], y[5], y[6] = scale * qw, scale * qx, scale * qy, scale * qz
    push = packed[n, 14] * y[16]
    axis = thrust_axis(y[3], y[4], y[5], y[6])
    for i in range(3):
        y[7 + i] = x[7 + i] + h * (push * axis[i] + packed[n, 15 + i])
        y[i] = x[i] + HALF * h * (x[7 + i] + y[7 + i])
    return scale


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def step_batch(state, command, packed, out) -> None:
    """Unchecked ``step`` into ``out``, callable from other numba code."""
    x = np.empty(STATE_SIZE, np.float32)
    y = np.empty(STATE_SIZE, np.float32)
    for n in range(state.shape[0]):
        x[:] = state[n]
        for _ in range(SUBSTEPS):
            substep(x, y, command, packed, n)
            x[:] = y
        out[n] = x


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def step_adjoint_batch(state, command, packed, grad_next, grad_state, grad_command) -> None:
    """Unchecked ``step_adjoint``; ``grad_state`` may be ``grad_next`` itself, both are overwritten."""
    trace = np.empty((SUBSTEPS + 1, STATE_SIZE), np.float32)
    scales = np.empty(SUBSTEPS, np.float32)
    g = np.empty(STATE_SIZE, np.float32)
    for n in range(state.shape[0]):
        trace[0] = state[n]
        for k in range(SUBSTEPS):
            scales[k] = substep(trace[k], trace[k + 1], command, packed, n)
        g[:] = grad_next[n]
        for i in range(COMMANDS):
            grad_command[n, i] = 0.0
        for back in range(SUBSTEPS):
            k = SUBSTEPS - 1 - back
            substep_adjoint(trace[k], trace[k + 1], scales[k], packed, n, g, grad_command)
        grad_state[n] = g


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def substep_adjoint(x, y, scale, packed, n, g, grad_command):
    """Transposed derivative of ``substep``: ``g`` (17,) goes from ``y`` to ``x``; adds to ``grad_command``."""
    h, share, push = packed[n, 0], packed[n, 13], packed[n, 14]
    axis = thrust_axis(y[3], y[4], y[5], y[6])
    along = np.float32(0.0)
    for i in range(3):
        g[7 + i] += HALF * h * g[i]  # that of the new velocity
        along += axis[i] * g[7 + i]
    f = h * push * y[16]
    ew, ex, ey, ez = thrust_axis_adjoint(y[3], y[4], y[5], y[6], f * g[7], f * g[8], f * g[9])
    g[16] += h * push * along
    for i in range(3):
        g[7 + i] += HALF * h * g[i]
    # Normalisation, then the quaternion's Euler step.
    rw, rx, ry, rz = g[3] + ew, g[4] + ex, g[5] + ey, g[6] + ez
    radial = y[3] * rw + y[4] * rx + y[5] * ry + y[6] * rz
    rw, rx = scale * (rw - radial * y[3]), scale * (rx - radial * y[4])
    ry, rz = scale * (ry - radial * y[5]), scale * (rz - radial * y[6])
    iw, ix, iy, iz, jx, jy, jz = quaternion_rate_adjoint(
        x[3], x[4], x[5], x[6], y[10], y[11], y[12], h * rw, h * rx, h * ry, h * rz
    )
    g[3], g[4], g[5], g[6] = rw + iw, rx + ix, ry + iy, rz + iz
    g[10] += jx
    g[11] += jy
    g[12] += jz
    # Lags and loops.
    unit = ONE / ANGULAR_ACCELERATION_UNIT
    gain = packed[n, 9]
    for i in range(3):
        g[16] += h * packed[n, 21 + i] * g[10 + i]
        lagged = g[13 + i] + h * ANGULAR_ACCELERATION_UNIT * g[10 + i]
        g[13 + i] = (ONE - share) * lagged
        rate = share * unit * packed[n, 10 + i] * lagged
        g[10 + i] -= rate
        if i == 0:
            rate *= gain
            g[3] -= TWO * x[4] * rate
            g[4] -= TWO * x[3] * rate
            g[5] -= TWO * x[6] * rate
            g[6] -= TWO * x[5] * rate
        elif i == 1:
            rate *= gain
            g[3] -= TWO * x[5] * rate
            g[4] += TWO * x[6] * rate
            g[5] -= TWO * x[3] * rate
            g[6] += TWO * x[4] * rate
        grad_command[n, i] += packed[n, 5 + i] * rate
    grad_command[n, 3] += packed[n, 8] * share * g[16]
    g[16] *= ONE - share
