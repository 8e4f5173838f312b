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
MAX_LAG_MS = 40
"""Simulated time that may pass beyond the measurement on which the newest command rests: two periods of a policy at
50 Hz, and less than any bundle's budget for the age of a state."""
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

    def wait(self, lag_ms: float) -> bool:
        """Wait for the next quantum; returns whether it may begin, else the caller asks again.

        Args:
            lag_ms: simulated time since the measurement that the newest command rests on; 0 while none is expected.
        """
        now_s = time.monotonic()
        self._given_up = self._given_up and lag_ms > MAX_LAG_MS
        if lag_ms > MAX_LAG_MS and not self._given_up:
            self._waiting_since_s = now_s if self._waiting_since_s is None else self._waiting_since_s
            self._given_up = now_s - self._waiting_since_s > PATIENCE_S
            time.sleep(LOOK_S)
            return False
        if self._waiting_since_s is not None:
            self.waited_s += now_s - self._waiting_since_s
            self._waiting_since_s, self._deadline_s = None, now_s
        late_s = now_s - self._deadline_s
        if late_s < 0.0:
            time.sleep(-late_s)
        elif late_s > MAX_BEHIND_S:
            self.slipped_s += late_s
            self._deadline_s = now_s
        self._deadline_s += self._step_s
        return True
