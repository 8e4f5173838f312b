"""Random numbers by counters: even, independent, and the same in any batch."""

import numpy as np
import pytest
from scipy import stats

from sim.legged.counter_random import CounterRandom

IDS = np.arange(2000)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_a_simulation_draws_the_same_in_any_batch(kind):
    draw = getattr(CounterRandom(3, 7), kind)
    whole = draw(IDS, IDS + 5, 4)
    np.testing.assert_array_equal(draw(IDS[100:110], IDS[100:110] + 5, 4), whole[100:110])
    np.testing.assert_array_equal(draw(IDS[::-1], IDS[::-1] + 5, 4), whole[::-1])
    np.testing.assert_array_equal(draw(IDS, IDS + 5, 2), whole[:, :2])


@pytest.mark.parametrize("change", ["seed", "purpose", "count", "number"])
def test_another_seed_purpose_count_or_simulation_draws_others(change):
    first = CounterRandom(3, 7).uniform(IDS, IDS, 3)
    other = CounterRandom(3 + (change == "seed"), 7 + (change == "purpose"))
    second = other.uniform(IDS + (change == "number"), IDS + (change == "count"), 3)
    if change == "number":  # (simulation k + 1 at count k, not what simulation k + 1 draws at k + 1)
        first = np.roll(first, -1, axis=0)
    assert not (first == second).any()
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.04


def test_even_numbers_are_even():
    draws = np.concatenate([CounterRandom(0, 0).uniform(IDS, np.full(2000, count), 5).ravel() for count in range(5)])
    assert draws.dtype == np.float32
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    assert stats.kstest(draws, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 0.02


def test_normal_numbers_have_the_moments_of_four_even_ones():
    draws = CounterRandom(0, 0).normal(IDS, IDS, 50)
    assert np.abs(draws).max() < 2.0 * np.sqrt(3.0)
    assert draws.mean() == pytest.approx(0.0, abs=0.01)
    assert draws.std() == pytest.approx(1.0, abs=0.01)
    assert stats.kurtosis(draws.ravel()) == pytest.approx(-0.3, abs=0.05)  # Irwin-Hall of n: -6 / (5 n)
