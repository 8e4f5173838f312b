"""A fixed-rate loop from absolute deadlines that measures itself.

Deadlines are multiples of the period after the start, so an early or late wake-up never
accumulates. A deadline that passed more than half a period before its step could start is
counted as an overrun and skipped: the loop never makes up for lost time with a burst.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from hardware.clock import HOST_CLOCK, NS, Clock
from hardware.samples import Samples


@dataclass
class LoopTiming:
    """What a loop measured about its steps, in bounded memory."""

    period_ns: int
    steps: int = 0
    overruns: int = 0
    """Deadlines skipped because they were missed by more than half a period."""
    first_ns: int = 0
    """Start of the first step."""
    last_ns: int = 0
    """Start of the newest step."""
    periods_ns: Samples = field(default_factory=Samples)
    """From one start to the next."""
    durations_ns: Samples = field(default_factory=Samples)

    @property
    def span_s(self) -> float:
        """Time from the first start to the last."""
        return (self.last_ns - self.first_ns) / NS

    @property
    def rate_hz(self) -> float:
        """Steps per second; 0 before the second step."""
        return (self.steps - 1) / self.span_s if self.steps > 1 else 0.0

    def add(self, start_ns: int, end_ns: int) -> None:
        """Take a step."""
        if self.steps == 0:
            self.first_ns = start_ns
        else:
            self.periods_ns.add(start_ns - self.last_ns)
        self.last_ns = start_ns
        self.steps += 1
        self.durations_ns.add(end_ns - start_ns)

    def summary(self) -> dict[str, float]:
        """Return period, jitter and duration percentiles in ms, and the number of overruns.

        Jitter is the distance of a measured period from the nominal one. Percentiles are exact for short runs
        and estimates for long ones, as ``Samples`` says; numbers of steps and overruns and the longest period
        are exact.
        """
        periods = self.periods_ns.kept / 1e6
        if periods.size == 0:
            return {"steps": float(self.steps), "overruns": float(self.overruns)}
        jitter = np.abs(periods - self.period_ns / 1e6)
        durations = self.durations_ns.kept / 1e6
        return {
            "steps": float(self.steps),
            "period_p50_ms": float(np.percentile(periods, 50)),
            "period_p99_ms": float(np.percentile(periods, 99)),
            "period_max_ms": (self.periods_ns.maximum or 0.0) / 1e6,
            "jitter_p50_ms": float(np.percentile(jitter, 50)),
            "jitter_p99_ms": float(np.percentile(jitter, 99)),
            "step_p99_ms": float(np.percentile(durations, 99)),
            "overruns": float(self.overruns),
        }


class PacedLoop:
    """One loop whose steps a caller starts at their deadlines; several may share a thread.

    Args:
        step: the work of one period; gets the monotonic time at which it started, returns whether to go on.
        period_s: nominal period.
        clock: time source; default the host's.
        offset_s: delay of the first deadline: loops that share a thread keep out of each other's way.
    """

    def __init__(
        self, step: Callable[[int], bool], period_s: float, clock: Clock = HOST_CLOCK, offset_s: float = 0.0
    ) -> None:
        self.timing = LoopTiming(period_ns=round(period_s * NS))
        self.clock = clock
        self.deadline_ns = clock.now_ns() + self.timing.period_ns + round(offset_s * NS)
        """When the next step is due."""
        self._step = step

    def run_once(self) -> bool:
        """Run the step that is due and set the next deadline; return whether to go on."""
        timing = self.timing
        start = self.clock.now_ns()
        more = self._step(start)
        end = self.clock.now_ns()
        timing.add(start, end)
        self.deadline_ns += timing.period_ns
        late = end - self.deadline_ns
        if more and late > timing.period_ns // 2:
            missed = late // timing.period_ns + 1
            timing.overruns += missed
            self.deadline_ns += missed * timing.period_ns
        return more


def run_loop(step: Callable[[int], bool], period_s: float, clock: Clock = HOST_CLOCK) -> LoopTiming:
    """Call ``step(start_ns)`` once per period until it returns ``False``.

    Args:
        step: the work of one period; gets the monotonic time at which it started.
        period_s: nominal period.
        clock: time source; default the host's.

    Returns:
        What the loop measured about itself.
    """
    loop = PacedLoop(step, period_s, clock)
    more = True
    while more:
        clock.sleep_until(loop.deadline_ns)
        more = loop.run_once()
    return loop.timing


class HostStall:
    """Time this computer did not run the loop, for which data that waits unread must not be blamed.

    After a late wake-up the loop may look before the receiving thread has read what arrived
    meanwhile. For two steps the gap is allowed for; after that silence is silence.
    """

    STEPS = 2

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._last_ns: int | None = None
        self._gap_ns = 0
        self._left = 0

    def allowance_ns(self, now_ns: int) -> int:
        """Return what to take off the age of data in the step that starts at ``now_ns``."""
        gap = 0 if self._last_ns is None else now_ns - self._last_ns - self._period_ns
        self._last_ns = now_ns
        if gap > self._period_ns:
            self._gap_ns, self._left = gap, self.STEPS
        self._left -= 1
        return self._gap_ns if self._left >= 0 else 0
