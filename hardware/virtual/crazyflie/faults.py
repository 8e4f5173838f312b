"""The virtual Crazyflie's faults; the syntax is that of every virtual robot."""

from __future__ import annotations

from hardware.virtual.faults import LINK_KINDS, MULTIROTOR_KINDS, STALL_KINDS, Fault, FaultKind, read_fault
from hardware.virtual.mocap.faults import MOCAP_KINDS

KINDS = {
    **LINK_KINDS,
    **STALL_KINDS,
    **MULTIROTOR_KINDS,
    **MOCAP_KINDS,
    "nan-policy": FaultKind("NaN in the on-board controller's memory"),
}
"""Faults of the link act on set-points, positions, pings and log data (``crtp.is_lossy``)."""


def parse_fault(text: str) -> Fault:
    """Read a fault as the command line writes it.

    Raises:
        ConfigError: for an unknown name or a value out of range, with the valid ones.
    """
    return read_fault(text, KINDS)
