"""Who commands the robot: one session at a time, and nobody takes an armed robot from a living host."""

from __future__ import annotations

from hardware.serial.protocol import ProtocolError, Refusal
from hardware.virtual.events import EventLog

SILENT_MS = 1000
"""A host silent for this long may be replaced even while the robot is armed."""
REPORT_EVERY_MS = 1000
"""An intruder makes an event this often, however much it sends."""
NEVER_MS = -(1 << 30)


class Sessions:
    """The session in charge, and the port it speaks through."""

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self.session: int | None = None
        self.port = 0
        """Number of the port through which the session in charge last spoke."""
        self.heard_ms = NEVER_MS
        """When the session in charge last spoke."""
        self.intruder = False
        """Somebody else tried to command since the hello."""
        self._reported_ms = NEVER_MS

    def admit(self, session: int, port: int, armed: bool) -> bool:
        """Let a host take charge; returns whether it is a new one.

        Raises:
            ProtocolError: if another one commands the armed robot.
        """
        now_ms = self._events.tick_ms
        if session != self.session:
            if self.session is not None and armed and now_ms - self.heard_ms <= SILENT_MS:
                self._report()
                raise ProtocolError(Refusal.BUSY, "another session commands the armed robot")
            self.session, self.intruder = session, False
            self._events.add("connected", session=session, port=port)
            new = True
        else:
            new = False
        self.port, self.heard_ms = port, now_ms
        return new

    def require(self, session: int, port: int) -> None:
        """Refuse a message of anybody but the session in charge.

        Raises:
            ProtocolError: if it is not the session's.
        """
        if session != self.session:
            self._report()
            raise ProtocolError(Refusal.NO_SESSION, f"session {session:#x} does not command this robot")
        self.port, self.heard_ms = port, self._events.tick_ms

    @property
    def silent_ms(self) -> int:
        """How long the session in charge has not spoken."""
        return self._events.tick_ms - self.heard_ms

    def _report(self) -> None:
        self._events.count("refused_controller")
        self.intruder = self.session is not None
        if self._events.tick_ms - self._reported_ms >= REPORT_EVERY_MS:
            self._reported_ms = self._events.tick_ms
            self._events.add("refused_controller")
