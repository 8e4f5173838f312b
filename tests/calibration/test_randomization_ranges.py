"""A spread that was there is found, none is found where there was none, and the closed form is the plain one."""

import numpy as np
import pytest

from calibration.randomization_ranges import _loss, likelihood_ranges, log_likelihood
from sim.errors import ConfigError

NOISE = 0.5


def drawn(spread, seed=0, stretches=400, readings=20):
    rng = np.random.default_rng(seed)
    jacobian = rng.normal(size=(stretches, readings, len(spread)))
    parameters = 0.3 + np.asarray(spread) * rng.normal(size=(stretches, len(spread)))
    noise = NOISE * rng.normal(size=(stretches, readings))
    return np.einsum("wmp,wp->wm", jacobian, parameters) + noise, jacobian


def test_mean_and_spread_of_what_varies_are_found():
    ranges = likelihood_ranges(*drawn([0.5, 0.05, 2.0]), NOISE)
    assert ranges.shift == pytest.approx([0.3, 0.3, 0.3], abs=0.35)
    assert ranges.shift[1] == pytest.approx(0.3, abs=0.02)
    assert ranges.spread == pytest.approx([0.5, 0.05, 2.0], rel=0.3)


def test_what_does_not_vary_gets_no_spread():
    ranges = likelihood_ranges(*drawn([0.5, 0.0]), NOISE)
    assert ranges.spread[1] < 0.03


def test_the_closed_form_is_the_plain_likelihood():
    residual, jacobian = drawn([0.5, 0.1], stretches=12)
    ranges = likelihood_ranges(residual, jacobian, NOISE)
    plain = log_likelihood(residual, jacobian, NOISE, ranges.shift, np.diag(ranges.spread**2))
    assert ranges.log_likelihood == pytest.approx(plain, rel=1e-9)


def test_the_gradient_is_that_of_finite_differences():
    residual, jacobian = drawn([0.5, 0.1, 0.2], stretches=10)
    squares = np.einsum("wmp,wmq->wpq", jacobian, jacobian) / NOISE**2
    pull = np.einsum("wmp,wm->wp", jacobian, residual) / NOISE**2
    at = np.array([0.1, -0.2, 0.3, np.log(0.3), np.log(0.2), np.log(0.4)])
    _, gradient = _loss(at[:3], at[3:], squares, pull, 0.0)
    for k in range(6):
        moved = np.repeat(at[None], 2, axis=0)
        moved[:, k] += (-1e-5, 1e-5)
        low, high = (_loss(x[:3], x[3:], squares, pull, 0.0)[0] for x in moved)
        assert gradient[k] == pytest.approx((high - low) / 2e-5, rel=1e-5, abs=1e-5)


def test_too_few_stretches_are_refused():
    with pytest.raises(ConfigError, match="8 are needed"):
        likelihood_ranges(*drawn([0.5], stretches=3), NOISE)
    residual, jacobian = drawn([0.5], stretches=10)
    with pytest.raises(ConfigError, match="do not belong together"):
        likelihood_ranges(residual[1:], jacobian, NOISE)
