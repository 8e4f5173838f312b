"""From what a policy on the host commands to what goes to the robot.

Policies know neither where they are nor where north is: their velocities are in the heading frame (level, x ahead of
the robot), their positions offsets from the reference along the same axes. Robots take both in the world.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from hardware.states import FlightState
from sim.spec import ActionLevel

Convert = Callable[[Sequence[float], Sequence[float], FlightState], Sequence[float]]
"""A command from the policy's, the reference (x, y, z in m, yaw in rad) and the newest state."""


def heading(orientation_wxyz: Sequence[float]) -> float:
    """Return the yaw angle of a unit quaternion, rad, counter-clockwise from world x."""
    w, x, y, z = orientation_wxyz
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def _to_world(command: Sequence[float], state: FlightState) -> tuple[float, float, float]:
    ahead, left, up, _ = command
    yaw = heading(state.orientation_wxyz)
    return math.cos(yaw) * ahead - math.sin(yaw) * left, math.sin(yaw) * ahead + math.cos(yaw) * left, up


def _velocity(command: Sequence[float], _reference: Sequence[float], state: FlightState) -> Sequence[float]:
    return (*_to_world(command, state), command[3])


def _position(command: Sequence[float], reference: Sequence[float], state: FlightState) -> Sequence[float]:
    offset = (*_to_world(command, state), command[3])
    return tuple(a + b for a, b in zip(reference, offset))


CONVERSIONS: dict[ActionLevel, Convert] = {"velocity": _velocity, "position": _position}
"""By level; commands of every other level go as they are."""
