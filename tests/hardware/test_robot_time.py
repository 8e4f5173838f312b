"""Ages from the robot's own stamps: a lag is seen, drift, wraps and restarts are not taken for one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.robot_time import CRYSTAL_DRIFT, MS, RC_DRIFT, RobotTime, counter_step

PERIOD_MS = 10


class Line:
    """A robot that stamps with a clock of its own, and samples that take a while."""

    def __init__(self, bits=32, drift=CRYSTAL_DRIFT, rate=1.0, start_ms=12_345):
        self.time = RobotTime(bits, drift)
        self.bits, self.rate, self.start_ms = bits, rate, start_ms
        self.now_ms = 0.0

    def sample(self, delay_ms=2.0):
        """The lag seen of one sample, ms."""
        self.now_ms += PERIOD_MS
        stamp = int(self.start_ms + self.rate * self.now_ms) % (1 << self.bits)
        arrived_ns = round((self.now_ms + delay_ms) * MS)
        due_ns = self.time.due_ns(stamp, arrived_ns)
        assert due_ns <= arrived_ns
        return (arrived_ns - due_ns) / MS

    def samples(self, seconds, delay_ms=2.0):
        return [self.sample(delay_ms) for _ in range(round(1000 * seconds / PERIOD_MS))]


def test_a_steady_link_has_no_lag_whatever_its_delay():
    assert max(Line().samples(5.0, delay_ms=80.0)) <= 1.0, "the resolution of the stamps"


def test_a_delay_that_begins_in_flight_is_seen_at_once_and_for_long():
    line = Line()
    line.samples(2.0)
    lags = line.samples(30.0, delay_ms=402.0)
    assert lags[0] == pytest.approx(400.0, abs=1.0)
    assert lags[-1] > 350.0


def test_a_queue_that_fills_slowly_is_seen():
    line = Line()
    line.samples(1.0)
    lags = [line.sample(2.0 + 0.2 * n) for n in range(1000)]  # 20 ms a second: no fresh state looks old by its arrival
    assert lags[-1] > 150.0


def test_jitter_is_lag_sample_by_sample():
    line, rng = Line(), random.Random(3)
    line.samples(1.0, delay_ms=2.0)
    for _ in range(500):
        delay = 2.0 + rng.uniform(0.0, 50.0) * rng.randint(0, 1)
        assert line.sample(delay) == pytest.approx(delay - 2.0, abs=1.5)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize(("drift", "real"), [(CRYSTAL_DRIFT, 1e-4), (RC_DRIFT, 1e-2)])
def test_clocks_that_drift_apart_make_no_lag(sign, drift, real):
    line = Line(drift=drift, rate=1.0 + sign * real)
    assert max(line.samples(600.0)) <= 1.5


def test_a_counter_that_wraps_makes_no_lag():
    line = Line(bits=24, start_ms=(1 << 24) - 2000)
    assert max(line.samples(5.0)) <= 1.0
    assert line.sample(delay_ms=202.0) == pytest.approx(200.0, abs=1.0), "and the estimate was kept"


@pytest.mark.parametrize("jump_ms", [-60_000, -1_500, 5_000_000])
def test_a_clock_that_was_set_anew_starts_a_new_estimate(jump_ms):
    line = Line(start_ms=10_000_000)
    line.samples(2.0)
    line.start_ms += jump_ms
    assert max(line.samples(2.0)) <= 1.0
    assert line.sample(delay_ms=102.0) == pytest.approx(100.0, abs=1.0)


@pytest.mark.parametrize("bit", range(24))
def test_a_damaged_stamp_makes_no_state_old(bit):
    """CRTP has no checksum: one flipped bit must neither age this state nor all that follow."""
    line = Line(bits=24)
    line.samples(2.0)
    line.now_ms += PERIOD_MS
    stamp = (int(line.start_ms + line.now_ms) ^ 1 << bit) % (1 << 24)
    arrived_ns = round((line.now_ms + 2.0) * MS)
    assert (arrived_ns - line.time.due_ns(stamp, arrived_ns)) / MS <= 100.0
    assert max(line.samples(2.0)) <= 20.0
    assert line.sample(delay_ms=302.0) == pytest.approx(300.0, abs=21.0)


def test_a_long_silence_is_no_jump():
    line = Line()
    line.samples(1.0)
    line.now_ms += 20_000
    assert line.sample(delay_ms=302.0) > 250.0


def test_samples_that_others_overtook_keep_their_lag():
    time = RobotTime(32)
    assert time.due_ns(0, 0) == 0
    assert time.due_ns(20, 20 * MS) == 20 * MS
    assert time.due_ns(10, 25 * MS) == pytest.approx(10 * MS, abs=MS)


@given(st.lists(st.tuples(st.integers(0, 2**24 - 1), st.integers(0, 10**12)), max_size=50))
def test_whatever_stamps_come_nothing_is_due_after_its_arrival(samples):
    time = RobotTime(24)
    for stamp, arrived_ns in samples:
        assert time.due_ns(stamp, arrived_ns) <= arrived_ns


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1))
def test_counter_steps_are_modular(before, step):
    assert counter_step(before, (before + step) % 2**32, 32) == step
