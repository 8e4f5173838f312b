"""The correction of a set-point: it learns what is missing, keeps its bounds, and goes back when it goes wrong."""

import numpy as np
import pytest

from hardware.adaptation.correction import GROWN, LEAST_M, MOST_M, REACH, ROLL_BACKS, SLEW_M_S, SetpointCorrection

PERIOD_S = 0.05
OFF_M = np.array([0.05, -0.08, 0.0])
"""How far beside its set-point a robot rests that nobody corrects."""


class Robot:
    """Follows what it aims at with a lag, and rests beside it."""

    def __init__(self, off_m=OFF_M, seed=0):
        self.off_m, self.position = off_m, off_m.copy()
        self.rng = np.random.default_rng(seed)

    def fly(self, correction, seconds, off_m=None):
        """Returns the offsets and the errors, (steps, 3)."""
        self.off_m = self.off_m if off_m is None else off_m
        offsets, errors, offset = [], [], np.zeros(3)
        for _ in range(round(seconds / PERIOD_S)):
            velocity = (offset + self.off_m - self.position) / 0.3
            self.position = self.position + PERIOD_S * velocity
            seen = self.position + 1e-3 * self.rng.standard_normal(3)
            offset = correction.step(seen, velocity, np.zeros(3))
            offsets.append(offset)
            errors.append(self.position)
        return np.array(offsets), np.array(errors)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("hardware.adaptation.correction.WINDOW_S", 2.0)


def rms(errors):
    return np.sqrt(np.square(errors).sum(axis=1).mean())


def test_it_learns_to_aim_beside():
    correction, robot = SetpointCorrection(PERIOD_S, seed=3), Robot()
    _, before = robot.fly(correction, 20.0)
    offsets, _ = robot.fly(correction, 160.0)
    correction.learning = False
    _, after = robot.fly(correction, 20.0)
    assert rms(after[100:]) < 0.4 * rms(before)
    np.testing.assert_allclose(correction.reach_m, np.clip(REACH * np.abs(OFF_M), LEAST_M, MOST_M), rtol=0.1)
    assert (np.abs(offsets) <= correction.reach_m).all()
    assert np.abs(np.diff(offsets, axis=0)).max() <= SLEW_M_S * PERIOD_S + 1e-12
    assert correction.notes == []


def test_before_the_error_is_known_nothing_is_corrected_nor_learnt(quick):
    correction = SetpointCorrection(PERIOD_S)
    offsets, _ = Robot().fly(correction, 2.0)
    assert not offsets[:-1].any()
    assert correction.steps == 0
    assert correction.errors_m == [pytest.approx(np.linalg.norm(OFF_M), rel=0.05)]


def test_an_error_that_grows_rolls_back_and_in_the_end_gives_up(quick):
    correction, robot = SetpointCorrection(PERIOD_S), Robot()
    robot.fly(correction, 6.0)
    good = correction._good[0].as_arrays()
    robot.fly(correction, 2.0, off_m=2.0 * GROWN * OFF_M)
    assert correction.roll_backs == 1
    np.testing.assert_array_equal(correction.axes[0].as_arrays()["critic"], good["critic"])
    assert "grew" in correction.notes[0]
    offsets, _ = robot.fly(correction, 10.0)
    assert correction.roll_backs == ROLL_BACKS
    assert correction.given_up
    assert "given up" in correction.notes[-1]
    assert not offsets[-1].any()


def test_a_weight_that_is_no_number_is_never_flown(quick):
    correction, robot = SetpointCorrection(PERIOD_S), Robot()
    robot.fly(correction, 6.0)
    correction.axes[1].actor.parameters[0] = np.nan
    offsets, _ = robot.fly(correction, 2.0)
    assert np.isfinite(offsets).all()
    assert all(axis.finite for axis in correction.axes)
    assert correction.roll_backs == 1
    assert "no number" in correction.notes[0]


def test_an_estimate_that_is_no_number_ends_the_episode(quick):
    correction, robot = SetpointCorrection(PERIOD_S), Robot()
    robot.fly(correction, 6.0)
    steps = correction.steps
    assert not correction.step(np.array([np.nan, 0.0, 0.0]), np.zeros(3), np.zeros(3)).any()
    assert all(axis._before is None for axis in correction.axes)
    assert correction.steps == steps
    assert all(axis.finite for axis in correction.axes)


def test_after_an_intervention_nothing_is_corrected_and_what_was_good_is_kept(quick):
    correction, robot = SetpointCorrection(PERIOD_S), Robot()
    robot.fly(correction, 7.0)
    good = correction._good[2].as_arrays()
    correction.intervened("tilt")
    offsets, _ = robot.fly(correction, 4.0)
    assert not offsets.any()
    for name, values in good.items():
        np.testing.assert_array_equal(correction.axes[2].as_arrays()[name], values)
    assert "tilt" in correction.notes[0]
