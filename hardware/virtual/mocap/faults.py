"""What can go wrong between a body and the poses of it; the syntax is that of every virtual robot's faults."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.virtual.faults import Fault, FaultKind

MOCAP_KINDS = {
    "mocap-occlusion": FaultKind("motion capture does not see the robot"),
    "mocap-stall": FaultKind("motion capture sends no frames"),
    "mocap-late": FaultKind("frames of motion capture come late", "ms", None, 0.0, 2000.0),
    "mocap-jump": FaultKind("motion capture sees the robot too far along x", "m", None, -10.0, 10.0),
    "mocap-flip": FaultKind("motion capture mistakes the markers: turned about z", "degrees", 180.0, -180.0, 180.0),
    "mocap-nan": FaultKind("motion capture sends poses that are no numbers"),
    "mocap-swap": FaultKind("motion capture takes the robot for another one", "robot from 0", 1.0, 0.0, 99.0),
}
"""Faults of one body, but ``mocap-stall`` and ``mocap-late``, which are those of the whole system."""


@dataclass
class Sighting:
    """How motion capture sees one robot now."""

    occluded: bool = False
    stalled: bool = False
    late_ms: float = 0.0
    jump_m: float = 0.0
    flip_deg: float = 0.0
    broken: bool = False
    swapped_with: int | None = None
    """Number of the robot whose place it is seen at."""

    def apply(self, fault: Fault, active: bool) -> bool:
        """Begin or end a fault; returns whether it was one of these."""
        value = fault.value if active else 0.0
        if fault.name == "mocap-occlusion":
            self.occluded = active
        elif fault.name == "mocap-stall":
            self.stalled = active
        elif fault.name == "mocap-late":
            self.late_ms = value
        elif fault.name == "mocap-jump":
            self.jump_m = value
        elif fault.name == "mocap-flip":
            self.flip_deg = value
        elif fault.name == "mocap-nan":
            self.broken = active
        elif fault.name == "mocap-swap":
            self.swapped_with = round(fault.value) if active else None
        else:
            return False
        return True
