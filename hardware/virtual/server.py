"""The clock of a virtual robot's process: one thread, absolute deadlines, real time or lock-step.

Input is answered the moment it arrives; time moves every ``QUANTUM_MS`` by as much. A computer
that cannot keep up is seen in the real-time factor: small delays are caught up, long ones let
the robot's time slip instead of running it in bursts. In lock-step the robot's own server moves
the time, when its protocol says so.
"""

from __future__ import annotations

import selectors
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol, Self

from hardware.realtime import frozen_heap, raised_priority
from hardware.virtual.events import EventLog
from hardware.virtual.faults import Fault
from hardware.virtual.truth import TruthLog

QUANTUM_MS = 2
"""Time moves by this much at once: half of it is what a packet waits on average for its effect."""
MAX_BEHIND_NS = 100_000_000
"""Further behind than this the robot's time slips."""
WAKE_UP_MS = 2
"""Up to here late is how any computer wakes up; a robot's own clock knows nothing of it."""
IDLE_S = 0.2
"""In lock-step: how often the end of the run is looked for."""
_NS = 1_000_000


class ServedRobot(Protocol):
    """What a server needs of a robot."""

    @property
    def now_ms(self) -> int:
        """Its own time."""
        ...

    @property
    def events(self) -> EventLog:
        """What happened to it."""
        ...

    def advance(self, duration_ms: int) -> None:
        """Let time pass."""
        ...

    def inject(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once."""
        ...


class RobotServer(ABC):
    """Runs one robot; a context manager that frees what it listens on.

    Args:
        robot: whose time it keeps.
        lock_step: leave the time to the subclass.
    """

    def __init__(self, robot: ServedRobot, lock_step: bool = False) -> None:
        self._robot = robot
        self._lock_step = lock_step
        self.truth: TruthLog | None = None
        """Where the truth about the robot is written, if it is."""
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        self._wall_ns = 0
        self._slipped_ns = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def flush(self) -> None:
        """Send what the robot has to say now."""

    def close(self) -> None:
        """Free what it listens on."""
        self._selector.close()

    def stop(self) -> None:
        """Make ``run`` return soon; safe from signal handlers and other threads."""
        self._stop.set()

    def inject(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once."""
        self._robot.inject(fault)

    def move(self, duration_ms: int) -> None:
        """Let the robot live, and note the truth about it."""
        self._robot.advance(duration_ms)
        if self.truth is not None:
            self.truth.note(self._robot.now_ms)

    def watch(self, file_descriptor: int, ready: Callable[[], None]) -> None:
        """Call ``ready`` from the loop whenever the descriptor can be read."""
        self._selector.register(file_descriptor, selectors.EVENT_READ, ready)

    def unwatch(self, file_descriptor: int) -> None:
        """Stop watching a descriptor."""
        self._selector.unregister(file_descriptor)

    def run(self, duration_s: float | None = None) -> None:
        """Serve until ``stop`` or for ``duration_s``, ahead of other programs where the system allows that."""
        with raised_priority(), frozen_heap():
            self._run(duration_s)

    def _run(self, duration_s: float | None) -> None:
        start_ns = deadline_ns = time.monotonic_ns()
        while not self._stop.is_set():
            now_ns = time.monotonic_ns()
            self._listen(IDLE_S if self._lock_step else max(0, deadline_ns - now_ns) / 1e9)
            now_ns = time.monotonic_ns()
            if now_ns >= deadline_ns and not self._lock_step:
                deadline_ns = self._advance(now_ns, deadline_ns)
            self._wall_ns = now_ns - start_ns
            if duration_s is not None and self._wall_ns > duration_s * 1e9:
                return

    def timing(self) -> dict[str, Any]:
        """Return how real the time was."""
        onboard_s = self._robot.now_ms / 1000.0
        wall_s = self._wall_ns / 1e9
        return {
            "onboard_s": onboard_s,
            "wall_s": round(wall_s, 3),
            "real_time_factor": round(onboard_s / wall_s, 4) if wall_s else None,
            "slipped_s": round(self._slipped_ns / 1e9, 3),
            "cpu_s": round(time.process_time(), 3),
        }

    def _listen(self, timeout_s: float) -> bool:
        """Serve what arrives within the time; returns whether anything did."""
        ready = self._selector.select(timeout_s)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def _advance(self, now_ns: int, deadline_ns: int) -> int:
        """Move the time by one quantum; returns the next deadline."""
        if now_ns - deadline_ns > MAX_BEHIND_NS:
            self._slipped_ns += now_ns - deadline_ns
            deadline_ns = now_ns
        behind_ms = (now_ns - deadline_ns) // _NS
        self._robot.events.keep_time(self._slipped_ns // _NS, behind_ms if behind_ms > WAKE_UP_MS else 0)
        self.move(QUANTUM_MS)
        self.flush()
        return deadline_ns + QUANTUM_MS * _NS
