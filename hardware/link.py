"""What every connection to a robot offers: open, read the newest state, write a command, stop safely, close.

A link converts the robot's units to SI, stamps what it receives with its clock (the host's
monotonic one), and never hangs: every wait has a time-out and every failure is a ``LinkError``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeVar, runtime_checkable

from hardware.checks import Check
from hardware.clock import Clock
from hardware.states import RobotState
from policies.bundle import Bundle
from sim.spec import ActionLevel, SafeAction

DESCENT_M_S = 0.3
"""Sink rate of every safe action in the air; controllers on board descend as fast by themselves."""


def policy_on_board(link_level: ActionLevel, policy_level: ActionLevel) -> bool:
    """Whether a policy flies on the robot: the link then takes set-points for it, which are not its own commands."""
    return link_level == "position" and policy_level != "position"


StateT = TypeVar("StateT", bound=RobotState, covariant=True)


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """What the link knows about itself, without asking the robot."""

    connected: bool
    """False once the driver reported the connection lost or it was never open."""
    heard_ns: int
    """Time of the last packet of any kind, on the link's clock."""
    external_ns: int | None = None
    """When the newest pose from outside (motion capture) went to the robot; ``None``: it needs none."""
    round_trip_ms: float | None = None
    """Time to the robot and back, where the driver measures it: with cflib, what 95 of 100 recent pings stay under."""


@runtime_checkable
class Link(Protocol[StateT]):
    """A connection to one robot; a context manager that opens on entry and closes on exit."""

    uri: str
    level: ActionLevel
    """What the numbers of ``write`` are; see ``policy_on_board``."""
    command_names: tuple[str, ...]
    """The numbers of ``write`` one by one, with units in the names."""
    clock: Clock
    """The time of its stamps; the control loop runs by it."""

    def open(self) -> None:
        """Connect and start the state stream.

        Raises:
            LinkError: if the robot does not answer in bounded time.
        """
        ...

    def checks(self, bundle: Bundle) -> list[Check]:
        """Return the outcome of every check before a start, the state of the robot last; nothing moves."""
        ...

    def prepare(self) -> Check:
        """Make the robot ready for a start, e.g. let its estimator converge; nothing moves.

        Raises:
            FlightRefusedError: if it does not get ready in bounded time.
        """
        ...

    def read(self) -> StateT | None:
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
        """Ask the robot to arm or disarm; returns at once, ``RobotState.armed`` tells when it did."""
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
