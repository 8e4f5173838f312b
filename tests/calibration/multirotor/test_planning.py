"""The excitation is chosen by what it tells, within limits, before it flies."""

from __future__ import annotations

import dataclasses
from typing import cast

import numpy as np
import pytest

from calibration.multirotor.excitation import KINDS, Excitation
from calibration.multirotor.planning import UNBIASED, information, plan_excitation
from calibration.multirotor.quantities import LATENCY_GUESS_S, Quantities
from calibration.multirotor.simulated import fly
from calibration.verbs.collect import Collect
from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.registry import load_robot
from sim.spec import FlightLimits
from tests.support.hidden_multirotors import NOMINAL

LIMITS = cast(FlightLimits, load_robot("crazyflie").limits)


def plan(kinds=KINDS, limits=LIMITS, duration_s=60.0, **options):
    return plan_excitation("crazyflie", NOMINAL, limits, Excitation(duration_s, **options), 0.8, kinds)


@pytest.fixture(scope="module")
def best():
    return plan()


def test_the_plan_tells_at_least_as_much_as_any_kind_alone(best):
    assert set(best.told) == {*KINDS, "plan"}
    assert best.told["plan"] >= max(best.told.values()) - 1e-9
    assert best.told["hover"] < best.told["multisine"] - 0.5
    assert sum(share for _, share in best.excitation.parts) == pytest.approx(1.0)


def test_it_tells_thrust_and_inertia_better_than_the_default(best):
    chosen, default = best.standard_errors(), plan(("multisine",)).standard_errors()
    for name in ("thrust_over_mass", "inertia_over_mass_x", "torque_constant_mass_over_yaw_inertia", "battery_sag"):
        assert chosen[name][0] < 0.8 * default[name][0], name
    assert default["thrust_over_mass"] == (pytest.approx(0.0067, rel=0.1), "1")
    assert default["latency_s"][1] == "s"
    assert set(best.as_data()["expected"]) == set(Quantities(NOMINAL).names)


def test_what_comes_too_near_a_limit_is_left_out():
    slow = dataclasses.replace(LIMITS, speed_m_s=1.3)
    found = plan(("multisine", "hover"), slow)
    assert "m/s, allowed 0.98" in found.refused["multisine"]
    assert found.excitation.parts == (("hover", 1.0),)
    with pytest.raises(ConfigError, match=r"no excitation stays within 75% of the limits: throws .* smaller --size"):
        plan(("throws",), throw=0.4)


def test_parts_add_what_they_tell():
    """A flight of both parts has the information that the plan reckons with."""
    each = Excitation(14.0, parts=(("multisine", 1.0), ("throws", 1.0)))
    latency = np.array([LATENCY_GUESS_S])
    rng = np.random.default_rng(1)
    whole = fly(FlightParameters.nominal(NOMINAL, 1), latency, NOMINAL, each, rng, UNBIASED)
    quantities = Quantities(NOMINAL)
    found = np.linalg.inv(information(quantities, whole.recordings[0], each) + np.eye(len(quantities)))
    reckoned = [plan((kind,), duration_s=14.0).errors for kind in ("multisine", "throws")]
    assert (np.sqrt(np.diag(found)) < 1.15 * np.max(reckoned, axis=0)).all()
    assert (np.sqrt(np.diag(found)) > 0.6 * np.min(reckoned, axis=0)).all()


@pytest.mark.parametrize(
    ("robot", "kind", "said"),
    [
        ("crazyflie", "rest", "is for joints; multirotors have best, multisine, chirp, steps"),
        ("go1", "throws", "is for multirotors; joints have both, chirp"),
        ("x500", "best", "is of robot 'crazyflie', not 'x500'"),
    ],
)
def test_a_kind_that_a_robot_does_not_have_is_refused(robot, kind, said):
    with pytest.raises(ConfigError, match=said):
        Collect(robot, f"sim://{robot}", kind=kind).run()
