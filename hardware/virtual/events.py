"""What happened on board and when: the record that tests and fault figures read.

Each event carries the robot's own time and the host's monotonic clock, so that a program on
the same machine can relate it to what it did.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sim.files import write_atomic

MOST_EVENTS = 100_000
"""Later ones are only counted: a hostile client must not fill the memory."""


class EventLog:
    """Ordered events and counters of one run."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.counters: Counter[str] = Counter()
        self.marks: dict[str, int] = {}
        """Newest on-board time in ms of what happens too often to list, e.g. every set-point."""
        self.tick_ms = 0
        self.slipped_ms = 0
        """Time for which the computer was too slow: the robot stood still, its clock did not."""
        self.behind_ms = 0
        """How late its present time is lived: the same, for the moment."""

    @property
    def clock_ms(self) -> int:
        """The robot's clock, as it stamps what it sends."""
        return self.tick_ms + self.slipped_ms + self.behind_ms

    def keep_time(self, slipped_ms: int, behind_ms: int) -> None:
        """Note for how long the robot stood still, and how late its present time is lived."""
        self.slipped_ms, self.behind_ms = slipped_ms, behind_ms

    def add(self, name: str, **details: Any) -> None:
        """Record an event at the present on-board time."""
        if len(self.events) >= MOST_EVENTS:
            self.count("events_not_kept")
            return
        event = {"t_s": self.tick_ms / 1000.0, "monotonic_ns": time.monotonic_ns(), "event": name, **details}
        self.events.append(event)

    def count(self, name: str) -> None:
        """Increase a counter."""
        self.counters[name] += 1

    def mark(self, name: str) -> None:
        """Note that ``name`` happened now."""
        self.marks[name] = self.tick_ms

    def first(self, name: str) -> dict[str, Any] | None:
        """Return the first event called ``name``."""
        return next((event for event in self.events if event["event"] == name), None)

    def last(self, name: str) -> dict[str, Any] | None:
        """Return the last event called ``name``."""
        return next((event for event in reversed(self.events) if event["event"] == name), None)

    def document(self, **summary: Any) -> dict[str, Any]:
        """Return everything as JSON-able data; ``summary`` is added at the top level."""
        return {
            **summary,
            "counters": dict(self.counters),
            "marks_s": {name: tick / 1000.0 for name, tick in self.marks.items()},
            "events": self.events,
        }

    def write(self, path: Path, **summary: Any) -> None:
        """Write ``document`` as JSON.

        Raises:
            StorageError: if the disk is full or the folder not writable.
        """
        write_atomic(path, json.dumps(self.document(**summary), indent=1) + "\n")
