"""What every connection to a robot offers: open, read the newest state, write a command, stop safely, close.

A link converts the robot's units to SI, stamps what it receives with the host's monotonic
clock, and never hangs: every wait has a time-out and every failure is a ``LinkError``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from sim.spec import SafeAction

Vector = tuple[float, ...]

DESCENT_M_S = 0.3
"""Sink rate of every safe action; the controller on board descends as fast by itself (``s2m_default_config``)."""


@dataclass(frozen=True, slots=True)
class StateSample:
    """The newest state estimate of a flying robot, SI units, world frame z up.

    Times are host monotonic nanoseconds. ``received_ns`` is the arrival of the oldest part of
    the sample, so its age is never understated.
    """

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

    @property
    def tilt_rad(self) -> float:
        """Angle between body z and world z; NaN if the orientation is not a number."""
        w, x, y, z = self.orientation_wxyz
        norm = w * w + x * x + y * y + z * z
        if not norm > 0.0:
            return math.nan
        return math.acos(max(-1.0, min(1.0, 1.0 - 2.0 * (x * x + y * y) / norm)))

    @property
    def finite(self) -> bool:
        """Whether every number the controller relies on is finite."""
        parts = (*self.position_w, *self.velocity_w, *self.orientation_wxyz, *self.angular_velocity_b)
        return all(map(math.isfinite, parts)) and math.isfinite(self.tilt_rad)


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """What the link knows about itself, without asking the robot."""

    connected: bool
    """False once the driver reported the connection lost or it was never open."""
    heard_ns: int
    """Host monotonic time of the last packet of any kind."""


@runtime_checkable
class Link(Protocol):
    """A connection to one robot; a context manager that opens on entry and closes on exit."""

    uri: str
    command_names: tuple[str, ...]
    """What the numbers of ``write`` mean, with units in the names."""

    def open(self) -> None:
        """Connect and start the state stream.

        Raises:
            LinkError: if the robot does not answer in bounded time.
        """
        ...

    def read(self) -> StateSample | None:
        """Return the newest state sample without waiting; ``None`` before the first."""
        ...

    def health(self) -> LinkHealth:
        """Return the state of the connection without waiting."""
        ...

    def write(self, command: Sequence[float]) -> None:
        """Hand over a command; returns at once, the newest command wins."""
        ...

    def safe_stop(self, action: SafeAction) -> None:
        """Start a safe action that needs no further command; returns at once, may be repeated."""
        ...

    def request_arm(self, armed: bool) -> None:
        """Ask the robot to arm or disarm; returns at once, ``StateSample.armed`` tells when it did."""
        ...

    def emergency_stop(self) -> None:
        """Cut the motors for good: the robot must be restarted; returns at once, may be repeated."""
        ...

    def close(self) -> None:
        """Release the connection; never raises, never sends a command."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
