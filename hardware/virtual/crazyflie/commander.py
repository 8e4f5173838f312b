"""Which set-point flies: the streamed one while it holds priority, else the high-level commander's."""

from __future__ import annotations

from hardware.virtual.crazyflie.high_level import HighLevelCommander
from hardware.virtual.events import EventLog
from hardware.virtual.multirotor.setpoint import NOTHING, Setpoint

PRIORITY_MS = 500
"""A streamed set-point older than this loses its priority over the high-level commander (firmware)."""


class Commander:
    """Keeps the newest streamed set-point and its age; merges in the high-level plan."""

    def __init__(self, events: EventLog, high_level: HighLevelCommander) -> None:
        self._events = events
        self._high_level = high_level
        self._streamed = NOTHING
        self._streamed_ms: int | None = None
        self._relaxed_at: int | None = 0
        self._thrust_locked = True
        self.tick_ms: int | None = None
        """Arrival of the set-point in use; ``None`` before the first."""
        self.now_ms = 0

    def accept(self, setpoint: Setpoint) -> None:
        """Take a streamed set-point; it overrides the high-level commander."""
        self._streamed = setpoint
        self._relaxed_at = None
        self.tick_ms = self._streamed_ms = self.now_ms
        self._high_level.interrupt()
        self._events.count("setpoints")
        self._events.mark("last_setpoint")

    def accept_legacy(self, setpoint: Setpoint) -> None:
        """Take a set-point of attitude and thrust: its thrust is locked until one without any has come (firmware)."""
        if self._streamed_ms is None:
            self._thrust_locked = True
        if setpoint.thrust == 0.0:
            self._thrust_locked = False
        self.accept(NOTHING if self._thrust_locked else setpoint)

    def relax(self, remain_valid_ms: int) -> None:
        """Give the priority back after ``remain_valid_ms``: the high-level commander may take over."""
        self._relaxed_at = self.now_ms + remain_valid_ms

    def select(self, now_ms: int, plan_ms: int) -> Setpoint:
        """Return the set-point in use at ``now_ms``; a plan of the high-level commander dates from ``plan_ms``."""
        self.now_ms = now_ms
        if self._streaming(now_ms):
            return self._streamed
        planned = self._high_level.setpoint(now_ms)
        if planned is None:
            return self._streamed
        self.tick_ms = plan_ms
        return planned

    def _streaming(self, now_ms: int) -> bool:
        """Whether the streamed set-point holds the priority: not relaxed and not timed out."""
        if self._relaxed_at is not None and now_ms >= self._relaxed_at:
            return False
        return self._streamed_ms is not None and now_ms - self._streamed_ms <= PRIORITY_MS

    def forget(self) -> None:
        """Drop every set-point (disarmed)."""
        self._streamed = NOTHING
        self._relaxed_at = 0
        self.tick_ms = self._streamed_ms = None
