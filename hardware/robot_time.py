"""How late a sample arrived, from the robot's own time stamps.

A link that is always overfull delivers every state late, each of them fresh by its arrival. The robot's
stamps give that away: arrival less stamp is the offset of the two clocks plus the delay, and the
least such difference belongs to the least delay. What a sample arrives later than that is its lag.
A delay that every sample had from the beginning is in the offset and stays invisible.
"""

from __future__ import annotations

MS = 1_000_000
"""Nanoseconds."""
CRYSTAL_DRIFT = 1e-3
"""Faster than any two crystals drift apart (100 ppm and less), so that the least difference may rise with them."""
RC_DRIFT = 2e-2
"""The same for the RC oscillators of microcontrollers (1 % over temperature: STM32F405 data sheet, HSI accuracy)."""
AHEAD_NS = 20 * MS
"""A stamp cannot be ahead of the time that passed here by more than this: a thread's late wake-up, and drift."""
BEHIND_NS = 100 * MS
"""Nor behind the stamp before by more than this: what a network lets one packet overtake another by."""
RESTART_SAMPLES = 3
"""So many impossible stamps in a row are a clock that was set anew; fewer are damage (CRTP has no checksum)."""


class RobotTime:
    """The clocks of one robot and of this computer, compared sample by sample.

    Args:
        bits: width of the robot's millisecond counter, which wraps.
        drift: largest relative difference of the clocks' rates. A lag that grows more slowly than this is not seen.
    """

    def __init__(self, bits: int, drift: float = CRYSTAL_DRIFT) -> None:
        self._bits = bits
        self._drift = drift
        self._newest: tuple[int, int] | None = None
        self._elapsed_ms = 0
        self._least_ns = 0
        self._lag_ns = 0
        self._impossible = 0

    def due_ns(self, robot_ms: int, arrived_ns: int) -> int:
        """Return when a sample would have arrived with the least delay: its arrival, less its lag.

        Args:
            robot_ms: the robot's stamp.
            arrived_ns: host time.
        """
        if self._newest is None:
            return self._restart(robot_ms, arrived_ns)
        before_ms, before_ns = self._newest
        waited_ns, step_ms = arrived_ns - before_ns, counter_step(before_ms, robot_ms, self._bits)
        if not -BEHIND_NS <= step_ms * MS <= waited_ns + self._lag_ns + AHEAD_NS:
            self._impossible += 1
            if self._impossible >= RESTART_SAMPLES:
                return self._restart(robot_ms, arrived_ns)
            return arrived_ns - self._lag_ns  # as late as the one before, as far as anybody knows
        self._impossible = 0
        self._newest = robot_ms, arrived_ns
        self._elapsed_ms += step_ms
        difference_ns = arrived_ns - self._elapsed_ms * MS
        self._least_ns = min(self._least_ns + round(self._drift * max(waited_ns, 0)), difference_ns)
        self._lag_ns = difference_ns - self._least_ns
        return arrived_ns - self._lag_ns

    def _restart(self, robot_ms: int, arrived_ns: int) -> int:
        self._newest = robot_ms, arrived_ns
        self._elapsed_ms = self._lag_ns = self._impossible = 0
        self._least_ns = arrived_ns
        return arrived_ns


def counter_step(before: int, after: int, bits: int) -> int:
    """Return how far a counter of so many bits went, negative for backwards, across its wrap."""
    wrap = 1 << bits
    step = (after - before) % wrap
    return step - wrap if step >= wrap // 2 else step
