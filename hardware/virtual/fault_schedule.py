"""Begins and ends faults at their times; what each of them does is the robot's knowledge."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hardware.virtual.events import EventLog
from hardware.virtual.faults import Fault

Apply = Callable[[Fault, bool], None]
"""Begins (true) or ends (false) a fault."""


class FaultSchedule:
    """The faults of one robot, waiting and active.

    Args:
        events: the robot's events, whose clock counts.
        apply: does what a fault means.
        faults: waiting from the start.
        check: refuses, by a ``ConfigError``, a fault that breaks something this robot does not have.
    """

    def __init__(
        self, events: EventLog, apply: Apply, faults: Sequence[Fault] = (), check: Callable[[Fault], None] | None = None
    ) -> None:
        self._events = events
        self._apply = apply
        self._check = check or (lambda _: None)
        for fault in faults:
            self._check(fault)
        self._waiting = list(faults)
        self._ends: list[tuple[int, Fault]] = []

    def add(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once.

        Raises:
            ConfigError: if it breaks something that this robot does not have.
        """
        self._check(fault)
        self._waiting.append(fault)
        self.update()

    def update(self) -> None:
        """Begin and end what is due at the robot's present time."""
        if not self._waiting and not self._ends:
            return
        now_ms = self._events.tick_ms
        for fault in [fault for fault in self._waiting if self._is_due(fault)]:
            self._waiting.remove(fault)
            self._switch(fault, active=True)
            if fault.duration_s is not None:
                self._ends.append((now_ms + round(1000 * fault.duration_s), fault))
        for end in [end for end in self._ends if end[0] <= now_ms]:
            self._ends.remove(end)
            self._switch(end[1], active=False)

    def _is_due(self, fault: Fault) -> bool:
        origin_s = 0.0
        if fault.after is not None:
            event = self._events.first(fault.after)
            if event is None:
                return False
            origin_s = event["t_s"]
        return self._events.tick_ms >= 1000.0 * (origin_s + fault.start_s)

    def _switch(self, fault: Fault, active: bool) -> None:
        self._events.add("fault_injected" if active else "fault_over", fault=fault.name, value=fault.value)
        self._apply(fault, active)
