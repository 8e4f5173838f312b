"""Hostile bytes for the serial protocol: millions of mutated frames through the decoder and both ends.

The robot's end is the one that flies (``hardware.virtual.serial``: endpoint, gate, autopilot), the
host's the link's receiver. Nothing may raise, nothing may grow, and no command may be taken that
did not arrive in an undamaged frame; whether it did is known from what was sent, not asked of the decoder.
"""

from __future__ import annotations

import math
import random
import resource
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hardware.framing import Frame, FrameReader, encode
from hardware.serial.hello import HelloRequest, encode_hello, encode_hello_request
from hardware.serial.messages import encode_session
from hardware.serial.protocol import MessageType
from hardware.serial.receiver import Receiver
from hardware.virtual.events import EventLog
from hardware.virtual.multirotor.autopilot import Autopilot
from hardware.virtual.multirotor.estimator import Estimate
from hardware.virtual.multirotor.supervisor import FlightSupervisor
from hardware.virtual.serial.endpoint import Endpoint
from hardware.virtual.serial.gate import CommandGate
from hardware.virtual.serial.wire import LONGEST
from sim.registry import load_robot
from tests.bench.serial_frames import HELLO, FrameMaker

FRAMES = 10_000_000
BATCH = 2000
"""Frames before both ends start afresh: an emergency stop or a stranger's hello ends a robot's interest."""
STEP_EVERY = 50
"""Frames in a millisecond of the robot's time."""
BATCH_LIMIT_S = 5.0
"""A batch takes some hundredths of a second of CPU; one this slow counts as a hang."""
GROWTH_LIMIT_MB = 64.0
MOST_FAILURES = 20

STANDING = Estimate((0.0, 0.0, 0.5), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


@dataclass
class Result:
    """What a run found."""

    frames: int = 0
    accepted: int = 0
    """Commands the robot took."""
    seconds: float = 0.0
    """CPU time."""
    growth_mb: float = 0.0
    """Of the largest memory the process ever held."""
    slowest_batch_s: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    """Frames by mutation."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """What became of them."""
    failures: list[str] = field(default_factory=list)

    @property
    def frames_per_s(self) -> float:
        return self.frames / self.seconds if self.seconds else math.nan

    def fail(self, text: str) -> None:
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(text)


def measure() -> dict[str, Any]:
    """Return the figures of the full run."""
    result = fuzz(FRAMES)
    return {
        "fuzz.frames": result.frames,
        "fuzz.serial_found": result.failures,
        "fuzz.serial_accepted": result.accepted,
        "fuzz.serial_frames_per_s": result.frames_per_s,
        "fuzz.serial_growth_mb": result.growth_mb,
        "fuzz.serial_slowest_batch_s": result.slowest_batch_s,
    }


def fuzz(frames: int, seed: int = 0) -> Result:
    """Push ``frames`` mutated frames through both ends."""
    rng, result = random.Random(seed), Result()
    fuzzer = Fuzzer(rng, result)
    fuzzer.batch(min(BATCH, frames))  # what is loaded at the first use is no growth
    before_mb = _peak_mb()
    start_s = time.process_time()
    while result.frames < frames:
        begun = time.process_time()
        fuzzer.batch(min(BATCH, frames - result.frames))
        result.slowest_batch_s = max(result.slowest_batch_s, time.process_time() - begun)
    result.seconds = time.process_time() - start_s
    result.growth_mb = _peak_mb() - before_mb
    if result.growth_mb > GROWTH_LIMIT_MB:
        result.fail(f"memory grew by {result.growth_mb:.0f} MB")
    if result.slowest_batch_s > BATCH_LIMIT_S:
        result.fail(f"a batch took {result.slowest_batch_s:.0f} s")
    return result


class Witness(Autopilot):
    """The robot's autopilot, and what it took."""

    taken: tuple[float, ...] | None = None

    def take(self, command):
        self.taken = command
        super().take(command)


class Fuzzer:
    """Makes frames, sends them to both ends and judges what they do."""

    def __init__(self, rng: random.Random, result: Result) -> None:
        self.rng, self.result = rng, result
        self.parameters = load_robot("crazyflie").parameters()
        self.frames = FrameMaker(rng, result.kinds)

    def batch(self, count: int) -> None:
        """Start both ends afresh and send them ``count`` frames."""
        self.frames.restart()
        self._start_robot()
        self._start_host()
        for number in range(count):
            chunk = self.frames.mutant()
            self._to_robot(chunk)
            if number % 4 == 0:
                self._to_host(chunk)
            if number % STEP_EVERY == 0:
                self.events.tick_ms += 1
                self.autopilot.step(0.001, STANDING, 0)
        self.result.frames += count
        self.result.outcomes["damaged"] += self.reader.rejected
        self.result.outcomes.update(self.events.counters)

    # The two ends -------------------------------------------------------------------------------

    def _start_robot(self) -> None:
        self.events = EventLog()
        self.supervisor = FlightSupervisor(self.events, watchdog=False)
        self.autopilot = Witness(self.parameters, self.supervisor, self.events)
        gate = CommandGate([0.0] * 4, [1.0] * 4)
        self.endpoint = Endpoint(HELLO, self.supervisor, self.autopilot, gate, self.events)
        self.reader = FrameReader(LONGEST)
        self.last_sequence = 0
        self._to_robot(
            self.frames.frame(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(self.frames.session)))
        )
        self._to_robot(self.frames.frame(MessageType.ARM, encode_session(self.frames.session)))
        self.autopilot.step(0.001, STANDING, 0)
        if not self.supervisor.armed:
            self.result.fail("an undamaged hello and arming request had no effect")

    def _start_host(self) -> None:
        self.host = Receiver(None, HELLO.session)  # type: ignore[arg-type] (its thread, the one that reads, is not started)
        self.host_reader = FrameReader(LONGEST)
        self._to_host(encode(Frame(MessageType.HELLO, 0, encode_hello(HELLO))))
        if self.host.hello != HELLO:
            self.result.fail("an undamaged hello had no effect")

    def _to_robot(self, chunk: bytes) -> None:
        try:
            for frame in self.reader.feed(chunk):
                session, armed = self.endpoint.sessions.session, self.supervisor.can_fly
                answer = self.endpoint.handle(frame, 0)
                if answer is not None and len(encode(answer)) > LONGEST:
                    self.result.fail(f"an answer of {len(answer.payload)} bytes")
                if self.autopilot.taken is not None:
                    self._judge(frame, session, armed)
        except Exception as error:  # noqa: BLE001 (any exception at all is a finding)
            self.result.fail(f"robot: {type(error).__name__}: {error} on {chunk.hex()}")

    def _to_host(self, chunk: bytes) -> None:
        try:
            for frame in self.host_reader.feed(chunk):
                self.host._take(frame, 0)
        except Exception as error:  # noqa: BLE001
            self.result.fail(f"host: {type(error).__name__}: {error} on {chunk.hex()}")

    def _judge(self, frame: Frame, session: int | None, armed: bool) -> None:
        """A command was taken: it must have been sent like this, be new, in range, and from the one in charge."""
        taken, self.autopilot.taken = self.autopilot.taken, None
        self.result.accepted += 1
        sender, sequence, count = struct.unpack_from("<IIB", frame.payload)
        problems = [
            "not as it was sent" if taken not in self.frames.intact.get(sequence, ()) else "",
            "of another session" if sender != session else "",
            "while not armed" if not armed else "",
            "old" if sequence <= self.last_sequence else "",
            "of another size" if count != 4 or len(frame.payload) != 25 else "",
            "out of range" if not all(0.0 <= value <= 1.0 for value in taken) else "",
        ]
        if any(problems):
            self.result.fail(f"command taken {', '.join(filter(None, problems))}: {frame}")
        self.last_sequence = sequence


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
