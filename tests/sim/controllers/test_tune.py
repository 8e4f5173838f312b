"""Tuning: its budget, that it repeats itself, that it finds better gains, and what it refuses."""

import dataclasses
import json

import numpy as np
import pytest

from sim.controllers.registry import load_law, tuned_gains, tuned_path
from sim.controllers.tracking import Course, TrackingTrial
from sim.controllers.tune import Args, run, tune
from sim.envs.task import load_flight_task
from sim.errors import ConfigError
from sim.trajectories import parse_trajectory

LAW = load_law("lee")
TASK = load_flight_task("hover")
CALM = {"attitude_p": 60.0, "rate_p": 14.0, "attitude_i": 0.0, "yaw_p": 12.0, "yaw_rate_p": 6.0, "yaw_i": 0.0}
"""Gentle enough for rotors of 0.15 s of lag, with a lead."""


def trial(rows, seconds=2.0, drawn_airframes=False):
    courses = [Course(parse_trajectory("figure8:period=5.5"), 0.1)]
    return TrackingTrial(LAW, TASK, courses, rows, seconds=seconds, drawn_airframes=drawn_airframes)


def test_trial_tells_good_gains_from_bad_ones_and_repeats_itself():
    published = LAW.published()
    calm = published | CALM | {"rotor_lead": 2.0}
    rows = np.array([LAW.row(published), LAW.row(calm), LAW.row(calm)])
    fly = trial(3)
    cost = fly(rows, seed=3)
    assert cost[1] < 0.5 * cost[0]
    assert cost[2] == pytest.approx(cost[1], rel=0.2)  # the same delays, other noise
    assert np.array_equal(fly(rows, seed=3), cost)
    assert not np.array_equal(fly(rows, seed=4), cost)


def test_lost_flights_count_as_two_metres_and_stay_finite():
    wild = LAW.published() | {"rate_p": 1e4}
    cost = trial(1, seconds=1.5)(LAW.row(wild)[None], seed=3)
    assert 5.0 < cost[0] <= 20.0


def test_half_of_the_flights_have_drawn_airframes_the_same_for_every_row():
    fly = trial(2, seconds=0.5, drawn_airframes=True)
    fly(np.tile(LAW.row(LAW.published()), (2, 1)), seed=3)
    mass = fly._env.sample.flight.mass
    nominal = fly._env.nominal.mass
    assert mass[[0, 1, 4, 5]] == pytest.approx(nominal)
    assert np.all(np.abs(mass[[2, 3, 6, 7]] / nominal - 1.0) > 1e-4)
    assert np.array_equal(mass[:4], mass[4:])


def test_preview_looks_ahead_of_the_reference():
    fly = trial(2, seconds=0.5)
    aim = fly._aim(30, np.repeat([0.0, 0.055], 4))
    expected = parse_trajectory("figure8:period=5.5").sample([0.30, 0.355]).position_w
    assert aim[[0, 4], :3] == pytest.approx(expected, abs=2e-4)


def test_budget_is_kept_and_the_record_says_how_to_repeat_it(tmp_path):
    args = Args(controllers=("lee",), steps=70_000, population=4, out=tmp_path, seed=2)
    record = tune(LAW, args)
    assert 0 < record["steps"] <= 70_000
    assert record["generations"] == 1
    assert record["command"].startswith("sim2metal tune lee")
    assert {gain.name for gain in LAW.gains} == set(record["gains"])
    for gain in LAW.gains:
        assert gain.low <= record["gains"][gain.name] <= gain.high
    assert tune(LAW, args)["gains"] == record["gains"]
    assert tune(LAW, dataclasses.replace(args, seed=3))["gains"] != record["gains"]


def test_verb_writes_what_the_registry_reads(tmp_path):
    result = run(Args(controllers=("lee",), steps=64_000, population=4, out=tmp_path))
    gains = tuned_gains(LAW, "crazyflie", "l2f_paper", tmp_path)
    assert gains == result["tune.lee"]["gains"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"controllers": ("lqr",)}, "unknown controller 'lqr'"),
        ({"steps": 10}, "less than one generation"),
        ({"seed": 1000}, "those from 1000 on are for judging"),
        ({"population": 2}, "at least 4"),
        ({"parameter_set": "heavy"}, "no parameter set 'heavy'"),
        ({"robot": "g1"}, "does not fly"),
    ],
)
def test_refusals(options, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        run(Args(**{"controllers": ("lee",), "steps": 4000, "out": tmp_path, **options}))
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("content", ["{", "[]", '{"gains": {"rate_p": "x"}}', '{"gains": {"rate_p": 1.0}}'])
def test_files_that_hold_no_gains_are_refused(content, tmp_path):
    path = tuned_path(LAW, "crazyflie", "l2f_paper", tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(ConfigError, match="gain"):
        tuned_gains(LAW, "crazyflie", "l2f_paper", tmp_path)


def test_missing_gains_name_the_command_that_finds_them(tmp_path):
    with pytest.raises(ConfigError, match="sim2metal tune lee --robot crazyflie --parameter-set l2f_v2"):
        tuned_gains(LAW, "crazyflie", "l2f_v2", tmp_path)


def test_numbers_of_another_law_are_refused(tmp_path):
    path = tuned_path(LAW, "crazyflie", "l2f_paper", tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"gains": load_law("indi").published()}))
    with pytest.raises(ConfigError, match="'lee' has no gain"):
        tuned_gains(LAW, "crazyflie", "l2f_paper", tmp_path)
