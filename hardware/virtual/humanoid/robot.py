"""The virtual humanoid itself: body, motors, sensors and services, one millisecond at a time.

It knows neither DDS nor clocks: ``receive`` takes command frames, ``advance`` moves time,
``take_states`` gives what it publishes. The server runs it; tests may step it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.dds.frames import HgLowCmd, HgLowState
from hardware.virtual.events import EventLog
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import Fault
from hardware.virtual.humanoid.commander import MACHINE_TYPE, Commander
from hardware.virtual.humanoid.fault_effects import FaultEffects
from hardware.virtual.humanoid.motion_service import MotionService
from hardware.virtual.humanoid.sensors import StateWriter
from hardware.virtual.joints.body import STEP_S, Body
from hardware.virtual.joints.power import Power
from hardware.virtual.joints.sensors import JointSensors
from hardware.virtual.link_conditions import Channel, LinkConditions

PUBLISH_MS = 2
"""``LowState`` comes at 500 Hz."""
POWER_MS = 100
FALLEN_RAD = math.radians(60.0)
_HANDLE_BYTES = 8
"""The sender's handle travels in front of each command through the link's conditions."""


@dataclass(frozen=True)
class Options:
    """How the virtual humanoid starts."""

    robot: str = "g1"
    seed: int = 0
    hang: bool = False
    """On the crane, feet off the ground."""
    released: bool = False
    """Its own controller is off from the start, as after L2+R2 on the remote."""
    charge: float = 0.9
    """Battery charge, 0 to 1."""


class VirtualHumanoid:
    """One robot."""

    def __init__(self, options: Options | None = None, faults: Sequence[Fault] = ()) -> None:
        self.options = options = options or Options()
        self.now_ms = 0
        self.events = EventLog()
        noise, link = (np.random.default_rng(seed) for seed in np.random.SeedSequence(options.seed).spawn(2))
        self.body = Body(options.robot, options.hang)
        self.power = Power(np.asarray(self.body.parameters.effort_n_m), options.charge)
        self.sensors = JointSensors(self.body, self.power, noise)
        self._writer = StateWriter(self.body, self.power, self.sensors)
        self.service = MotionService(self.events, active=not options.released)
        self.commander = Commander(self.body.parameters, self.service, self.events)
        self.link = LinkConditions(link, spared_bytes=_HANDLE_BYTES)
        self.state_stalled = False
        self._commands = Channel(self.link, lambda: self.events.count("lost_commands"))
        self._states = Channel(self.link, lambda: self.events.count("lost_states"))
        self._frame = HgLowState()
        self._frame.record["mode_machine"] = MACHINE_TYPE
        self._enabled = np.ones(self.body.parameters.num_joints, bool)
        self._fallen = False
        effects = FaultEffects(self)
        self._faults = FaultSchedule(self.events, effects.apply, faults, effects.check)
        self._drive()
        self.events.add("started", robot=options.robot, seed=options.seed, hang=options.hang)

    # Link ---------------------------------------------------------------------------------------

    def receive(self, frame: HgLowCmd, writer: int) -> None:
        """Take a command frame from the DDS writer with this handle."""
        handle = (writer & (1 << 64) - 1).to_bytes(_HANDLE_BYTES, "little")
        self._commands.push(self.now_ms, handle + frame.image.tobytes())
        self._take_commands()

    def request(self, function: int, parameter: str) -> tuple[int, str] | None:
        """Serve a request to the motion switcher; ``None`` if it or its answer is lost."""
        return None if self.link.lost else self.service.answer(function, parameter)

    def take_states(self) -> list[HgLowState]:
        """Return and forget the state frames to publish now."""
        return [HgLowState(np.frombuffer(packet, np.uint8).copy()) for packet in self._states.pop(self.now_ms)
                if len(packet) == HgLowState.dtype.itemsize]  # fmt: skip

    def inject(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once."""
        self._faults.add(fault)

    # Time ---------------------------------------------------------------------------------------

    def advance(self, duration_ms: int) -> None:
        """Let time pass in steps of one millisecond."""
        for _ in range(duration_ms):
            self._tick()

    @property
    def fallen(self) -> bool:
        """Whether the robot has tipped over."""
        return self._fallen

    def _tick(self) -> None:
        self.now_ms += 1
        self.events.tick_ms = self.now_ms
        self._faults.update()
        self.service.update()
        self._take_commands()
        self._drive()
        self.body.step()
        if self.now_ms % POWER_MS == 0:
            self.power.step(self.body.torque, self.body.velocity, POWER_MS * STEP_S)
        if self.now_ms % PUBLISH_MS == 0:
            self._publish()
        if not self._fallen and self.body.tilt_rad > FALLEN_RAD:
            self._fallen = True
            self.events.add("fell")

    def _take_commands(self) -> None:
        for packet in self._commands.pop(self.now_ms):
            frame = HgLowCmd(np.frombuffer(packet, np.uint8, offset=_HANDLE_BYTES).copy())
            self.commander.receive(frame, int.from_bytes(packet[:_HANDLE_BYTES], "little"))

    def _drive(self) -> None:
        drive = self.commander.drive()
        self._enabled = drive.enabled if self.commander.obeying else np.zeros_like(drive.enabled)
        drive.apply(self.body)

    def _publish(self) -> None:
        self._writer.write(self._frame, self.events.clock_ms, self._enabled)
        if not self.state_stalled:
            self._states.push(self.now_ms, self._frame.image.tobytes())
