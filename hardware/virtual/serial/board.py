"""What every virtual robot on a serial line has, whatever its body: ports, endpoint, link faults, states, time.

It knows neither ports nor clocks: ``receive`` takes bytes, ``advance`` moves time in steps of one
millisecond, ``take_outgoing`` gives what it sends. The server runs it; tests may step it.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hardware.framing import Frame
from hardware.serial.protocol import MessageType
from hardware.serial.states import Flag, Head, Mode
from hardware.virtual.events import EventLog
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import Fault
from hardware.virtual.link_conditions import LinkConditions
from hardware.virtual.serial.endpoint import Endpoint
from hardware.virtual.serial.wire import Wire

FIRMWARE = "sim2metal virtual serial robot, protocol 1"
"""Stands for the firmware; its SHA-256 is the identity in the HELLO."""
IDENTITY = hashlib.sha256(FIRMWARE.encode()).digest()
REPORTING_MS = 5000
"""A host silent for so long is gone: no more states are sent into its buffers."""


@dataclass(frozen=True)
class Options:
    """How a robot on a serial line is equipped."""

    name: str = "crazyflie"
    """Robot name in the HELLO: bundles are made for one."""
    motor_names: tuple[str, ...] = ("m1", "m2", "m3", "m4")
    """Channels of a command: motors, or joints."""
    period_ms: int = 10
    """Control period: a state is sent this often."""
    seed: int = 0
    charge: float = 0.95
    """Battery charge at start, 0 to 1."""


class SerialBoard(ABC):
    """One robot with any number of ports.

    Args:
        options: its equipment.
        faults: to happen later.
    """

    endpoint: Endpoint

    check: Callable[[Fault], None] | None = None
    """Refuses, by a ``ConfigError``, a fault of something this robot does not have; set by ``_build``."""

    def __init__(self, options: Options, faults: Sequence[Fault] = ()) -> None:
        self.options = options
        self.now_ms = 0
        self.events = EventLog()
        noise, line = (np.random.default_rng(seed) for seed in np.random.SeedSequence(options.seed).spawn(2))
        self.noise = noise
        """Where the noise of all sensors comes from."""
        self.link = LinkConditions(line)
        self.stalled = False
        """Fault: no states are sent."""
        self._wires: dict[int, Wire] = {}
        self._states = 0
        self._build()
        self._faults = FaultSchedule(self.events, self._apply, faults, self.check)
        self._boot()
        self.events.add("started", seed=options.seed)

    # What a kind of robot brings ------------------------------------------------------------------

    @abstractmethod
    def _build(self) -> None:
        """Make body, battery and sensors."""

    @abstractmethod
    def _boot(self) -> None:
        """Start the firmware: everything it knew is forgotten."""

    @abstractmethod
    def _step(self) -> None:
        """Let the body and the firmware live for one millisecond."""

    @abstractmethod
    def _measure(self) -> tuple[MessageType, bytes]:
        """Return type and payload of a state."""

    @abstractmethod
    def _apply_to_body(self, fault: Fault, active: bool) -> None:
        """Begin or end a fault that befalls neither the line nor the firmware as a whole."""

    @abstractmethod
    def _before_reboot(self) -> None:
        """Cut the motors."""

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
        self._step()
        if self.now_ms % self.options.period_ms == 0:
            self._report()

    def _report(self) -> None:
        sessions = self.endpoint.sessions
        wire = self._wires.get(sessions.port)
        if sessions.session is not None and wire and sessions.silent_ms <= REPORTING_MS and not self.stalled:
            wire.send(self.now_ms, self._state())

    def _state(self) -> Frame:
        kind, payload = self._measure()
        self._states += 1
        return Frame(kind, self._states & 0xFFFF, payload)

    def _head(self, battery_v: float, mode: Mode, flags: Flag) -> Head:
        """Return what states of all kinds begin with."""
        counters = self.events.counters
        if self.endpoint.sessions.intruder:
            flags |= Flag.INTRUDER
        return Head(
            robot_ms=self.events.clock_ms,
            command_sequence=self.endpoint.gate.sequence,
            battery_v=battery_v,
            flags=flags,
            refused=counters["refused"] + counters["damaged"],
            mode=mode,
        )

    # Faults -------------------------------------------------------------------------------------

    def _apply(self, fault: Fault, active: bool) -> None:
        if self.link.apply(fault, active):
            return
        if fault.name == "state-stall":
            self.stalled = active
        elif fault.name == "reboot":
            if active:
                self._before_reboot()
                self._boot()
        else:
            self._apply_to_body(fault, active)
