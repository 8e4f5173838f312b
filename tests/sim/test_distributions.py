import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.distributions import Constant, LogUniform, Normal, Uniform, as_data
from sim.errors import ConfigError

N = 20_000


def draw(distribution):
    return distribution.sample(np.random.default_rng(3), (N,))


def test_uniform_fills_its_range_evenly():
    x = draw(Uniform(-2.0, 6.0))
    assert -2.0 <= x.min() < -1.99
    assert 5.99 < x.max() <= 6.0
    assert x.mean() == pytest.approx(2.0, abs=0.06)
    assert x.std() == pytest.approx(8.0 / np.sqrt(12.0), rel=0.02)


def test_log_uniform_is_uniform_in_the_logarithm():
    x = np.log10(draw(LogUniform(0.01, 100.0)))
    assert x.mean() == pytest.approx(0.0, abs=0.03)
    assert x.std() == pytest.approx(4.0 / np.sqrt(12.0), rel=0.02)
    assert -2.0 <= x.min() < -1.99
    assert 1.99 < x.max() <= 2.0


def test_normal_has_its_moments():
    x = draw(Normal(3.0, 0.5))
    assert x.mean() == pytest.approx(3.0, abs=0.015)
    assert x.std() == pytest.approx(0.5, rel=0.02)
    assert np.mean(np.abs(x - 3.0) < 1.0) == pytest.approx(0.9545, abs=0.005)


def test_constant_uses_no_randomness():
    rng = np.random.default_rng(3)
    assert np.all(Constant(1.5).sample(rng, (4, 2)) == 1.5)
    assert rng.random() == np.random.default_rng(3).random()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Uniform(1.0, 0.0),
        lambda: LogUniform(0.0, 1.0),
        lambda: LogUniform(2.0, 1.0),
        lambda: Normal(0.0, -1.0),
        lambda: Uniform(float("nan"), 1.0),
        lambda: Normal(0.0, float("nan")),
    ],
)
def test_ranges_without_meaning_are_refused_in_one_line(make):
    with pytest.raises(ConfigError) as caught:
        make()
    assert "\n" not in str(caught.value)


@given(low=st.floats(-1e6, 1e6), width=st.floats(0.0, 1e6))
def test_data_round_trips_through_json(low, width):
    distribution = Uniform(low, low + width)
    data = json.loads(json.dumps(as_data(distribution)))
    assert data.pop("kind") == "Uniform"
    assert Uniform(**data) == distribution
