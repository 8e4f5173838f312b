"""What each fault does to the virtual humanoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.virtual.faults import Fault
from hardware.virtual.joints.fault_effects import JointFaultEffects

if TYPE_CHECKING:
    from hardware.virtual.humanoid.robot import VirtualHumanoid


class FaultEffects:
    """Acts on one robot."""

    def __init__(self, robot: VirtualHumanoid) -> None:
        self._robot = robot
        self._body = JointFaultEffects(robot.body, robot.power, robot.sensors, robot.options.charge)
        self.check = self._body.check

    def apply(self, fault: Fault, active: bool) -> None:
        """Begin or end a fault."""
        if self._robot.link.apply(fault, active) or self._body.apply(fault, active):
            return
        if fault.name == "state-stall":
            self._robot.state_stalled = active
