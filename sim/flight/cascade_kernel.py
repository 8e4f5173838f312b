"""A multirotor behind its own cascade of controllers: a reduced plant, fused and differentiable.

For policies that command rates, attitude, velocity or position every 20 ms the rotors and the loops around
them are too fast to follow one by one. What is left of them is a third-order system per axis,
the rate loop's angular acceleration behind the rotors' lag,

    a' = (k_r (rate - w) - a) / tau,    w' = a + bias(f),  q' = q (0, w)/2,

and a first-order lag of the thrust f; the body is pushed along its z axis. The rate is the command itself,
or what the loops around it ask for: ``k_a (c - sin(angle))`` for an attitude, and on top of that the velocity
and position loops (outer_loops.py). ``cascade.py`` derives
the coefficients from the airframe and the law of ``crazyflie_pid.py``; tests hold the step
responses against the full body under the full law in MuJoCo. Left out: saturation of rotors and rates,
gyroscopic torque and the integral parts.

State, ``(num_envs, 17)``: as in layout.py, with the lagged angular acceleration (3, in
``ANGULAR_ACCELERATION_UNIT``) and the lagged thrust (fraction of the full one) for the rotors.
Commands, ``(num_envs, 4)``: the level's four channels (cascade.py), each as a fraction of its range.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight import layout
from sim.flight.outer_loops import position_loop, position_loop_adjoint, velocity_loop, velocity_loop_adjoint
from sim.flight.rigid_body import HALF, quaternion_rate, quaternion_rate_adjoint, thrust_axis, thrust_axis_adjoint
from sim.flight.rotor import FASTMATH, ONE, TWO

SUBSTEPS = 4
"""Euler steps per control period: 5 ms at 50 Hz, a tenth of the fastest lag."""
ANGULAR_ACCELERATION_UNIT = np.float32(50.0)
"""rad/s^2: makes the state's actuator part of order one."""
STATE_SIZE = 17
COMMANDS = 4

RATES, ATTITUDE, VELOCITY, POSITION = 0.0, 1.0, 2.0, 3.0
"""What a row's commands are for; a policy's level decides."""

STEP_S = 0
"""Substep, s."""
LOW, SPAN = slice(1, 5), slice(5, 9)
"""Command = low + span * fraction, in the level's units."""
ATTITUDE_GAIN = 9
"""k_a, 1/s"""
RATE_GAIN = slice(10, 13)
"""k_r about x, y, z, 1/s; about z no loop of angles is around it, unless for a position."""
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
LEVEL = 24
"""RATES, ATTITUDE, VELOCITY or POSITION."""
VELOCITY_GAIN = 25
"""k_v, 1/s"""
HOVER_THRUST, THRUST_PER_ACCELERATION = 26, 27
"""f_0, fraction of the full thrust, and f_1, the same per m/s^2."""
POSITION_GAIN = 28
"""k_p, 1/s"""
YAW_GAIN = 29
"""Yaw rate per sine of the heading error, 1/s; at the level of positions."""
TRIM_VELOCITY_W = slice(30, 32)
"""v_trim along world x and y, m/s."""
PACKED_SIZE = 32

_ATTITUDE, _VELOCITY, _POSITION = np.float32(ATTITUDE), np.float32(VELOCITY), np.float32(POSITION)


def step(state: NDArray[np.float32], command: NDArray[np.float32], packed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Advance every environment by one control period.

    Args:
        state: ``(num_envs, 17)`` float32.
        command: fractions of the range, held over the period, ``(num_envs, 4)`` float32.
        packed: coefficients, ``(num_envs, 32)`` float32.

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
def channel(command, packed, n, i):
    """Command ``i`` of environment ``n`` in its unit."""
    return packed[n, 1 + i] + packed[n, 5 + i] * command[n, i]


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def demands(x, command, packed, n):
    """Rates about x, y, z (rad/s) and thrust (fraction) that the loops ask for in state ``x`` (17,)."""
    level = packed[n, 24]
    first, second = channel(command, packed, n, 0), channel(command, packed, n, 1)
    third, fourth = channel(command, packed, n, 2), channel(command, packed, n, 3)
    if level >= _VELOCITY:
        if level >= _POSITION:
            first, second, third, fourth = position_loop(
                x, first, second, third, fourth, packed[n, 28], packed[n, 29]
            )  # fmt: skip
        yaw_rate = fourth
        first, second, fourth = velocity_loop(
            x, first, second, third, packed[n, 25], packed[n, 26], packed[n, 27], packed[n, 30], packed[n, 31]
        )  # fmt: skip
        third = yaw_rate
    if level >= _ATTITUDE:
        # Sines of roll and pitch: third row of the rotation matrix.
        first = packed[n, 9] * (first - TWO * (x[5] * x[6] + x[3] * x[4]))
        second = packed[n, 9] * (second + TWO * (x[4] * x[6] - x[3] * x[5]))
    return first, second, third, fourth


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def demands_adjoint(x, command, packed, n, g_p, g_q, g_yaw_rate, g_thrust, g, grad_command):
    """Transposed derivative of ``demands``: adds to ``g`` (17,) and to ``grad_command``."""
    level = packed[n, 24]
    g_1, g_2, g_3, g_4 = g_p, g_q, g_yaw_rate, g_thrust
    if level >= _ATTITUDE:
        g_1 *= packed[n, 9]
        g_2 *= packed[n, 9]
        g[3] -= TWO * (x[4] * g_1 + x[5] * g_2)
        g[4] -= TWO * (x[3] * g_1 - x[6] * g_2)
        g[5] -= TWO * (x[6] * g_1 + x[3] * g_2)
        g[6] -= TWO * (x[5] * g_1 - x[4] * g_2)
    if level >= _VELOCITY:
        first, second = channel(command, packed, n, 0), channel(command, packed, n, 1)
        third, fourth = channel(command, packed, n, 2), channel(command, packed, n, 3)
        ahead, left, up = first, second, third
        if level >= _POSITION:
            ahead, left, up, _ = position_loop(x, first, second, third, fourth, packed[n, 28], packed[n, 29])
        g_1, g_2, g_3 = velocity_loop_adjoint(
            x, ahead, left, up, packed[n, 25], packed[n, 26], packed[n, 27], packed[n, 30], packed[n, 31],
            g_1, g_2, g_4, g,
        )  # fmt: skip
        g_4 = g_yaw_rate
        if level >= _POSITION:
            g_1, g_2, g_3, g_4 = position_loop_adjoint(
                x, first, second, third, fourth, packed[n, 28], packed[n, 29], g_1, g_2, g_3, g_4, g
            )  # fmt: skip
    grad_command[n, 0] += packed[n, 5] * g_1
    grad_command[n, 1] += packed[n, 6] * g_2
    grad_command[n, 2] += packed[n, 7] * g_3
    grad_command[n, 3] += packed[n, 8] * g_4


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def substep(x, y, command, packed, n):
    """Advance one substep: ``x`` (17,) -> ``y`` (17,), of environment ``n``."""
    h, share = packed[n, 0], packed[n, 13]
    qw, qx, qy, qz = x[3], x[4], x[5], x[6]
    p, q, yaw_rate, thrust = demands(x, command, packed, n)
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
            substep_adjoint(trace[k], trace[k + 1], scales[k], command, packed, n, g, grad_command)
        grad_state[n] = g


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def substep_adjoint(x, y, scale, command, packed, n, g, grad_command):
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
    for i in range(3):
        g[16] += h * packed[n, 21 + i] * g[10 + i]
    p = share * unit * packed[n, 10] * (g[13] + h * ANGULAR_ACCELERATION_UNIT * g[10])
    q = share * unit * packed[n, 11] * (g[14] + h * ANGULAR_ACCELERATION_UNIT * g[11])
    r = share * unit * packed[n, 12] * (g[15] + h * ANGULAR_ACCELERATION_UNIT * g[12])
    for i in range(3):
        g[13 + i] = (ONE - share) * (g[13 + i] + h * ANGULAR_ACCELERATION_UNIT * g[10 + i])
    g[10] -= p
    g[11] -= q
    g[12] -= r
    thrust = share * g[16]
    g[16] *= ONE - share
    demands_adjoint(x, command, packed, n, p, q, r, thrust, g, grad_command)
