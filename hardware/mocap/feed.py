"""From a source of poses to robots: a thread that checks every pose and hands it to the robot it belongs to.

It never ends a flight by itself: poses that stop, whatever the reason, make the link's external pose old, and
the supervisor answers that.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from hardware.checks import LEVEL_RAD
from hardware.mocap.frame import MocapFrame, RigidBody
from hardware.mocap.gate import CheckedPose, FrameGate, PoseGate
from hardware.mocap.source import PoseSource
from hardware.states import FlightState, tilt_of
from sim.errors import LinkError, Sim2MetalError

MOST_PER_S = 100.0
"""Poses handed to a robot per second, at most: more would only take the radio's time (crazyswarm2 wants 80 to 120)."""
POLL_S = 0.05
RATE_WINDOW_S, RATE_LEAST_S = 1.0, 0.4
"""A rate is that of the last second; over less than the second time it is chance."""
LEAST_HZ = 30.0
"""Fewest poses per second for a flight: five within the 0.15 s after which they count as lost."""
FLOOR_M = (-0.5, 1.5)
"""Height at which a robot may stand before a take-off: on a floor, in a pit, on a table."""
TILT_CURE = "is the vertical axis y (add ?up=y), or was the body not level when it was made?"
UP_CURE = "is the vertical axis y (add ?up=y), or the origin not on the floor?"
FRESH_S = 0.5
"""A body that was seen this long ago counts as there before a flight."""


class PoseSink(Protocol):
    """A robot that takes poses."""

    def read(self) -> FlightState | None:
        """Return its newest state."""
        ...

    def send_external_pose(self, position_w: Sequence[float], orientation_wxyz: Sequence[float] | None = None) -> None:
        """Take a pose; returns at once."""
        ...


@dataclass
class BodyStatus:
    """What became of one body's poses."""

    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Reason -> how often."""
    last: CheckedPose | None = None
    arrivals_s: deque[float] = field(default_factory=lambda: deque(maxlen=1024))
    """Host monotonic, of the newest."""

    @property
    def rate_hz(self) -> float:
        """Accepted poses per second of late; 0 before a while of them was seen."""
        since_s = time.monotonic() - RATE_WINDOW_S
        recent = [arrival for arrival in self.arrivals_s.copy() if arrival > since_s]
        seen_s = recent[-1] - recent[0] if recent else 0.0
        return (len(recent) - 1) / seen_s if seen_s >= RATE_LEAST_S else 0.0

    @property
    def fresh(self) -> bool:
        """Whether a pose was accepted just now."""
        return self.last is not None and time.monotonic_ns() - self.last.received_ns < FRESH_S * 1e9


class PoseFeed:
    """Runs from entry to exit.

    Args:
        source: unopened.
        name: of the system, for messages.
        sinks: robots by the name of their bodies.
        most_per_s: poses handed to each robot per second.
    """

    def __init__(
        self, source: PoseSource, name: str, sinks: Mapping[str, PoseSink], most_per_s: float = MOST_PER_S
    ) -> None:
        self.name = name
        self.bodies = {body: BodyStatus() for body in sinks}
        self.refused: Counter[str] = Counter()
        """Whole frames, by reason."""
        self.frames = 0
        self.seen: set[str] = set()
        """Names of all bodies in the stream."""
        self.problem: str | None = None
        """Why the source is gone."""
        self._source, self._sinks = source, dict(sinks)
        self._period_ns = round(0.9e9 / most_per_s)  # a little less, so that a stream at just this rate passes whole
        self._heard_s = 0.0
        self._gates = {body: PoseGate() for body in sinks}
        self._frame_gate = FrameGate()
        self._handed_ns = dict.fromkeys(sinks, -(1 << 62))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="motion-capture", daemon=True)

    def __enter__(self) -> Self:
        self._source.open()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(timeout=2.0)
        self._source.close()

    def wait(self, timeout_s: float) -> bool:
        """Wait until every robot's body is seen at a rate good for flying; returns whether that happened in time."""
        deadline_s = time.monotonic() + timeout_s
        while not all(self.verdict(body)[0] for body in self.bodies):
            if time.monotonic() > deadline_s or self.problem is not None:
                return False
            time.sleep(0.01)
        return True

    def verdict(self, body: str) -> tuple[bool, str]:
        """Return whether one body is seen well enough for a flight, and what is to be said of it now."""
        status = self.bodies[body]
        if not status.fresh or status.last is None:
            return False, self._missing(body)
        x, y, z = status.last.position_w
        rate_hz = status.rate_hz
        refused = f", refused: {_listed(status.refused)}" if status.refused else ""
        seen = f"'{body}' at x {x:+.2f} y {y:+.2f} z {z:+.2f} m, {rate_hz:.0f} Hz{refused} ({self.name})"
        if rate_hz < LEAST_HZ:
            return False, f"{seen}; a flight needs {LEAST_HZ:g} Hz"
        if not FLOOR_M[0] <= z <= FLOOR_M[1]:
            return False, f"{seen}; a robot before take-off stands at z {FLOOR_M[0]:g} to {FLOOR_M[1]:g} m: {UP_CURE}"
        tilt = tilt_of(status.last.orientation_wxyz)
        if tilt > LEVEL_RAD:
            return False, f"{seen}; seen tilted by {math.degrees(tilt):.0f} degrees: {TILT_CURE}"
        return True, seen

    def _missing(self, body: str) -> str:
        status = self.bodies[body]
        if self.problem is not None:
            return self.problem
        if self.frames == 0:
            reasons = self.refused + self._source.refused
            why = f" but: {_listed(reasons)}" if reasons else ""
            return f"{self.name}: no frame arrives{why}; is the system streaming, and to this computer?"
        silent_s = time.monotonic() - self._heard_s
        if silent_s > FRESH_S:
            return f"{self.name}: no frame for {silent_s:.1f} s; did the system stop streaming?"
        if body not in self.seen:
            others = ", ".join(sorted(self.seen)[:8]) or "none"
            return f"{self.name} streams no body '{body}' (it streams: {others}); name it so, or give its name"
        if reasons := status.refused + self.refused:
            return f"{self.name} streams '{body}', but its poses are refused: {_listed(reasons)}"
        return f"{self.name} does not see '{body}' any more; are its markers visible?"

    def document(self) -> dict[str, object]:
        """Return the counts as JSON-able data."""
        bodies = {
            name: {"accepted": status.accepted, "refused": dict(status.refused)} for name, status in self.bodies.items()
        }
        return {
            "source": self.name,
            "frames": self.frames,
            "refused": dict(self.refused + self._source.refused),
            **bodies,
        }

    def _run(self) -> None:
        while not self._done.is_set():
            try:
                frame = self._source.receive(POLL_S)
                if frame is not None:
                    self._take(frame)
            except Sim2MetalError as error:
                self.problem = str(error)
                return
            except Exception as error:  # noqa: BLE001 (poses must not stop without a word)
                self.problem = f"{self.name}: internal error: {type(error).__name__}: {error}"
                return

    def _take(self, frame: MocapFrame) -> None:
        if (reason := self._frame_gate.refusal(frame)) is not None:
            self.refused[reason] += 1
            return
        self.frames += 1
        self._heard_s = frame.received_ns / 1e9
        self.seen.update(body.name for body in frame.bodies)
        named = Counter(body.name for body in frame.bodies)
        for body in frame.bodies:
            if body.name in self._sinks:
                self._hand_over(body, frame.received_ns, ambiguous=named[body.name] > 1)

    def _hand_over(self, body: RigidBody, received_ns: int, ambiguous: bool) -> None:
        status, sink = self.bodies[body.name], self._sinks[body.name]
        pose = "two bodies of this name" if ambiguous else self._gates[body.name].check(body, received_ns, sink.read())
        if isinstance(pose, str):
            status.refused[pose] += 1
            return
        status.accepted += 1
        status.last = pose
        status.arrivals_s.append(received_ns / 1e9)
        if received_ns - self._handed_ns[body.name] >= self._period_ns:
            self._handed_ns[body.name] = received_ns
            try:
                sink.send_external_pose(pose.position_w, pose.orientation_wxyz)
            except LinkError:
                return  # this robot's link is closed or lost; the others still need their poses


def _listed(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(3))
