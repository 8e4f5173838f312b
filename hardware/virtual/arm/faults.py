"""What can happen to the virtual arm, on request: ``pads-stall@commanded+1``."""

from __future__ import annotations

from hardware.virtual.faults import STALL_KINDS, FaultKind

KINDS = {
    **STALL_KINDS,
    "pads-stall": FaultKind("the pads fall silent, the rest goes on"),
    "nan-pose": FaultKind("the tool's pose is not a number"),
    "jump": FaultKind("the tool's pose reads too far along x", "m", 0.05, -1.0, 1.0),
}
"""Faults of this robot."""
EVENTS = ("commanded",)
"""Events a fault can start after."""
