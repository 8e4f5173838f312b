"""What pushes and turns one environment's body, as scalar functions of the flat arrays (layout.py).

The adjoint and ``air_bank.py`` use them; the kernel's own forward step has the same, many environments
at a time (lanes.py).
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit

from sim.flight import layout
from sim.flight.air import ground_effect
from sim.flight.layout import DEAD_ZONE, FIRST_ROTOR, RIGID_BODY_SIZE, ROTOR_STRIDE
from sim.flight.rigid_body import ZERO, to_body
from sim.flight.rotor import FASTMATH, mean_thrust, reachable_speed

RISE_FIRST = layout.RISE.start
FALL_FIRST = layout.FALL.start


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
    """Acceleration (3) by the drag of the rotors, in the body; soon done where there is none."""
    if packed[n, 24] == ZERO and packed[n, 25] == ZERO and packed[n, 26] == ZERO:
        return ZERO, ZERO, ZERO
    x, y, z = to_body(
        state[n, 3], state[n, 4], state[n, 5], state[n, 6],
        state[n, 7] - wind_w[n, 0], state[n, 8] - wind_w[n, 1], state[n, 9] - wind_w[n, 2],
    )  # fmt: skip
    return -total_speed * packed[n, 24] * x, -total_speed * packed[n, 25] * y, -total_speed * packed[n, 26] * z
