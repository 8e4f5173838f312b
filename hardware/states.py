"""What a robot reports: a flying robot's state estimate, a robot's joints and inertial unit.

SI units, world frame z up, quaternions wxyz. Times are host monotonic nanoseconds; ``received_ns``
is the arrival of the oldest part less its lag (``RobotTime``), so that an age is never understated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Vector = tuple[float, ...]


class RobotState(Protocol):
    """What every robot reports, whatever else it does."""

    @property
    def received_ns(self) -> int:
        """Arrival of the oldest part of the sample less what it was late, host monotonic."""
        ...

    @property
    def robot_ms(self) -> int:
        """The robot's own clock when it sent the sample, ms."""
        ...

    @property
    def orientation_wxyz(self) -> Vector:
        """(4,) unit quaternion, world<-body."""
        ...

    @property
    def angular_velocity_b(self) -> Vector:
        """(3,) rad/s."""
        ...

    @property
    def battery_v(self) -> float:
        """Loaded pack voltage; NaN until the first report."""
        ...

    @property
    def armed(self) -> bool:
        """Whether the robot acts on commands."""
        ...

    @property
    def crashed(self) -> bool:
        """Whether the robot itself reports that it tumbled, crashed or locked itself."""
        ...

    @property
    def policy_fault(self) -> bool:
        """Whether the policy on board failed (NaN)."""
        ...

    @property
    def dead_man(self) -> bool:
        """Whether the controller on board misses commands and acts by itself."""
        ...

    @property
    def operator_stop(self) -> bool:
        """Whether the operator stops the robot by its own remote control."""
        ...

    @property
    def tilt_rad(self) -> float:
        """Angle between body z and world z."""
        ...

    @property
    def finite(self) -> bool:
        """Whether every number a controller relies on is finite."""
        ...


@dataclass(frozen=True, slots=True)
class FlightState:
    """The newest state estimate of a flying robot."""

    received_ns: int
    robot_ms: int
    """The robot's own clock when it sent the sample, ms."""
    position_w: Vector
    """(3,) m"""
    velocity_w: Vector
    """(3,) m/s"""
    orientation_wxyz: Vector
    """(4,) unit quaternion, world<-body."""
    angular_velocity_b: Vector
    """(3,) rad/s"""
    battery_v: float
    """Loaded pack voltage; NaN until the first report."""
    armed: bool
    crashed: bool
    """The robot itself reports that it tumbled or crashed, or locked itself."""
    policy_fault: bool
    """The policy on board failed (NaN): the robot stopped its motors."""
    dead_man: bool
    """The controller on board no longer receives commands and descends by itself."""
    landed: bool
    """The controller on board ended its own descent: motors off."""
    onboard_mode: int
    """Raw mode of the controller on board, for the log."""
    motors: Vector = ()
    """Motor commands as the robot reports them (raw units), when it does."""
    operator_stop: bool = False

    @property
    def tilt_rad(self) -> float:
        """Angle between body z and world z; NaN if the orientation is not a number."""
        return tilt_of(self.orientation_wxyz)

    @property
    def finite(self) -> bool:
        """Whether every number the controller relies on is finite."""
        parts = (*self.position_w, *self.velocity_w, *self.orientation_wxyz, *self.angular_velocity_b)
        return all(map(math.isfinite, parts)) and math.isfinite(self.tilt_rad)


@dataclass(frozen=True, slots=True)
class JointState:
    """The newest report of a robot with joints; tuples of joints are (n,) in the bundle's order."""

    received_ns: int
    robot_ms: int
    position: Vector
    """(n,) rad"""
    velocity: Vector
    """(n,) rad/s"""
    torque: Vector
    """(n,) N m, as the motors estimate it."""
    temperature_c: Vector
    """(n,) hottest sensor of each motor."""
    orientation_wxyz: Vector
    """(4,) unit quaternion, world<-body, heading free."""
    angular_velocity_b: Vector
    """(3,) rad/s"""
    battery_v: float
    """Pack voltage; NaN until the first report."""
    armed: bool
    """The robot takes joint commands: no controller of its own is at work."""
    crashed: bool = False
    policy_fault: bool = False
    dead_man: bool = False
    """The robot missed commands and damps its joints by itself."""
    operator_stop: bool = False
    """The operator asks for a stop by the robot's own remote control."""
    onboard_mode: int = 0
    """Raw mode of the robot, for the log."""

    @property
    def tilt_rad(self) -> float:
        """Angle between body z and world z; NaN if the orientation is not a number."""
        return tilt_of(self.orientation_wxyz)

    @property
    def finite(self) -> bool:
        """Whether every number the controller relies on is finite."""
        parts = (*self.position, *self.velocity, *self.orientation_wxyz, *self.angular_velocity_b)
        return all(map(math.isfinite, parts)) and math.isfinite(self.tilt_rad)


def tilt_of(orientation_wxyz: Sequence[float]) -> float:
    """Return the angle between body z and world z, rad; NaN if the orientation is not a number.

    Args:
        orientation_wxyz: (4,) quaternion of any length above zero.
    """
    w, x, y, z = orientation_wxyz
    norm = w * w + x * x + y * y + z * z
    if not norm > 0.0:
        return math.nan
    cosine = 1.0 - 2.0 * (x * x + y * y) / norm
    return math.acos(max(-1.0, min(1.0, cosine))) if math.isfinite(cosine) else math.nan
