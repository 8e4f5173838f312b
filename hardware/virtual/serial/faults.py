"""The virtual serial robots' faults; the syntax is that of every virtual robot."""

from __future__ import annotations

from hardware.virtual.faults import JOINT_KINDS, LINK_KINDS, MULTIROTOR_KINDS, STALL_KINDS, Fault, FaultKind, read_fault

_BOARD_KINDS = {
    **LINK_KINDS,
    **STALL_KINDS,
    "reboot": FaultKind("the firmware restarts: disarmed, its session forgotten"),
}
KINDS = {**_BOARD_KINDS, **MULTIROTOR_KINDS}
"""Of a multirotor."""
KINDS_OF_JOINTS = {**_BOARD_KINDS, **JOINT_KINDS}
"""Of a robot with joints."""


def parse_fault(text: str) -> Fault:
    """Read a multirotor's fault as the command line writes it.

    Raises:
        ConfigError: for an unknown name or a value out of range, with the valid ones.
    """
    return read_fault(text, KINDS)


def parse_joint_fault(text: str) -> Fault:
    """Read a fault of a robot with joints; errors as ``parse_fault``."""
    return read_fault(text, KINDS_OF_JOINTS, ("armed", "connected"))
