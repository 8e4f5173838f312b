"""Tolerances: PBHC's rule step by step, never wider, and the same after being kept and put back."""

import math

import numpy as np
import pytest

from sim.legged.tolerances import Tolerances


def follow(tolerances, errors):
    for error in errors:
        tolerances.follow("place", error)
    return tolerances["place"]


def test_a_tolerance_follows_the_running_mean_of_the_error_down():
    errors = np.random.default_rng(0).uniform(0.0, 0.02, 3000)
    mean = sigma = 0.5
    for error in errors:
        mean = 0.999 * mean + 0.001 * error
        sigma = min(sigma, mean)
    assert follow(Tolerances({"place": 0.5}, adaptive=True), errors) == pytest.approx(sigma)
    assert 0.01 < sigma < 0.05


def test_it_never_widens_again():
    tolerances = Tolerances({"place": 0.5}, adaptive=True)
    tight = follow(tolerances, [0.0] * 500)
    assert follow(tolerances, [10.0] * 500) == tight < 0.5


def test_a_fixed_one_stays_and_what_is_no_number_is_passed_over():
    assert follow(Tolerances({"place": 0.5}, adaptive=False), [0.0] * 100) == 0.5
    assert follow(Tolerances({"place": 0.5}, adaptive=True), [math.nan, math.inf]) == 0.5
    later = Tolerances({"place": 0.5}, adaptive=True)
    assert follow(later, [math.nan, math.inf] + [0.0] * 100) == follow(Tolerances({"place": 0.5}, True), [0.0] * 100)


def test_it_goes_on_after_being_put_back():
    whole = Tolerances({"place": 0.5, "turn": 0.1}, adaptive=True)
    first = Tolerances({"place": 0.5, "turn": 0.1}, adaptive=True)
    follow(whole, [0.1] * 300 + [0.7] * 50 + [0.05] * 300)
    follow(first, [0.1] * 300 + [0.7] * 20)
    later = Tolerances({"place": 0.5, "turn": 0.1}, adaptive=True)
    later.restore(first.array())
    follow(later, [0.7] * 30 + [0.05] * 300)
    assert later.values() == whole.values()
    assert later.values()["turn"] == 0.1
