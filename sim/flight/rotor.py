"""The rotor: a first-order lag with its own time constants for rising and falling speed.

For a command c held over an interval h, the speed is u(t) = c + (u0 - c) exp(-t/tau); it never
crosses c, so one time constant holds for the whole interval and everything below is exact.
The flight kernel and the MuJoCo environment both use these functions.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FASTMATH = {"contract", "nsz", "arcp", "reassoc"}
"""Relaxed rounding, but not ``nnan``/``ninf``: NaN and infinity must propagate."""

ONE = np.float32(1.0)
TWO = np.float32(2.0)


def lag_coefficients(dt_s: float | NDArray[np.floating], time_constant_s: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ``(..., 3)``: how far a lag gets in ``dt_s``, as fractions of the way e = c - u0.

    With r(t) = 1 - exp(-t/tau): r at the end, its mean and its mean square over the interval.
    Evaluated in float64; fractions of the way rather than of the remaining error keep the
    gradient with respect to the command free of cancellation in the kernel's float32.
    """
    x = np.asarray(dt_s, np.float64) / np.asarray(time_constant_s, dtype=np.float64)
    reached = -np.expm1(-x)
    error_mean = reached / x
    error_mean_square = -np.expm1(-2.0 * x) / (2.0 * x)
    return np.stack([reached, 1.0 - error_mean, 1.0 - 2.0 * error_mean + error_mean_square], axis=-1)


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def mean_thrust(speed, command, mean, mean_square, c0, c1, c2):  # noqa: ANN001, ANN201
    """Mean over the interval of c0 + c1 u + c2 u^2, newtons.

    ``mean`` and ``mean_square`` are the last two lag coefficients of the rotor's direction.
    """
    way = command - speed
    mean_speed = speed + mean * way
    mean_squared_speed = speed * (speed + TWO * mean * way) + mean_square * way * way
    return c0 + c1 * mean_speed + c2 * mean_squared_speed


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def mean_thrust_slopes(speed, command, mean, mean_square, c1, c2):  # noqa: ANN001, ANN201
    """Derivatives of ``mean_thrust`` with respect to the initial speed and to the command."""
    way = command - speed
    by_command = mean * c1 + TWO * c2 * (mean * speed + mean_square * way)
    total = c1 + TWO * c2 * (speed + mean * way)
    return total - by_command, by_command


@njit(inline="always", fastmath=FASTMATH)
def reachable_speed(command, voltage, dead_zone):  # noqa: ANN001, ANN201
    """Speed fraction that a command leads to: a brushed motor follows the pack's voltage, or stands still."""
    zero = np.float32(0.0)
    return zero if command < dead_zone else voltage * command


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def next_speed(speed, command, reached):  # noqa: ANN001, ANN201
    """Rotor speed fraction at the end of the interval."""
    return speed + reached * (command - speed)
