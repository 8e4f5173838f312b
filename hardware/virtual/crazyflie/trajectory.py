"""Smooth plans of the high-level commander: polynomials of degree 7 in time.

Start position, velocity and acceleration are given; the end is at rest, and jerk is zero at
both ends, as cflib's ``high_level_commander.go_to`` documents it for the firmware.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ORDER = 8


def _rows(s: float) -> NDArray[np.float64]:
    """Value, first, second and third derivative of s^0..s^7 at ``s``; ``(4, 8)``."""
    rows = np.zeros((4, _ORDER))
    for power in range(_ORDER):
        factor = 1.0
        for derivative in range(4):
            if power >= derivative:
                rows[derivative, power] = factor * s ** (power - derivative)
                factor *= power - derivative
    return rows


_BOUNDARY = np.linalg.inv(np.vstack([_rows(0.0), _rows(1.0)]))


class Trajectory:
    """Motion of x, y, z (m) and yaw (rad) from a state to a point at rest."""

    def __init__(
        self,
        start_s: float,
        duration_s: float,
        position: NDArray[np.float64],
        velocity: NDArray[np.float64],
        acceleration: NDArray[np.float64],
        goal: NDArray[np.float64],
        linear: bool = False,
    ) -> None:
        """All vectors are ``(4,)``: x, y, z, yaw. ``linear`` moves at constant speed instead."""
        self.start_s, self.duration_s, self.goal = start_s, duration_s, goal
        zero = np.zeros(4)
        if linear:
            self._coefficients = np.zeros((_ORDER, 4))
            self._coefficients[0], self._coefficients[1] = position, goal - position
            return
        scaled = [position, velocity * duration_s, acceleration * duration_s**2, zero, goal, zero, zero, zero]
        self._coefficients = _BOUNDARY @ np.stack(scaled)

    def finished(self, time_s: float) -> bool:
        """Whether the goal is reached."""
        return time_s >= self.start_s + self.duration_s

    def evaluate(self, time_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return position, velocity and acceleration at ``time_s``, each ``(4,)``; the goal at rest afterwards."""
        if self.finished(time_s):
            return self.goal, np.zeros(4), np.zeros(4)
        rows = _rows((time_s - self.start_s) / self.duration_s)
        position, velocity, acceleration = rows[:3] @ self._coefficients
        return position, velocity / self.duration_s, acceleration / self.duration_s**2
