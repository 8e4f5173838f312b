"""The virtual multirotor on a serial line: motor commands in, its own state estimate out."""

from __future__ import annotations

from collections.abc import Sequence

from hardware.serial.hello import Hello
from hardware.serial.protocol import MessageType
from hardware.serial.states import Flag, FlightReport, Mode, encode_flight_report
from hardware.virtual.faults import Fault
from hardware.virtual.multirotor.autopilot import Autopilot
from hardware.virtual.multirotor.battery import Battery
from hardware.virtual.multirotor.body import STEP_S, Body
from hardware.virtual.multirotor.estimator import StateEstimator
from hardware.virtual.multirotor.fault_effects import apply_to_multirotor
from hardware.virtual.multirotor.motion_events import MotionEvents
from hardware.virtual.multirotor.quaternion import rotation_matrix
from hardware.virtual.multirotor.stock_controller import OFF, Motors
from hardware.virtual.multirotor.supervisor import FlightSupervisor
from hardware.virtual.serial.board import IDENTITY, Options, SerialBoard
from hardware.virtual.serial.endpoint import Endpoint
from hardware.virtual.serial.gate import CommandGate
from sim.spec import MultirotorParameters

BATTERY_PERIOD_MS = 10


class VirtualSerialRobot(SerialBoard):
    """One multirotor."""

    def __init__(
        self, parameters: MultirotorParameters, options: Options | None = None, faults: Sequence[Fault] = ()
    ) -> None:
        self._parameters = parameters
        super().__init__(options or Options(), faults)

    def _build(self) -> None:
        self.body = Body(self._parameters)
        self.battery = Battery(self._parameters.hover_command, self.options.charge)
        self.estimator = StateEstimator(self.noise)
        self.motors: Motors = OFF
        self._motion = MotionEvents(self.body, self.events)

    def _boot(self) -> None:
        names = self.options.motor_names
        self.supervisor = FlightSupervisor(self.events, watchdog=False)
        self.autopilot = Autopilot(self._parameters, self.supervisor, self.events)
        hello = Hello(
            session=0, kind="flight", level="motor", channels=names, period_us=1000 * self.options.period_ms,
            identity=IDENTITY, robot=self.options.name,
        )  # fmt: skip
        gate = CommandGate([0.0] * len(names), [1.0] * len(names))
        self.endpoint = Endpoint(hello, self.supervisor, self.autopilot, gate, self.events)

    def _step(self) -> None:
        body = self.body
        estimate = self.estimator.step(STEP_S, body.position_w, body.velocity_w, body.attitude, body.angular_velocity_b)
        up = rotation_matrix(estimate.attitude)[8]
        self.supervisor.update(self.now_ms, up, max(self.motors), self.autopilot.command_age_ms or 0)
        self._drive(self.autopilot.step(STEP_S, estimate, self.endpoint.sessions.silent_ms))
        if self.now_ms % BATTERY_PERIOD_MS == 0:
            self.battery.step(body.rotor_speed, BATTERY_PERIOD_MS / 1000.0)

    def _drive(self, motors: Motors) -> None:
        self._motion.motors(motors)
        self.motors = motors
        self.body.step(motors)
        self._motion.contact()

    def _measure(self) -> tuple[MessageType, bytes]:
        e, mode = self.estimator.estimate, self.autopilot.mode
        head = self._head(self.battery.voltage, mode, self._flags(mode))
        report = FlightReport(head, e.position_w, e.velocity_w, e.attitude, e.angular_velocity_b, self.motors)
        return MessageType.FLIGHT_STATE, encode_flight_report(report)

    def _flags(self, mode: Mode) -> Flag:
        supervisor, flags = self.supervisor, Flag(0)
        if supervisor.armed:
            flags |= Flag.ARMED
        if supervisor.crashed or supervisor.tumbled or supervisor.locked:
            flags |= Flag.CRASHED
        if mode is Mode.FAILSAFE:
            flags |= Flag.FAILSAFE
        if mode is Mode.LANDED:
            flags |= Flag.LANDED
        return flags

    def _apply_to_body(self, fault: Fault, active: bool) -> None:
        apply_to_multirotor(fault, active, self.body, self.battery, self.estimator)

    def _before_reboot(self) -> None:
        self.supervisor.disarm("reboot")
