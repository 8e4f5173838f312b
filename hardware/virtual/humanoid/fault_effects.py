"""What each fault does to the virtual humanoid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hardware.virtual.faults import Fault
from hardware.virtual.humanoid.power import AMBIENT_C
from sim.errors import ConfigError

if TYPE_CHECKING:
    from hardware.virtual.humanoid.robot import VirtualHumanoid

STOP_BUTTONS = ("L2", "B")
EMPTY_CHARGE = -0.05
"""Charge that stands for an empty pack: it reads under 43 V."""
KNEE = "left_knee_joint"


class FaultEffects:
    """Acts on one robot."""

    def __init__(self, robot: VirtualHumanoid) -> None:
        self._robot = robot
        self._knee = robot.body.parameters.joint_names.index(KNEE)

    def check(self, fault: Fault) -> None:
        """Refuse what this robot cannot suffer.

        Raises:
            ConfigError: naming the fault.
        """
        if fault.name == "lower" and self._robot.body.crane is None:
            raise ConfigError("'lower' needs the crane: add --hang")
        if fault.name == "dead-motor" and fault.value != round(fault.value):
            raise ConfigError(f"fault 'dead-motor' needs a whole number, not {fault.value:g}")

    def apply(self, fault: Fault, active: bool) -> None:
        """Begin or end a fault."""
        robot = self._robot
        if robot.link.apply(fault, active):
            return
        value = fault.value if active else 0.0
        if fault.name == "state-stall":
            robot.state_stalled = active
        elif fault.name == "dead-motor":
            robot.body.set_motor(round(fault.value), alive=not active)
        elif fault.name == "battery-sag":
            robot.power.sag_v = value
        elif fault.name == "gyro-bias":
            robot.sensors.gyro_bias_rad_s = math.radians(value)
        elif fault.name == "encoder-bias":
            robot.body.encoder_bias[self._knee] = math.radians(value)
        elif fault.name == "nan-state":
            robot.sensors.broken = active
        elif fault.name == "remote-stop":
            robot.sensors.buttons = STOP_BUTTONS if active else ()
        elif fault.name == "over-temperature":
            robot.power.heat(self._knee, fault.value if active else AMBIENT_C)
        elif fault.name == "low-battery":
            robot.power.charge = EMPTY_CHARGE if active else robot.options.charge
        elif active:
            self._apply_once(fault)

    def _apply_once(self, fault: Fault) -> None:
        robot = self._robot
        if fault.name == "push":
            robot.body.push(fault.value)
        elif fault.name == "lower" and robot.body.crane is not None:
            robot.body.crane.lower()
