"""The rotor: a first-order lag with its own time constants for rising and falling speed.

For a command c held over an interval h, the speed is u(t) = c + (u0 - c) exp(-t/tau); it never
crosses c, so one time constant holds for the whole interval and everything below is exact.
The flight kernel and the MuJoCo environment both use these functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight.layout import require_array

if TYPE_CHECKING:
    from sim.flight.parameters import FlightParameters

FASTMATH = {"contract", "nsz", "arcp", "reassoc"}
"""Relaxed rounding, but not ``nnan``/``ninf``: NaN and infinity must propagate."""

ONE = np.float32(1.0)
TWO = np.float32(2.0)


def lag_coefficients(dt_s: float, time_constant_s: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ``(..., 3)``: how far a lag gets in ``dt_s``, as fractions of the way e = c - u0.

    With r(t) = 1 - exp(-t/tau): r at the end, its mean and its mean square over the interval.
    Evaluated in float64; fractions of the way rather than of the remaining error keep the
    gradient with respect to the command free of cancellation in the kernel's float32.
    """
    x = dt_s / np.asarray(time_constant_s, dtype=np.float64)
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


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def next_speed(speed, command, reached):  # noqa: ANN001, ANN201
    """Rotor speed fraction at the end of the interval."""
    return speed + reached * (command - speed)


def advance(
    rotor_speed: NDArray[np.float32],
    command: NDArray[np.float32],
    parameters: FlightParameters,
    dt_s: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Advance every rotor by ``dt_s`` at constant command.

    Args:
        rotor_speed: speed fractions at the start, ``(num_envs, num_rotors)`` float32.
        command: speed fractions commanded, ``(num_envs, num_rotors)`` float32.
        parameters: airframes of the batch (time constants, thrust curve, motor gains).
        dt_s: interval, seconds.

    Returns:
        Mean thrust over the interval in newtons and the speed at its end, each
        ``(num_envs, num_rotors)`` float32.

    Raises:
        ConfigError: for arrays of another shape or type.
    """
    return RotorBank(parameters, dt_s).advance(rotor_speed, command)


class RotorBank:
    """All rotors of a batch at one fixed interval; keeps the lag coefficients between steps."""

    def __init__(self, parameters: FlightParameters, dt_s: float) -> None:
        self.shape = parameters.motor_gain.shape
        rise = lag_coefficients(dt_s, parameters.motor_rise_s)
        fall = lag_coefficients(dt_s, parameters.motor_fall_s)
        self._lag = np.concatenate([rise, fall], axis=1).astype(np.float32)  # (N, 6)
        self._thrust_curve = np.ascontiguousarray(parameters.thrust_curve, dtype=np.float32)
        self._gain = np.ascontiguousarray(parameters.motor_gain, dtype=np.float32)

    def advance(
        self, rotor_speed: NDArray[np.float32], command: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return mean thrust (newtons) and next speed fraction, each ``(num_envs, num_rotors)``."""
        require_array("rotor_speed", rotor_speed, self.shape)
        require_array("command", command, self.shape)
        thrust = np.empty(self.shape, np.float32)
        following = np.empty(self.shape, np.float32)
        _advance(rotor_speed, command, self._lag, self._thrust_curve, self._gain, thrust, following)
        return thrust, following


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _advance(speed, command, lag, curve, gain, thrust, following):  # noqa: ANN001, ANN202
    for n in range(speed.shape[0]):
        for i in range(speed.shape[1]):
            u, c = speed[n, i], command[n, i]
            k = 0 if c > u else 3
            thrust[n, i] = gain[n, i] * mean_thrust(
                u, c, lag[n, k + 1], lag[n, k + 2], curve[n, 0], curve[n, 1], curve[n, 2]
            )
            following[n, i] = next_speed(u, c, lag[n, k])
