"""The loop on a scripted clock: deadlines, overruns, percentiles; and signals on the real one."""

import gc
import os
import signal

import pytest

from hardware.loop import NS, HostStall, run_loop
from hardware.operator_signals import operator_signals
from hardware.realtime import frozen_heap, steady_interpreter

PERIOD = 10_000_000


class ScriptedClock:
    """Time moves only when told: by sleeping and by the step's own work."""

    def __init__(self):
        self.time = 1_000

    def now_ns(self):
        return self.time

    def sleep_until(self, deadline_ns):
        self.time = max(self.time, deadline_ns)


def run(work):
    """Run one step per entry of ``work`` (ns each takes); return the starts and the timing."""
    clock = ScriptedClock()
    starts = []

    def step(now_ns):
        starts.append(now_ns)
        clock.time += work[len(starts) - 1]
        return len(starts) < len(work)

    return starts, run_loop(step, PERIOD / NS, clock)


def test_steps_start_on_multiples_of_the_period():
    starts, timing = run([3_000_000, 1_000_000, 9_999_999, 0, 5])
    assert [start - starts[0] for start in starts] == [i * PERIOD for i in range(5)]
    assert timing.overruns == 0


def test_a_late_step_does_not_shift_later_ones():
    starts, timing = run([0, 13_000_000, 0, 0])
    assert [start - starts[0] for start in starts] == [0, PERIOD, PERIOD + 13_000_000, 3 * PERIOD]
    assert timing.overruns == 0


def test_missed_deadlines_are_counted_and_skipped_not_made_up():
    starts, timing = run([0, 45_000_000, 0, 0])
    offsets = [start - starts[0] for start in starts]
    assert timing.overruns == 4
    assert offsets[2:] == [6 * PERIOD, 7 * PERIOD], "back on the grid"


def test_a_gap_is_allowed_for_during_two_steps():
    stall = HostStall(PERIOD)
    starts = [0, PERIOD, 20 * PERIOD, 21 * PERIOD, 22 * PERIOD]
    assert [stall.allowance_ns(start) for start in starts] == [0, 0, 18 * PERIOD, 18 * PERIOD, 0]


def test_a_slightly_late_step_is_no_gap():
    stall = HostStall(PERIOD)
    assert [stall.allowance_ns(start) for start in (0, PERIOD, 2 * PERIOD + PERIOD // 2)] == [0, 0, 0]


def test_percentiles_of_the_measured_periods():
    _, timing = run([0] * 101)
    summary = timing.summary()
    assert summary["steps"] == 101
    assert summary["period_p50_ms"] == summary["period_p99_ms"] == pytest.approx(10.0)
    assert summary["jitter_p99_ms"] == pytest.approx(0.0)


def test_one_step_has_no_periods_and_no_figures():
    _, timing = run([0])
    assert timing.summary() == {"steps": 1.0, "overruns": 0.0}


def test_an_exception_in_a_step_leaves_the_loop():
    def step(_now_ns):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), steady_interpreter():
        run_loop(step, 0.001, ScriptedClock())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_repeated_signals_only_ask_to_stop(number):
    before = signal.getsignal(number)
    with operator_signals() as flags:
        for _ in range(3):
            os.kill(os.getpid(), number)
        assert flags.stop
        assert not flags.kill
    assert signal.getsignal(number) is before


def test_sigquit_asks_to_cut_the_motors():
    with operator_signals() as flags:
        os.kill(os.getpid(), signal.SIGQUIT)
        assert flags.kill


def test_what_was_loaded_before_is_not_collected_while_a_server_runs():
    with frozen_heap():
        assert gc.get_freeze_count() > 0
        assert gc.isenabled(), "what comes later is collected: it runs for hours"
    assert gc.get_freeze_count() == 0
