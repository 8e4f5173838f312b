"""How fast simulated time passes: with the wall clock, but never ahead of those who control the robot.

A loaded computer may stop a controller for a tenth of a second, in which a simulation that kept to the wall clock
would take the robot's commands for lost. Here simulated time waits for a late command: a slow computer makes the
simulation slow, and changes nothing else. A controller that is gone is waited for once, then time goes on, and
everybody's time-outs, which count simulated time, do their work.
"""

from __future__ import annotations

import time

MAX_BEHIND_S = 0.02
"""Further behind the wall clock than this, simulated time slips instead of running in a burst, which controllers
could not keep up with; about the longest sensor period."""
MAX_LAG_MS = 40.0
"""Simulated time that may pass beyond the measurement on which the newest command rests, unless commands come less
often than every 20 ms: then it is two of their periods."""
LONGEST_PERIOD_MS = 75.0
"""Longer gaps between commands are no period of a policy: a robot takes care of itself after 200 ms."""
PATIENCE_S = 1.0
"""Longest wall time that a late command is waited for."""
LOOK_S = 0.0005


class Pace:
    """Decides when the next quantum of simulated time begins.

    Args:
        quantum_s: simulated time that passes at once.
        factor: simulated seconds per second.
    """

    def __init__(self, quantum_s: float, factor: float) -> None:
        self._step_s = quantum_s / factor
        self._deadline_s = time.monotonic()
        self._waiting_since_s: float | None = None
        self._given_up = False
        self.slipped_s = 0.0
        """Wall time by which simulated time is late because this computer is too slow for the simulation."""
        self.waited_s = 0.0
        """Wall time spent waiting for late commands."""

    def wait(self, late: bool) -> bool:
        """Wait for the next quantum; returns whether it may begin, else the caller asks again.

        Args:
            late: whether a command should have come by now; see ``CommandWatch``.
        """
        now_s = time.monotonic()
        self._given_up = self._given_up and late
        if late and not self._given_up:
            self._waiting_since_s = now_s if self._waiting_since_s is None else self._waiting_since_s
            self._given_up = now_s - self._waiting_since_s > PATIENCE_S
            time.sleep(LOOK_S)
            return False
        if self._waiting_since_s is not None:
            self.waited_s += now_s - self._waiting_since_s
            self._waiting_since_s, self._deadline_s = None, now_s
        behind_s = now_s - self._deadline_s
        if behind_s < 0.0:
            time.sleep(-behind_s)
        elif behind_s > MAX_BEHIND_S:
            self.slipped_s += behind_s
            self._deadline_s = now_s
        self._deadline_s += self._step_s
        return True


class CommandWatch:
    """Knows when a command is late: from the second one of a stream on, by the stamps of what they rest on."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Expect no command."""
        self._newest_ms: float | None = None
        self._period_ms = 0.0

    def note(self, stamp_ms: float) -> None:
        """Note a command that rests on a measurement of ``stamp_ms``."""
        if self._newest_ms is not None and stamp_ms > self._newest_ms:
            self._period_ms = min(stamp_ms - self._newest_ms, LONGEST_PERIOD_MS)
        self._newest_ms = stamp_ms

    def late(self, now_ms: float) -> bool:
        """Return whether the newest command rests on a measurement too long before ``now_ms``."""
        if self._newest_ms is None or not self._period_ms:
            return False
        return now_ms - self._newest_ms > max(MAX_LAG_MS, 2.0 * self._period_ms)
