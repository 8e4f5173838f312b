"""Two clocks with known offset, drift and delays are told apart as far as stamps can."""

import numpy as np
import pytest

from calibration.sensors.link_timing import _line_below, link_timing
from sim.errors import ConfigError

OFFSET_S, DRIFT, LEAST_S = 12.5, 40e-6, 0.0031


def packets(seed=0, count=4000):
    """(stamps on the robot's clock, arrivals on the host's, round trips)."""
    rng = np.random.default_rng(seed)
    stamp = np.sort(rng.uniform(0.0, 60.0, count))
    late = rng.exponential(0.002, count)
    arrival = OFFSET_S + (1.0 + DRIFT) * stamp + LEAST_S + late
    trips = 2.0 * LEAST_S + rng.exponential(0.002, count) + rng.exponential(0.002, count)
    return stamp, arrival, trips


def test_drift_delay_and_offset_are_found_with_round_trips():
    timing = link_timing(*packets())
    assert timing.drift_ppm == pytest.approx(40.0, abs=0.3)
    assert timing.least_delay_s == pytest.approx(LEAST_S, abs=2e-4)
    assert timing.offset_s == pytest.approx(OFFSET_S, abs=2e-4)
    assert timing.latency_s == pytest.approx(LEAST_S + 0.002 * np.log(2.0), abs=2e-4)
    assert timing.late_p95_s == pytest.approx(0.002 * np.log(20.0), rel=0.1)
    assert not timing.unknown


def test_without_round_trips_only_the_sum_is_stated():
    stamp, arrival, _ = packets()
    timing = link_timing(stamp, arrival)
    assert timing.offset_and_least_delay_s == pytest.approx(OFFSET_S + LEAST_S, abs=1e-4)
    assert timing.offset_s is None
    assert timing.latency_s is None
    assert "cannot be told apart" in timing.unknown["offset_s"]


def test_round_trips_that_nobody_measured_do_not_count():
    stamp, arrival, trips = packets()
    assert link_timing(stamp, arrival, np.full_like(trips, np.nan)).offset_s is None


def test_the_line_lies_below_every_point_and_is_the_best_such():
    rng = np.random.default_rng(2)
    x = np.sort(rng.uniform(0.0, 10.0, 300))
    y = 1.0 + 0.3 * x + rng.exponential(0.5, 300)
    slope, level = _line_below(x, y)
    above = y - level - slope * x
    assert above.min() > -1e-12
    for tilt in (-0.01, 0.01):  # any other slope, pushed up until it touches, is further away on the whole
        other = y - (slope + tilt) * x
        assert (other - other.min()).mean() >= above.mean()


def test_too_few_stamps_are_refused():
    with pytest.raises(ConfigError, match="too few"):
        link_timing(np.arange(10.0), np.arange(10.0))
