"""One fused step of a batch of multirotors: rotor lag, mean thrust, rigid body by RK4.

Thrust and torque are the exact means over the step and stay constant in the body during it, and
what depends on speed, height and load (drag, ground effect, battery) is taken at its start; so the
translational and rotational Runge-Kutta stages collapse into the sums below. The result is the
classical RK4 of the coupled equations, with the quaternion normalised at the end.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight import layout
from sim.flight.air import drag_turn, ground_effect
from sim.flight.layout import DEAD_ZONE, FIRST_ROTOR, RIGID_BODY_SIZE, ROTOR_STRIDE, STEP_S
from sim.flight.rigid_body import HALF, angular_acceleration, quaternion_rate, thrust_to_world, to_body, to_world
from sim.flight.rotor import FASTMATH, ONE, TWO, mean_thrust, next_speed, reachable_speed

THIRD = np.float32(1.0 / 3.0)
SIXTH = np.float32(1.0 / 6.0)
RISE_FIRST = layout.RISE.start
FALL_FIRST = layout.FALL.start


def step(
    state: NDArray[np.float32],
    command: NDArray[np.float32],
    packed: NDArray[np.float32],
    wind_w: NDArray[np.float32] | None = None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Advance every environment by the time step its coefficients were packed for.

    Args:
        state: ``(num_envs, 13 + num_rotors)`` float32, see layout.py.
        command: rotor speed fractions, held over the step, ``(num_envs, num_rotors)`` float32.
        packed: ``FlightParameters.packed(dt_s)``.
        wind_w: velocity of the air over the step, ``(num_envs, 3)`` float32 m/s; still when None.
        out: where to write the next state; may be ``state`` itself; allocated when None.

    Returns:
        The next state, ``(num_envs, 13 + num_rotors)``. NaN in an environment's input gives NaN
        in its output and in no other's.

    Raises:
        ConfigError: for arrays of another shape, type or memory order.
    """
    if out is None:
        out = np.empty_like(state)
    wind_w = still_air(state) if wind_w is None else wind_w
    require_batch(state, command, packed, wind_w, out=out)
    step_batch(state, command, packed, wind_w, out)
    return out


def still_air(state: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return no wind for a batch of states, ``(num_envs, 3)`` float32."""
    return np.zeros((len(state), 3), np.float32)


def require_batch(
    state: NDArray[np.float32],
    command: NDArray[np.float32],
    packed: NDArray[np.float32],
    wind_w: NDArray[np.float32],
    **others: NDArray,
) -> None:
    """Check the kernel's arguments; ``others`` must be shaped like the state, ``*command`` like the command.

    Raises:
        ConfigError: one line that names the wrong array.
    """
    if not isinstance(command, np.ndarray) or command.ndim != 2:
        layout.require_array("command", command, (len(state), 4))
    num_envs, num_rotors = command.shape
    layout.require_array("command", command, (num_envs, num_rotors))
    state_shape = (num_envs, layout.state_size(num_rotors))
    layout.require_array("state", state, state_shape)
    layout.require_array("packed", packed, (num_envs, layout.packed_size(num_rotors)))
    layout.require_array("wind_w", wind_w, (num_envs, 3))
    for name, array in others.items():
        layout.require_array(name, array, command.shape if name.endswith("command") else state_shape)


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


@njit(inline="always", fastmath=FASTMATH)
def lag_column(speed, command):
    """First of the three lag coefficients of a rotor that rises or falls."""
    return RISE_FIRST if command > speed else FALL_FIRST


@njit(inline="always", fastmath=FASTMATH)
def load(state, n, num_rotors):
    """Sums of the rotor speed fractions and of their squares, of environment ``n``."""
    total = np.float32(0.0)
    squares = np.float32(0.0)
    for i in range(num_rotors):
        u = state[n, RIGID_BODY_SIZE + i]
        total += u
        squares += u * u
    return total, squares


@njit(inline="always", fastmath=FASTMATH)
def battery_voltage(packed, n, squares):
    """Voltage under load over that of a full pack."""
    return packed[n, 20] - packed[n, 21] * squares


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def thrust(state, command, packed, n, voltage):
    """Acceleration (3) and angular acceleration (3) in the body by the rotors' mean thrust, far from the ground."""
    bx = by = bz = ax = ay = az = np.float32(0.0)
    for i in range(command.shape[1]):
        u = state[n, RIGID_BODY_SIZE + i]
        c = reachable_speed(command[n, i], voltage, packed[n, DEAD_ZONE])
        lag = lag_column(u, c)
        k = FIRST_ROTOR + ROTOR_STRIDE * i
        force = mean_thrust(u, c, packed[n, lag + 1], packed[n, lag + 2], packed[n, 7], packed[n, 8], packed[n, 9])
        bx += packed[n, k] * force
        by += packed[n, k + 1] * force
        bz += packed[n, k + 2] * force
        ax += packed[n, k + 3] * force
        ay += packed[n, k + 4] * force
        az += packed[n, k + 5] * force
    return bx, by, bz, ax, ay, az


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def ground_factor(state, packed, n):
    """Thrust over that far from the ground, of environment ``n``."""
    return ground_effect(state[n, 2] - packed[n, 22], packed[n, 23])


@njit(inline="always", fastmath=FASTMATH)
def drag(state, packed, wind_w, n, total_speed):
    """Acceleration (3) by the drag of the rotors, in the body."""
    x, y, z = to_body(
        state[n, 3], state[n, 4], state[n, 5], state[n, 6],
        state[n, 7] - wind_w[n, 0], state[n, 8] - wind_w[n, 1], state[n, 9] - wind_w[n, 2],
    )  # fmt: skip
    return -total_speed * packed[n, 24] * x, -total_speed * packed[n, 25] * y, -total_speed * packed[n, 26] * z


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def step_batch(state, command, packed, wind_w, out) -> None:
    """Unchecked ``step``, callable from other numba code."""
    num_rotors = command.shape[1]
    for n in range(state.shape[0]):
        h = packed[n, STEP_S]
        qw, qx, qy, qz = state[n, 3], state[n, 4], state[n, 5], state[n, 6]
        total_speed, squares = load(state, n, num_rotors)
        voltage = battery_voltage(packed, n, squares)
        bx, by, bz, tx, ty, tz = thrust(state, command, packed, n, voltage)
        ground = ground_factor(state, packed, n)
        bx, by, bz = ground * bx, ground * by, ground * bz
        dx, dy, dz = drag(state, packed, wind_w, n, total_speed)
        rx, ry, rz = drag_turn(packed, n, dx, dy, dz)
        ax, ay, az = (
            packed[n, 13] + ground * tx + rx,
            packed[n, 14] + ground * ty + ry,
            packed[n, 15] + ground * tz + rz,
        )
        fx, fy, fz = to_world(qw, qx, qy, qz, dx, dy, dz)
        fx, fy, fz = fx + packed[n, 10], fy + packed[n, 11], fz + packed[n, 12]
        for i in range(num_rotors):
            u = state[n, RIGID_BODY_SIZE + i]
            c = reachable_speed(command[n, i], voltage, packed[n, DEAD_ZONE])
            out[n, RIGID_BODY_SIZE + i] = next_speed(u, c, packed[n, lag_column(u, c)])

        px, py, pz = state[n, 0], state[n, 1], state[n, 2]
        vx, vy, vz = state[n, 7], state[n, 8], state[n, 9]
        q2, q3, q4, q, _, _, _, w = rotate(
            qw, qx, qy, qz, state[n, 10], state[n, 11], state[n, 12], ax, ay, az,
            packed[n, 16], packed[n, 17], packed[n, 18], h,
        )  # fmt: skip

        z1x, z1y, z1z = thrust_to_world(qw, qx, qy, qz, bx, by, bz)
        z2x, z2y, z2z = thrust_to_world(q2[0], q2[1], q2[2], q2[3], bx, by, bz)
        z3x, z3y, z3z = thrust_to_world(q3[0], q3[1], q3[2], q3[3], bx, by, bz)
        z4x, z4y, z4z = thrust_to_world(q4[0], q4[1], q4[2], q4[3], bx, by, bz)
        mx, my, mz = z2x + z3x, z2y + z3y, z2z + z3z
        # v' = v + h/6 (a1 + 2 a2 + 2 a3 + a4), p' = p + h v + h^2/6 (a1 + a2 + a3), a = f + R b
        out[n, 0] = px + h * (vx + h * (HALF * fx + SIXTH * (z1x + mx)))
        out[n, 1] = py + h * (vy + h * (HALF * fy + SIXTH * (z1y + my)))
        out[n, 2] = pz + h * (vz + h * (HALF * fz + SIXTH * (z1z + mz)))
        out[n, 7] = vx + h * (fx + SIXTH * (z1x + z4x + TWO * mx))
        out[n, 8] = vy + h * (fy + SIXTH * (z1y + z4y + TWO * my))
        out[n, 9] = vz + h * (fz + SIXTH * (z1z + z4z + TWO * mz))

        scale = ONE / np.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
        out[n, 3], out[n, 4], out[n, 5], out[n, 6] = scale * q[0], scale * q[1], scale * q[2], scale * q[3]
        out[n, 10], out[n, 11], out[n, 12] = w[0], w[1], w[2]
