"""The virtual serial robot's faults; the syntax is that of every virtual robot."""

from __future__ import annotations

from hardware.virtual.faults import LINK_KINDS, MULTIROTOR_KINDS, Fault, FaultKind, read_fault

KINDS = {
    **LINK_KINDS,
    "state-stall": FaultKind("no more states are sent, the rest answers"),
    "reboot": FaultKind("the firmware restarts: disarmed, its session forgotten"),
    **MULTIROTOR_KINDS,
}


def parse_fault(text: str) -> Fault:
    """Read a fault as the command line writes it.

    Raises:
        ConfigError: for an unknown name or a value out of range, with the valid ones.
    """
    return read_fault(text, KINDS)
