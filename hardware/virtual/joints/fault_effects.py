"""What each fault of ``JOINT_KINDS`` does to a body with joints and to what measures it."""

from __future__ import annotations

import math

from hardware.virtual.faults import OPERATED, Fault
from hardware.virtual.joints.body import Body
from hardware.virtual.joints.power import AMBIENT_C, Power
from hardware.virtual.joints.sensors import JointSensors
from sim.errors import ConfigError

EMPTY_CHARGE = -0.05
"""Charge that stands for an empty pack: a G1's reads under 43 V."""
JOINT = "knee"
"""The joint that faults of one joint befall: the first whose name contains it, else the very first."""


class JointFaultEffects:
    """Acts on one robot.

    Args:
        body: of the robot.
        power: its battery and temperatures.
        sensors: what measures it.
        charge: of the battery when it is not faulty, 0 to 1.
    """

    def __init__(self, body: Body, power: Power, sensors: JointSensors, charge: float) -> None:
        self._body, self._power, self._sensors, self._charge = body, power, sensors, charge
        names = body.parameters.joint_names
        self._joint = next((index for index, name in enumerate(names) if JOINT in name), 0)

    def check(self, fault: Fault) -> None:
        """Refuse what this robot cannot suffer.

        Raises:
            ConfigError: naming the fault.
        """
        if fault.name in OPERATED and self._body.crane is None:
            raise ConfigError(f"'{fault.name}' needs the crane: add --hang (in a launch hang:=true)")
        if fault.name == "dead-motor":
            last = self._body.parameters.num_joints - 1
            if fault.value != round(fault.value):
                raise ConfigError(f"fault 'dead-motor' needs a whole number, not {fault.value:g}")
            if fault.value > last:
                raise ConfigError(f"fault 'dead-motor' needs a value from 0 to {last}, a motor of this robot")

    def apply(self, fault: Fault, active: bool) -> bool:
        """Begin or end a fault; returns whether it was one of these. A push and a lowering happen once."""
        value = fault.value if active else 0.0
        if fault.name == "dead-motor":
            self._body.set_motor(round(fault.value), alive=not active)
        elif fault.name == "battery-sag":
            self._power.sag_v = value
        elif fault.name == "low-battery":
            self._power.charge = EMPTY_CHARGE if active else self._charge
        elif fault.name == "over-temperature":
            self._power.heat(self._joint, fault.value if active else AMBIENT_C)
        elif fault.name == "gyro-bias":
            self._sensors.gyro_bias_rad_s = math.radians(value)
        elif fault.name == "encoder-bias":
            self._body.encoder_bias[self._joint] = math.radians(value)
        elif fault.name == "nan-state":
            self._sensors.broken = active
        elif fault.name == "remote-stop":
            self._sensors.remote_stop = active
        else:
            return self._apply_once(fault, active)
        return True

    def _apply_once(self, fault: Fault, active: bool) -> bool:
        if fault.name == "push":
            if active:
                self._body.push(fault.value)
        elif fault.name in OPERATED:
            if active and self._body.crane is not None:
                (self._body.crane.lower if fault.name == "lower" else self._body.crane.set_down)()
        else:
            return False
        return True
