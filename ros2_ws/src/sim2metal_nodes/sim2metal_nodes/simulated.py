"""What sim_node simulates: one kind of robot with its sensors' topics and its command's type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from hardware.virtual.events import EventLog
from sim.spec import SafeAction


class SimulatedRobot(Protocol):
    """A robot that lives in the node; times are milliseconds since its start."""

    now_ms: int
    stalled: bool
    """Its sensors are silent."""
    events: EventLog

    def advance(self, duration_ms: int) -> None:
        """Let time pass."""
        ...

    def command(self, values: Sequence[float]) -> None:
        """Take a command; what cannot act is ignored and counted."""
        ...

    def request_arm(self, armed: bool) -> None:
        """Arm or disarm."""
        ...

    def safe_stop(self, action: SafeAction) -> None:
        """Begin a safe action.

        Raises:
            ConfigError: if this kind of robot cannot do it.
        """
        ...

    def emergency_stop(self) -> None:
        """Motors off until a restart."""
        ...


class SimulatedSide(Protocol):
    """One kind of robot: its topics."""

    robot: SimulatedRobot
    command_type: type[Any]
    command_topic: str

    def read(self, message: Any) -> Sequence[float]:
        """Return the numbers of a command.

        Raises:
            RejectedInputError: if they are not this robot's.
        """
        ...

    def inject(self, text: str) -> None:
        """Add a fault.

        Raises:
            ConfigError: if this robot cannot suffer it.
        """
        ...

    @property
    def awaits_commands(self) -> bool:
        """Whether its motors follow commands now, so that a late one matters."""
        ...

    def sensors(self, time_ns: int) -> None:
        """Publish what it measures."""
        ...

    def slow_sensors(self, time_ns: int) -> None:
        """Publish what changes slowly, ten times a second."""
        ...

    def display(self, time_ns: int) -> None:
        """Publish what people look at, 25 times a second."""
        ...

    def status(self) -> tuple[int, float]:
        """Return the bits of ``status`` and the battery's voltage."""
        ...
