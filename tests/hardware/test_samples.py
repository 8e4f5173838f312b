"""Measurements of a run in bounded memory: exact while they fit, fair when they do not."""

import gc
import tracemalloc

import numpy as np
import pytest

from hardware.control_loop import RunRecord
from hardware.flight import FlightRecord
from hardware.joints.session import JointRecord
from hardware.loop import LoopTiming
from hardware.samples import CAPACITY, Samples


def filled(values, **options):
    samples = Samples(**options)
    for value in values:
        samples.add(value)
    return samples


def test_without_values_there_are_no_figures():
    samples = Samples()
    assert (samples.count, samples.mean, samples.rms, samples.maximum, samples.percentile(99)) == (0, *[None] * 4)


def test_short_runs_are_exact():
    values = np.random.default_rng(1).normal(size=5000)
    samples = filled(values)
    assert samples.count == 5000
    assert samples.percentile(99) == np.percentile(values, 99)
    assert samples.maximum == values.max()
    assert samples.mean == pytest.approx(values.mean())
    assert samples.rms == pytest.approx(np.sqrt(np.mean(values**2)))


def test_long_runs_keep_exact_counts_and_extremes_and_every_part_of_the_run():
    values = np.arange(200_000, dtype=np.float64)
    values[1234] = 1e9  # one outlier early on is never lost
    samples = filled(values, capacity=10_000)
    assert samples.count == len(values)
    assert samples.maximum == 1e9
    assert samples.mean == pytest.approx(values.mean())
    assert len(samples.kept) == 10_000
    # Four standard errors of the rank: neither the beginning nor the end of the run counts for more.
    for percent in (1, 50, 99):
        tolerance = 4 * np.sqrt(percent / 100 * (1 - percent / 100) / 10_000) * len(values)
        assert samples.percentile(percent) == pytest.approx(percent / 100 * len(values), abs=tolerance)


@pytest.mark.parametrize(
    ("make", "step"),
    [
        (lambda: LoopTiming(2_000_000), lambda timing, i: timing.add(2_000_000 * i, 2_000_000 * i + 1000 + i)),
        (RunRecord, lambda record, i: record.latencies_ns.add(10**15 + i)),
        (FlightRecord, lambda record, i: record.errors_m.add(i * 1e-6)),
        (JointRecord, lambda record, i: record.tilts_rad.add(i * 1e-6)),
    ],
    ids=["timing", "latencies", "errors", "tilts"],
)
def test_a_long_run_takes_no_more_memory(make, step):
    measured = make()
    for i in range(CAPACITY):
        step(measured, i)
    gc.collect()
    tracemalloc.start()
    try:
        for i in range(CAPACITY, CAPACITY + 20_000):
            step(measured, i)
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 20_000, "bytes: less than one for each further step"
