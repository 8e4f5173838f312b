"""What each fault does to the virtual Crazyflie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.virtual.faults import Fault
from hardware.virtual.multirotor.fault_effects import apply_to_multirotor
from sim.errors import ConfigError

if TYPE_CHECKING:
    from hardware.virtual.crazyflie.robot import VirtualCrazyflie


class FaultEffects:
    """Acts on one robot."""

    def __init__(self, robot: VirtualCrazyflie) -> None:
        self._robot = robot

    def check(self, fault: Fault) -> None:
        """Refuse what this robot cannot suffer.

        Raises:
            ConfigError: for a fault of the policy where none is on board.
        """
        if fault.name == "nan-policy" and self._robot.policy is None:
            raise ConfigError("fault 'nan-policy' needs a policy on board: add --bundle")

    def apply(self, fault: Fault, active: bool) -> None:
        """Begin or end a fault."""
        robot = self._robot
        if robot.link.apply(fault, active) or robot.sighting.apply(fault, active):
            return
        if apply_to_multirotor(fault, active, robot.body, robot.battery, robot.estimator):
            return
        if fault.name == "state-stall":
            robot.log.stalled = active
        elif fault.name == "nan-policy" and active and robot.policy is not None:
            robot.policy.onboard.corrupt_policy()
