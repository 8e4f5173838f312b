"""The box and the speed a command must keep to, whatever was asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.spec import FlightLimits

GROUND_MARGIN_M = 0.3
"""How far below the take-off point a landing set-point may go.

On purpose below ground: a policy trails the sinking set-point (by 0.2 m at 0.3 m/s, measured) and has
a steady error, so one that stopped at the ground would leave the robot hovering above it. A robot that
stands loses thrust as its set-point sinks, and is switched off as soon as it is seen to stand.
"""

SETPOINT_SPEED_M_S = 1.0
"""Fastest set-point; below the speed limit of every bundle, so that following it is no fault."""

YAW_LIMIT_RAD = math.pi
YAW_RATE_RAD_S = 1.0


@dataclass(frozen=True)
class Envelope:
    """Bounds of a command vector and of its rate of change.

    Shapes: ``low``, ``high``, ``slew`` all (n,); units are the command's, ``slew`` per second.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    slew: tuple[float, ...]

    def clip(self, command: Sequence[float]) -> tuple[float, ...]:
        """Return ``command`` inside the box; it must be finite."""
        return tuple(min(max(c, lo), hi) for c, lo, hi in zip(command, self.low, self.high))

    def approach(self, previous: Sequence[float], command: Sequence[float], dt_s: float) -> tuple[float, ...]:
        """Return the point of the box nearest to ``command`` that ``previous`` may reach in ``dt_s``.

        A command that is not finite is ignored: the result is ``previous`` inside the box.
        """
        if not all(map(math.isfinite, command)):
            return self.clip(previous)
        goal = self.clip(command)
        steps = [rate * dt_s for rate in self.slew]
        return self.clip([p + min(max(g - p, -s), s) for p, g, s in zip(previous, goal, steps)])


def position_envelope(limits: FlightLimits, home_w: Sequence[float], speed_m_s: float | None = None) -> Envelope:
    """Return the envelope of position set-points (x, y, z in m, yaw in rad) around the take-off point.

    The horizontal box is the square inside the geofence's circle, less a tenth: a robot that
    follows its set-point with the usual error stays inside the fence. The set-point moves at ``speed_m_s`` at most,
    by default at what any policy can follow.
    """
    half = 0.9 * limits.geofence_radius_m / math.sqrt(2.0)
    x, y, z = home_w
    speed = min(SETPOINT_SPEED_M_S, 0.5 * limits.speed_m_s) if speed_m_s is None else speed_m_s
    return Envelope(
        low=(x - half, y - half, z - GROUND_MARGIN_M, -YAW_LIMIT_RAD),
        high=(x + half, y + half, z + 0.9 * limits.ceiling_m, YAW_LIMIT_RAD),
        slew=(speed, speed, speed, YAW_RATE_RAD_S),
    )
