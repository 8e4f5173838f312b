"""What an identification says: intervals, refusals, and the way through JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from calibration.estimate import Estimate
from sim.errors import ConfigError


def estimate(**changes) -> Estimate:
    values = {
        "names": ("mass", "delay"),
        "units": ("kg", "s"),
        "values": np.array([0.027, 0.012]),
        "covariance": np.array([[1e-8, 1e-9], [1e-9, 4e-6]]),
        "unknown": {"drag": "too slow a flight"},
        "holdout": {"position_m.0.5s": 0.01},
        "notes": ("all well",),
    }
    return Estimate(**{**values, **changes})


def test_the_interval_is_the_gaussian_one():
    assert estimate().interval(0.90)[1] == pytest.approx([0.012 - 1.6449 * 0.002, 0.012 + 1.6449 * 0.002], abs=1e-7)
    assert estimate().standard_error("mass") == pytest.approx(1e-4)


def test_what_is_unknown_is_refused_with_its_reason():
    with pytest.raises(ConfigError, match="'drag' is not known: too slow a flight"):
        estimate().value("drag")
    with pytest.raises(ConfigError, match="no parameter 'lift'; there are: mass, delay"):
        estimate().value("lift")


def test_nothing_is_both_stated_and_unknown():
    with pytest.raises(ConfigError, match="'mass' is both"):
        estimate(unknown={"mass": "not weighed"})


def test_shapes_belong_together():
    with pytest.raises(ConfigError, match="2 names need"):
        estimate(values=np.zeros(3))


def test_it_survives_json():
    again = Estimate.from_data(json.loads(json.dumps(estimate().as_data())))
    assert again.as_data() == estimate().as_data()


def test_what_is_no_estimate_is_refused():
    with pytest.raises(ConfigError, match="not what a calibration wrote"):
        Estimate.from_data({"parameters": {"mass": {"value": "heavy", "unit": "kg"}}})
