"""Which virtual robot can suffer which fault, as the documentation shows it (``docs/virtual-robots.md``)."""

from __future__ import annotations

from collections.abc import Mapping

from hardware.virtual.arm.faults import KINDS as ARM
from hardware.virtual.crazyflie.faults import KINDS as CRAZYFLIE
from hardware.virtual.faults import FaultKind
from hardware.virtual.humanoid.faults import KINDS as HUMANOID
from hardware.virtual.serial.faults import KINDS as SERIAL
from hardware.virtual.serial.faults import KINDS_OF_JOINTS as SERIAL_JOINTS
from hardware.virtual.sim_robots import IN_PROCESS_FLIGHT, IN_PROCESS_JOINTS

ROBOTS: dict[str, Mapping[str, FaultKind]] = {
    "crazyflie": CRAZYFLIE,
    "serial, flying": SERIAL,
    "serial, joints": SERIAL_JOINTS,
    "humanoid": HUMANOID,
    "sim://, flying": IN_PROCESS_FLIGHT,
    "sim://, joints": IN_PROCESS_JOINTS,
    "arm": ARM,
}
"""Faults by robot, in the order of the columns."""


def fault_table() -> str:
    """Return the table in Markdown: a line for each fault, its meaning from the first robot that knows it."""
    kinds = {name: kind for robot in reversed(ROBOTS.values()) for name, kind in robot.items()}
    order = dict.fromkeys(name for robot in ROBOTS.values() for name in robot)
    lines = [
        f"| fault | what happens | {' | '.join(ROBOTS)} |",
        f"|---|---|{'---|' * len(ROBOTS)}",
    ]
    for name in order:
        kind = kinds[name]
        cells = " | ".join("x" if name in robot else "" for robot in ROBOTS.values())
        lines.append(f"| `{_written(name, kind)}` | {kind.description} | {cells} |")
    return "\n".join(lines)


def _written(name: str, kind: FaultKind) -> str:
    return name if kind.high == kind.low else f"{name}={kind.unit}"
