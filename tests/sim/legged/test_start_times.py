"""Where episodes begin in a motion: anywhere alike, or more often where they failed, and never nowhere."""

import numpy as np
import pytest

from sim.legged.start_times import StartTimes

SHARES = (np.arange(20_000) + 0.5) / 20_000


def test_even_starts_are_even_whatever_fails():
    starts = StartTimes(2.5, adaptive=False)
    for _ in range(500):
        starts.note(np.full(50, 0.2))
    times = starts.draw(SHARES)
    np.testing.assert_allclose(np.histogram(times, 5, (0.0, 2.5))[0], 4000, atol=2)


def test_hard_segments_are_begun_in_more_often():
    starts = StartTimes(3.5, adaptive=True)
    np.testing.assert_allclose(starts.probabilities, np.array([1.0, 1.0, 1.0, 0.5]) / 3.5)  # nothing failed yet
    failures = np.zeros(4)
    for _ in range(400):
        starts.note(np.array([1.2, 1.9, 3.4]))
        failures = 0.999 * failures + 0.001 * np.array([0, 2, 0, 1])
    weight = failures + 0.1 * np.array([1.0, 1.0, 1.0, 0.5]) / 3.5
    np.testing.assert_allclose(starts.probabilities, weight / weight.sum())
    found = np.histogram(starts.draw(SHARES), [0.0, 1.0, 2.0, 3.0, 3.5])[0] / len(SHARES)
    np.testing.assert_allclose(found, weight / weight.sum(), atol=2e-4)
    assert found[1] > 0.5
    assert found[0] > 0.02


def test_failures_are_forgotten():
    starts = StartTimes(2.0, adaptive=True)
    starts.note(np.full(1000, 0.5))
    assert starts.probabilities[0] > 0.9
    for _ in range(6000):
        starts.note(np.zeros(0))
    assert starts.probabilities[0] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("duration_s", [0.3, 1.0, 1.0000001])
def test_short_motions_have_one_segment(duration_s):
    starts = StartTimes(duration_s, adaptive=True)
    starts.note(np.array([0.0, duration_s]))
    assert len(starts.probabilities) == (1 if duration_s <= 1.0 else 2)
    times = starts.draw(SHARES)
    assert times.min() >= 0.0
    assert times.max() <= duration_s


def test_it_goes_on_after_being_put_back():
    one, other = StartTimes(4.0, adaptive=True), StartTimes(4.0, adaptive=True)
    one.note(np.array([0.1, 3.9, 3.8]))
    other.restore(one.array())
    for starts in (one, other):
        starts.note(np.array([2.0]))
    np.testing.assert_array_equal(one.draw(SHARES), other.draw(SHARES))
