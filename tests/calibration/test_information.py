"""The mix of experiments that tells most: no other tells more."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.information import best_shares, told


@pytest.fixture
def experiments():
    """Six experiments of three quantities each seen by some only."""
    rng = np.random.default_rng(2)
    columns = rng.normal(size=(6, 8, 5)) * (rng.random((6, 1, 5)) > 0.4) * 20.0
    return np.einsum("kni,knj->kij", columns, columns)


def test_what_is_told_is_how_much_smaller_intervals_get():
    assert told(np.zeros((3, 3))) == 0.0
    assert told(np.diag([99.0, 99.0])) == pytest.approx(np.log(10.0))


def test_no_other_shares_tell_more(experiments):
    shares = best_shares(experiments)
    best = told(np.tensordot(shares, experiments, 1))
    assert shares.sum() == pytest.approx(1.0)
    others = np.random.default_rng(0).dirichlet(np.ones(6), 200)
    for other in (*np.eye(6), *others, *(0.9 * shares + 0.1 * others)):
        assert told(np.einsum("k,kij->ij", other, experiments)) < best + 1e-6
    # At the optimum (Kiefer and Wolfowitz) a little more of any used one adds the same, of any other no more.
    covariance = np.linalg.inv(np.tensordot(shares, experiments, 1) + np.eye(5))
    gain = np.einsum("ij,kji->k", covariance, experiments)
    used = shares > 0.01
    assert gain[used] == pytest.approx(gain.max(), rel=1e-3)


def test_of_experiments_that_tell_nothing_none_is_better():
    assert best_shares(np.zeros((2, 3, 3))) == pytest.approx([0.5, 0.5])
