"""A clock for the control loop that follows the phase of a sensor's messages."""

from __future__ import annotations

from hardware.clock import HOST_CLOCK, NS, Clock

LEAD_S = 0.0002
"""From a message's arrival to the deadline: later than the jitter of a busy computer's wake-ups, mostly."""


class PhaseLockedClock:
    """The host's clock, moved slowly until the loop's deadlines fall just after the sensor's messages.

    The loop keeps its fixed rate; only its phase follows, so that a command rests on a sample that
    has just arrived instead of one that waited half a period. A first-order phase-locked loop.

    Args:
        period_s: of the loop.
        lead_s: from a message's arrival to the deadline.
        clock: to rest on.
    """

    GAIN = 0.02
    """Share of the phase error taken away per message: the jitter of single messages averages out."""
    SLEW = 0.005
    """Largest correction per message, in periods."""

    def __init__(self, period_s: float, lead_s: float = LEAD_S, clock: Clock = HOST_CLOCK) -> None:
        self._clock = clock
        self._period_ns = round(period_s * NS)
        self._lead_ns = round(lead_s * NS)
        self._deadline_ns: int | None = None
        self.offset_ns = 0
        """How far the loop's clock is behind the one it rests on."""

    def now_ns(self) -> int:
        """Time on the loop's clock."""
        return self._clock.now_ns() - self.offset_ns

    def sleep_until(self, deadline_ns: int) -> None:
        """Sleep until the loop's clock shows ``deadline_ns``."""
        self._deadline_ns = deadline_ns
        self._clock.sleep_until(deadline_ns + self.offset_ns)

    def observe(self, arrival_ns: int) -> None:
        """Move towards a message that arrived at ``arrival_ns`` of the clock this one rests on."""
        if self._deadline_ns is None:
            return
        half = self._period_ns // 2
        wanted = arrival_ns + self._lead_ns - (self._deadline_ns + self.offset_ns)
        error = (wanted + half) % self._period_ns - half
        largest = self.SLEW * self._period_ns
        self.offset_ns += round(max(-largest, min(largest, self.GAIN * error)))
