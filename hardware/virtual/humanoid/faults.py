"""The virtual humanoid's faults, and two things an operator does; the syntax is that of every virtual robot."""

from __future__ import annotations

from hardware.virtual.faults import JOINT_KINDS, LINK_KINDS, STALL_KINDS, Fault, read_fault

KINDS = {
    **LINK_KINDS,
    **STALL_KINDS,
    **JOINT_KINDS,
}
EVENTS = ("released", "armed", "connected")
"""Events a fault can start after; ``armed``: the first command that was obeyed."""


def parse_fault(text: str) -> Fault:
    """Read a fault as the command line writes it.

    Raises:
        ConfigError: for an unknown name or a value out of range, with the valid ones.
    """
    return read_fault(text, KINDS, EVENTS)
