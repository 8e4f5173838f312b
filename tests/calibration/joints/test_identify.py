"""A robot with hidden joint dynamics is identified from its readings; what the data does not hold is not stated."""

import numpy as np
import pytest

from calibration.joints.delta_action import learn_delta_action
from calibration.joints.excitation import excitation
from calibration.joints.identify import LINKS, identify_joints, parameter_name
from calibration.joints.log import read_joint_log
from calibration.joints.problem import make_problem
from calibration.joints.ranges import joint_ranges, with_ranges
from calibration.joints.solve import solve_evolution, solve_least_squares
from calibration.joints.start import starting_dynamics
from calibration.joints.uncertainty import _covariance
from sim.bodies.dynamics import QUANTITIES
from sim.errors import ConfigError
from sim.registry import load_robot
from tests.support.joint_truth import Lacking, log_in_the_air, random_dynamics

GO1 = load_robot("go1").parameters("policy")
STILL = [3, 4, 5]
"""The joints of a leg that the short excitation leaves where it is."""


def errors(estimate, truth, quantity):
    """Relative errors of what is stated of one quantity, or absolute ones of what may be zero; joints (n,)."""
    result = []
    for joint, true in zip(GO1.joint_names, getattr(truth, quantity), strict=True):
        name = parameter_name(quantity, joint)
        if name in estimate.names:
            result.append((estimate.value(name) - true) / (1.0 if quantity in ("bias", "delay") else true))
    return np.array(result)


@pytest.fixture(scope="module")
def short():
    """Five and a half seconds in which one leg stays still: (truth, identification)."""
    truth, time_s = random_dynamics("go1", 4), np.arange(0.0, 5.5, 0.005)
    targets = excitation(GO1, time_s, "multisine")
    targets[:, STILL] = targets[0, STILL]
    return truth, identify_joints(log_in_the_air("go1", truth, time_s, targets, seed=1), GO1)


def test_values_are_near_the_truth_and_intervals_say_how_near(short):
    truth, found = short
    estimate = found.estimate
    for quantity, most in (("armature", 0.2), ("friction", 0.1), ("strength", 0.05), ("delay", 1e-3)):
        each = errors(estimate, truth, quantity)
        assert len(each) >= 9
        assert np.abs(each).max() < most
    true = [getattr(truth, name.split(".")[0])[GO1.joint_names.index(name.split(".")[1])] for name in estimate.names]
    away = (estimate.values - true) / np.sqrt(np.diag(estimate.covariance))
    assert 0.7 < np.sqrt((away**2).mean()) < 1.4
    low, high = estimate.interval(0.90).T
    assert 0.75 < ((true >= low) & (true <= high)).mean() <= 1.0


def test_what_a_leg_that_stays_still_does_not_show_is_not_stated(short):
    _, found = short
    for joint in STILL:
        for quantity in ("armature", "damping", "friction"):
            name = parameter_name(quantity, GO1.joint_names[joint])
            assert name not in found.estimate.names
            assert "moved by" in found.estimate.unknown[name]


def test_nothing_is_said_of_the_links(short):
    assert "not in joint data" in short[1].estimate.unknown[LINKS]


def test_starting_values_come_from_the_log(short):
    truth, found = short
    moved = ~np.isin(np.arange(12), STILL)
    assert np.abs(found.start.strength / truth.strength - 1.0)[moved].max() < 0.4
    assert np.abs(found.start.friction / truth.friction - 1.0)[moved].max() < 0.5


def test_residuals_of_a_complete_model_are_white(short):
    diagnostics = short[1].estimate.diagnostics
    assert diagnostics["residual_correlation"] < 0.1
    assert diagnostics["residual_rad"] == pytest.approx(5e-4, rel=0.05)  # the encoder's noise and no more


def test_ranges_by_likelihood_are_those_of_the_fit_where_the_model_is_complete(short):
    _, found = short
    ranges = joint_ranges(found)
    moved = ~np.isin(np.arange(12), STILL)
    ratio = (ranges.spread / ranges.covariance_spread)[:, moved]
    assert ratio.min() >= 1.0  # the error of the mean is part of it
    assert np.median(ratio) < 1.1
    wider = with_ranges(found.estimate, ranges, GO1.joint_names)
    assert wider.names == found.estimate.names
    assert np.abs(wider.values - found.estimate.values).max() < 0.2
    assert "as DROPO" in wider.notes[-1]


def test_correlated_residuals_widen_the_intervals():
    rng = np.random.default_rng(0)
    columns = np.ones((4000, 1, 1))
    drawn = rng.normal(size=4000)
    slow = np.convolve(drawn, np.ones(20) / np.sqrt(20), mode="same")
    blocks = np.arange(4000) // 100
    white = _covariance(columns, drawn[:, None], np.ones(1), np.zeros(1), blocks)
    wide = _covariance(columns, slow[:, None], np.ones(1), np.array([0.95]), blocks)
    assert white[0, 0] == pytest.approx(1.0 / 4000.0, rel=1e-3)
    assert 10.0 < wide[0, 0] / white[0, 0] < 30.0  # twenty neighbours that say the same: 20


def test_an_unknown_optimiser_is_refused():
    with pytest.raises(ConfigError, match="least-squares, cmaes"):
        identify_joints(None, GO1, "adam")  # type: ignore[arg-type]


@pytest.mark.slow
def test_forty_seconds_reach_five_percent_and_half_a_millisecond():
    truth, time_s = random_dynamics("go1", 11), np.arange(0.0, 40.0, 0.005)
    found = identify_joints(log_in_the_air("go1", truth, time_s, excitation(GO1, time_s)), GO1)
    for quantity in ("armature", "damping", "friction"):
        each = errors(found.estimate, truth, quantity)
        assert len(each) == 12
        assert np.abs(each).max() < 0.05
    assert np.abs(errors(found.estimate, truth, "delay")).max() < 1e-3
    holdout = found.estimate.holdout
    for horizon in ("0.1s", "0.5s", "2s"):
        name = f"joint_position_rad.{horizon}"
        assert 5.0 * holdout[name] < holdout[f"nominal.{name}"]


@pytest.mark.slow
def test_a_term_that_the_model_lacks_is_named():
    truth, time_s = random_dynamics("go1", 4), np.arange(0.0, 12.0, 0.005)
    log = log_in_the_air("go1", truth, time_s, excitation(GO1, time_s, "multisine"), lacking=Lacking(stribeck=0.4))
    found = identify_joints(log, GO1)
    estimate = found.estimate
    said = [note for note in estimate.notes if "lacks a term" in note]
    assert len(said) >= 8
    assert sum("Stribeck" in note for note in said) > 0.7 * len(said)
    assert any("no interval holds that" in note for note in estimate.notes)
    _, errors = learn_delta_action(found.fit)
    assert errors["delta_action"] < 0.8 * errors["identified"]
    ranges = joint_ranges(found)  # the fit's covariance is too sure; the likelihood's spread is wide enough
    assert ranges.likelihood > ranges.covariance_likelihood + 0.1
    assert np.median(ranges.spread / ranges.covariance_spread) > 2.0


@pytest.mark.slow
def test_the_evolution_strategy_goes_the_same_way_and_takes_longer():
    truth, time_s = random_dynamics("go1", 4), np.arange(0.0, 5.5, 0.005)
    recording = log_in_the_air("go1", truth, time_s, excitation(GO1, time_s, "multisine"))
    problem = make_problem("go1", GO1, read_joint_log(recording, GO1))
    low, high = problem.low * problem.scale, problem.high * problem.scale
    start = (starting_dynamics(problem.coarse, problem.log, low, high).stacked / problem.scale).reshape(-1)
    squares, evolution = solve_least_squares(problem, start), solve_evolution(problem, start, generations=30)
    began, fast, slow = (float((problem.residual(x) ** 2).mean()) for x in (start, squares.x, evolution.x))
    assert fast < slow < 0.5 * began
    assert evolution.simulations > 3.0 * squares.simulations


def test_quantities_have_an_order_that_files_rely_on():
    assert QUANTITIES == ("armature", "damping", "friction", "bias", "strength", "delay")
