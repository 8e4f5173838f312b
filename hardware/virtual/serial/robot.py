"""The virtual serial robot itself: body, estimator, autopilot and protocol, one millisecond at a time.

It knows neither ports nor clocks: ``receive`` takes bytes, ``advance`` moves time,
``take_outgoing`` gives what it sends. The server runs it in real time; tests may step it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.framing import Frame
from hardware.serial.hello import Hello
from hardware.serial.protocol import MessageType
from hardware.serial.states import Flag, FlightReport, Head, Mode, encode_flight_report
from hardware.virtual.events import EventLog
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import Fault
from hardware.virtual.link_conditions import LinkConditions
from hardware.virtual.multirotor.autopilot import Autopilot
from hardware.virtual.multirotor.battery import Battery
from hardware.virtual.multirotor.body import STEP_S, Body
from hardware.virtual.multirotor.estimator import StateEstimator
from hardware.virtual.multirotor.fault_effects import apply_to_multirotor
from hardware.virtual.multirotor.motion_events import MotionEvents
from hardware.virtual.multirotor.quaternion import rotation_matrix
from hardware.virtual.multirotor.stock_controller import OFF, Motors
from hardware.virtual.multirotor.supervisor import FlightSupervisor
from hardware.virtual.serial.endpoint import Endpoint
from hardware.virtual.serial.gate import CommandGate
from hardware.virtual.serial.wire import Wire
from sim.spec import MultirotorParameters

FIRMWARE = "sim2metal virtual serial robot, protocol 1"
"""Stands for the firmware; its SHA-256 is the identity in the HELLO."""
BATTERY_PERIOD_MS = 10
REPORTING_MS = 5000
"""A host silent for so long is gone: no more states are sent into its buffers."""


@dataclass(frozen=True)
class Options:
    """How the robot is equipped."""

    name: str = "crazyflie"
    """Robot name in the HELLO: bundles are made for one."""
    motor_names: tuple[str, ...] = ("m1", "m2", "m3", "m4")
    period_ms: int = 10
    """Control period: a state is sent this often."""
    seed: int = 0
    charge: float = 0.95
    """Battery charge at start, 0 to 1."""


class VirtualSerialRobot:
    """One robot with any number of ports."""

    def __init__(
        self, parameters: MultirotorParameters, options: Options | None = None, faults: Sequence[Fault] = ()
    ) -> None:
        self.options = options = options or Options()
        self.now_ms = 0
        self.events = EventLog()
        noise, line = (np.random.default_rng(seed) for seed in np.random.SeedSequence(options.seed).spawn(2))
        self.body = Body(parameters)
        self.battery = Battery(parameters.hover_command, options.charge)
        self.estimator = StateEstimator(noise)
        self.link = LinkConditions(line)
        self.motors: Motors = OFF
        self.stalled = False
        """Fault: no states are sent."""
        self._parameters = parameters
        self._wires: dict[int, Wire] = {}
        self._faults = FaultSchedule(self.events, self._apply, faults)
        self._states = 0
        self._motion = MotionEvents(self.body, self.events)
        self._boot()
        self.events.add("started", seed=options.seed)

    def _boot(self) -> None:
        """Start the firmware: everything it knew is forgotten."""
        names = self.options.motor_names
        self.supervisor = FlightSupervisor(self.events, watchdog=False)
        self.autopilot = Autopilot(self._parameters, self.supervisor, self.events)
        hello = Hello(
            session=0, kind="flight", level="motor", channels=names, period_us=1000 * self.options.period_ms,
            identity=hashlib.sha256(FIRMWARE.encode()).digest(), robot=self.options.name,
        )  # fmt: skip
        gate = CommandGate([0.0] * len(names), [1.0] * len(names))
        self.endpoint = Endpoint(hello, self.supervisor, self.autopilot, gate, self.events)

    # Line ---------------------------------------------------------------------------------------

    def receive(self, data: bytes, port: int = 0) -> None:
        """Take bytes that arrived on a port."""
        wire = self._wires.setdefault(port, Wire(self.link, self.events))
        wire.receive(self.now_ms, data)
        self._deliver(port, wire)

    def take_outgoing(self, port: int = 0) -> bytes:
        """Return and forget the bytes that leave a port now."""
        wire = self._wires.get(port)
        return b"" if wire is None else wire.take_outgoing(self.now_ms)

    def unplug(self, port: int) -> None:
        """Forget a port that is gone."""
        self._wires.pop(port, None)

    def _deliver(self, port: int, wire: Wire) -> None:
        wire.deliver(self.now_ms, lambda frame: self._answer(frame, port))

    def _answer(self, frame: Frame, port: int) -> list[Frame]:
        answer = self.endpoint.handle(frame, port)
        if answer is None:
            return []
        if answer.type == MessageType.NACK or frame.type == MessageType.HEARTBEAT or self.stalled:
            return [answer]
        return [answer, self._state()]  # what was asked for shows at once

    # Time ---------------------------------------------------------------------------------------

    def advance(self, duration_ms: int) -> None:
        """Let time pass in steps of one millisecond."""
        for _ in range(duration_ms):
            self._tick()

    def inject(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once."""
        self._faults.add(fault)

    def _tick(self) -> None:
        self.now_ms += 1
        self.events.tick_ms = self.now_ms
        for port, wire in list(self._wires.items()):
            self._deliver(port, wire)
        self._faults.update()
        body = self.body
        estimate = self.estimator.step(STEP_S, body.position_w, body.velocity_w, body.attitude, body.angular_velocity_b)
        up = rotation_matrix(estimate.attitude)[8]
        self.supervisor.update(self.now_ms, up, max(self.motors), self.autopilot.command_age_ms or 0)
        self._drive(self.autopilot.step(STEP_S, estimate, self.endpoint.sessions.silent_ms))
        if self.now_ms % BATTERY_PERIOD_MS == 0:
            self.battery.step(body.rotor_speed, BATTERY_PERIOD_MS / 1000.0)
        if self.now_ms % self.options.period_ms == 0:
            self._report()

    def _drive(self, motors: Motors) -> None:
        self._motion.motors(motors)
        self.motors = motors
        self.body.step(motors)
        self._motion.contact()

    def _report(self) -> None:
        sessions = self.endpoint.sessions
        wire = self._wires.get(sessions.port)
        if sessions.session is not None and wire and sessions.silent_ms <= REPORTING_MS and not self.stalled:
            wire.send(self.now_ms, self._state())

    def _state(self) -> Frame:
        e = self.estimator.estimate
        report = FlightReport(self._head(), e.position_w, e.velocity_w, e.attitude, e.angular_velocity_b, self.motors)
        self._states += 1
        return Frame(MessageType.FLIGHT_STATE, self._states & 0xFFFF, encode_flight_report(report))

    def _head(self) -> Head:
        supervisor, mode, counters = self.supervisor, self.autopilot.mode, self.events.counters
        flags = Flag(0)
        if supervisor.armed:
            flags |= Flag.ARMED
        if supervisor.crashed or supervisor.tumbled or supervisor.locked:
            flags |= Flag.CRASHED
        if mode is Mode.FAILSAFE:
            flags |= Flag.FAILSAFE
        if mode is Mode.LANDED:
            flags |= Flag.LANDED
        if self.endpoint.sessions.intruder:
            flags |= Flag.INTRUDER
        return Head(
            robot_ms=self.now_ms,
            command_sequence=self.endpoint.gate.sequence,
            battery_v=self.battery.voltage,
            flags=flags,
            refused=counters["refused"] + counters["damaged"],
            mode=mode,
        )

    # Faults -------------------------------------------------------------------------------------

    def _apply(self, fault: Fault, active: bool) -> None:
        if self.link.apply(fault, active):
            return
        if apply_to_multirotor(fault, active, self.body, self.battery, self.estimator):
            return
        if fault.name == "state-stall":
            self.stalled = active
        elif fault.name == "reboot" and active:
            self.supervisor.disarm("reboot")
            self._boot()
