"""Several virtual Crazyflies in one process: one clock, one thread, each with its own port and place.

They share no world: each stands on a floor of its own at its place in a common frame, and two that
meet pass through each other. What they may share is one radio (``shared_radio``).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from hardware.virtual.crazyflie.faults import parse_fault
from hardware.virtual.crazyflie.report import onboard_summary
from hardware.virtual.crazyflie.robot import VirtualCrazyflie
from hardware.virtual.events import EventLog
from hardware.virtual.faults import Fault
from sim.errors import ConfigError


@dataclass(frozen=True)
class FleetFault(Fault):
    """A fault of one robot, or of all."""

    robot: int | None = None
    """Which one, from 0; ``None``: all."""


def parse_fleet_fault(text: str) -> FleetFault:
    """Read a fault as for one robot, with the robot's number and a slash in front if it is for one only.

    Raises:
        ConfigError: as ``parse_fault``.
    """
    match = re.fullmatch(r"(?:(?P<robot>\d+)/)?(?P<fault>.*)", text.strip(), re.DOTALL)
    assert match is not None
    fault = parse_fault(match["fault"])
    values = {field.name: getattr(fault, field.name) for field in fields(Fault)}
    return FleetFault(**values, robot=int(match["robot"]) if match["robot"] else None)


class Fleet:
    """Robots that advance together; what a server needs of a robot.

    Args:
        robots: at least one.
        faults: to happen later.

    Raises:
        ConfigError: for a fault of a robot that is not there.
    """

    def __init__(self, robots: Sequence[VirtualCrazyflie], faults: Sequence[FleetFault] = ()) -> None:
        self.robots = list(robots)
        self.events = FleetEvents([robot.events for robot in robots])
        for fault in faults:
            self.inject(fault)

    @property
    def now_ms(self) -> int:
        """Time on board, the same for all."""
        return self.robots[0].now_ms

    def advance(self, duration_ms: int) -> None:
        """Let time pass for all."""
        for robot in self.robots:
            robot.advance(duration_ms)

    def inject(self, fault: Fault) -> None:
        """Add a fault.

        Raises:
            ConfigError: for a fault of a robot that is not there.
        """
        number = fault.robot if isinstance(fault, FleetFault) else None
        if number is not None and number >= len(self.robots):
            raise ConfigError(f"fault '{number}/{fault.name}': the robots are 0 to {len(self.robots) - 1}")
        for robot in self.robots if number is None else [self.robots[number]]:
            robot.inject(fault)

    def summary(self) -> dict[str, Any]:
        """Return what happened on board, robot by robot."""
        return {"robots": [onboard_summary(robot) for robot in self.robots]}


class FleetEvents(EventLog):
    """The events of all robots as one log.

    Args:
        logs: one per robot.
    """

    def __init__(self, logs: Sequence[EventLog]) -> None:
        super().__init__()
        self._logs = logs

    def keep_time(self, slipped_ms: int, behind_ms: int) -> None:
        """Note for how long all stood still, and how late their present time is lived."""
        for log in self._logs:
            log.keep_time(slipped_ms, behind_ms)

    def document(self, **summary: Any) -> dict[str, Any]:
        """Return everything as JSON-able data: a list of the robots' own documents and the sum of their counters."""
        counters = sum((log.counters for log in self._logs), Counter())
        return {**summary, "counters": dict(counters), "logs": [log.document() for log in self._logs]}

    def write(self, path: Path, **summary: Any) -> None:
        """Write ``document`` as JSON; the counters of all are counted together."""
        self.counters = sum((log.counters for log in self._logs), Counter())
        super().write(path, **summary)


def places(count: int, spacing_m: float) -> list[tuple[float, float]]:
    """Return where the robots stand: a square grid with its first robot at the origin, m."""
    side = math.ceil(math.sqrt(count))
    return [(spacing_m * (number % side), spacing_m * (number // side)) for number in range(count)]
