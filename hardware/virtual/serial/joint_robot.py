"""The virtual robot with joints on a serial line: joint targets in, joint states out; it starts on its crane.

A board without force in its motors cannot stand: so, as at every first start of a real one, it
hangs, is armed, moves to its pose, and the crane lets it down (the fault ``lower``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hardware.serial.hello import Hello
from hardware.serial.protocol import MessageType
from hardware.serial.states import Flag, JointReport, Mode, encode_joint_report
from hardware.virtual.faults import Fault
from hardware.virtual.joints.body import STEP_S, Body
from hardware.virtual.joints.fault_effects import JointFaultEffects
from hardware.virtual.joints.firmware import JointFirmware
from hardware.virtual.joints.power import Power
from hardware.virtual.joints.sensors import JointSensors
from hardware.virtual.serial.board import IDENTITY, Options, SerialBoard
from hardware.virtual.serial.endpoint import Endpoint
from hardware.virtual.serial.gate import CommandGate

POWER_MS = 100
FALLEN_RAD = math.radians(60.0)


class VirtualSerialJointRobot(SerialBoard):
    """One robot with joints."""

    def __init__(self, options: Options, faults: Sequence[Fault] = (), parameter_set: str | None = None) -> None:
        self._parameter_set = parameter_set
        super().__init__(options, faults)

    def _build(self) -> None:
        self.body = Body(self.options.name, hang=True, parameter_set=self._parameter_set)
        self.power = Power(np.asarray(self.body.parameters.effort_n_m), self.options.charge)
        self.sensors = JointSensors(self.body, self.power, self.noise)
        self._effects = JointFaultEffects(self.body, self.power, self.sensors, self.options.charge)
        self.check = self._effects.check
        self._measured = self.sensors.measure()
        self.fallen = False

    def _boot(self) -> None:
        parameters = self.body.parameters
        self.firmware = JointFirmware(parameters, self.events)
        hello = Hello(
            session=0, kind="joint", level="joint_position", channels=self.options.motor_names,
            period_us=1000 * self.options.period_ms, identity=IDENTITY, robot=self.options.name,
        )  # fmt: skip
        # Targets travel in single precision: so do the limits, or a target at its limit would be out of range.
        low, high = (
            np.asarray(bound, np.float32).tolist()
            for bound in (parameters.position_low_rad, parameters.position_high_rad)
        )
        gate = CommandGate(low, high)
        self.endpoint = Endpoint(hello, self.firmware, self.firmware, gate, self.events)

    def _step(self) -> None:
        self._measured = self.sensors.measure()
        silent_ms = self.endpoint.sessions.silent_ms
        failed = bool(self.body.dead_motors.size)
        self.firmware.step(self._measured, silent_ms, self.sensors.remote_stop, failed).apply(self.body)
        self.body.step()
        if self.now_ms % POWER_MS == 0:
            self.power.step(self.body.torque, self.body.velocity, POWER_MS * STEP_S)
        if not self.fallen and self.body.tilt_rad > FALLEN_RAD:
            self.fallen = True
            self.events.add("fell")

    def _measure(self) -> tuple[MessageType, bytes]:
        m, firmware = self._measured, self.firmware
        flags = Flag(0)
        if firmware.armed:
            flags |= Flag.ARMED
        if firmware.locked or firmware.motor_error:
            flags |= Flag.CRASHED
        if firmware.mode is Mode.FAILSAFE:
            flags |= Flag.FAILSAFE
        if self.sensors.remote_stop:
            flags |= Flag.OPERATOR_STOP
        head = self._head(self.power.voltage, firmware.mode, flags)
        parts = (m.orientation_wxyz, m.angular_velocity_b, m.position, m.velocity, m.torque, m.temperature_c)
        return MessageType.JOINT_STATE, encode_joint_report(
            JointReport(head, *(tuple(part.tolist()) for part in parts))
        )

    def _apply_to_body(self, fault: Fault, active: bool) -> None:
        self._effects.apply(fault, active)

    def _before_reboot(self) -> None:
        self.firmware.disarm("reboot")
