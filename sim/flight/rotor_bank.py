"""The rotors of a batch of airframes outside the kernel: what drives MuJoCo's thrust actuators."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight.layout import require_array
from sim.flight.parameters import FlightParameters
from sim.flight.rotor import FASTMATH, lag_coefficients, mean_thrust, next_speed, reachable_speed


class RotorBank:
    """All rotors of a batch at one fixed interval; keeps the lag coefficients between steps."""

    def __init__(self, parameters: FlightParameters, dt_s: float | NDArray[np.floating]) -> None:
        """``dt_s``: the interval, one for all or ``(num_envs,)``."""
        self.shape = parameters.motor_gain.shape
        self._time_constants = parameters.motor_rise_s, parameters.motor_fall_s
        self.set_interval(dt_s)
        self._thrust_curve = np.ascontiguousarray(parameters.thrust_curve, dtype=np.float32)
        self._gain = np.ascontiguousarray(parameters.motor_gain, dtype=np.float32)
        sag = parameters.battery_sag / parameters.num_rotors
        self._supply = np.stack([parameters.battery_voltage, sag, parameters.dead_zone], axis=1)  # (N, 3)

    def set_interval(self, dt_s: float | NDArray[np.floating]) -> None:
        """Advance by another interval from now on, one for all or ``(num_envs,)``."""
        parts = [lag_coefficients(dt_s, time_constant) for time_constant in self._time_constants]
        self._lag = np.concatenate(parts, axis=1).astype(np.float32)  # (N, 6)

    def advance(
        self, rotor_speed: NDArray[np.float32], command: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Advance every rotor by one interval at constant command.

        Args:
            rotor_speed: speed fractions at the start, ``(num_envs, num_rotors)`` float32.
            command: speed fractions commanded, ``(num_envs, num_rotors)`` float32.

        Returns:
            Mean thrust over the interval in newtons (far from the ground) and the speed at its end, each
            ``(num_envs, num_rotors)`` float32.

        Raises:
            ConfigError: for arrays of another shape or type.
        """
        require_array("rotor_speed", rotor_speed, self.shape)
        require_array("command", command, self.shape)
        thrust = np.empty(self.shape, np.float32)
        following = rotor_speed.copy()
        self.advance_in_place(following, command, thrust)
        return thrust, following

    def advance_in_place(
        self, rotor_speed: NDArray[np.float32], command: NDArray[np.float32], thrust: NDArray[np.float32]
    ) -> None:
        """The same for a caller that keeps its arrays, which are not checked: virtual robots do so every millisecond.

        Args:
            rotor_speed: speed fractions, replaced by those at the end of the interval.
            command: speed fractions commanded.
            thrust: gets the mean thrust, newtons.
        """
        _advance(rotor_speed, command, self._lag, self._thrust_curve, self._gain, self._supply, thrust)


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _advance(speed, command, lag, curve, gain, supply, thrust):  # noqa: ANN001, ANN202
    for n in range(speed.shape[0]):
        voltage = supply[n, 0]
        for i in range(speed.shape[1]):
            voltage -= supply[n, 1] * speed[n, i] * speed[n, i]
        for i in range(speed.shape[1]):
            u, c = speed[n, i], reachable_speed(command[n, i], voltage, supply[n, 2])
            k = 0 if c > u else 3
            thrust[n, i] = gain[n, i] * mean_thrust(
                u, c, lag[n, k + 1], lag[n, k + 2], curve[n, 0], curve[n, 1], curve[n, 2]
            )
            speed[n, i] = next_speed(u, c, lag[n, k])
