"""The phase lock: deadlines end up just behind the sensor, at the loop's own rate."""

import numpy as np
import pytest

from hardware.clock import NS
from hardware.loop import run_loop
from hardware.phase_lock import LEAD_S, PhaseLockedClock

PERIOD_S = 0.002


class FakeClock:
    """Time that moves only when somebody sleeps, and calls what happens meanwhile."""

    def __init__(self, events):
        self.time_ns = 0
        self.events = sorted(events)
        self.on_event = None

    def now_ns(self):
        return self.time_ns

    def sleep_until(self, deadline_ns):
        while self.events and self.events[0] <= deadline_ns:
            self.on_event(self.events.pop(0))
        self.time_ns = max(self.time_ns, deadline_ns)


def run(arrivals_s, steps):
    clock = FakeClock([round(t * NS) for t in arrivals_s])
    locked = PhaseLockedClock(PERIOD_S, clock=clock)
    clock.on_event = locked.observe
    starts = []

    def step(_now):
        starts.append(clock.now_ns() / NS)
        return len(starts) < steps

    run_loop(step, PERIOD_S, locked)
    return np.array(starts)


@pytest.mark.parametrize("phase_s", [0.0, 0.0005, 0.0012, 0.0019])
@pytest.mark.parametrize("drift", [-1e-4, 0.0, 1e-4])
def test_the_loop_settles_behind_the_messages(phase_s, drift):
    rng = np.random.default_rng(3)
    arrivals = phase_s + PERIOD_S * (1.0 + drift) * np.arange(3000) + rng.uniform(0.0, 2e-4, 3000)
    starts = run(arrivals, 2900)
    late = starts[-500:]
    newest = arrivals[np.searchsorted(arrivals, late) - 1]
    assert np.median(late - newest) == pytest.approx(LEAD_S, abs=1.5e-4)


def test_the_rate_never_jumps():
    starts = run(0.001 + PERIOD_S * np.arange(2000), 1900)
    assert np.abs(np.diff(starts) - PERIOD_S).max() <= PERIOD_S * PhaseLockedClock.SLEW + 1e-9


def test_without_messages_it_is_the_clock_it_rests_on():
    starts = run([], 100)
    assert np.allclose(np.diff(starts), PERIOD_S)
