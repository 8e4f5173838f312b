"""Tracking is judged by what is flown: a policy that cannot follow is found out, one that follows is told how well."""

from pathlib import Path

import numpy as np
import pytest

from policies.evaluate import Args, run
from policies.tracking import LOST_M, judge_tracking
from sim.controllers.policy import ControllerPolicy
from sim.controllers.registry import load_law
from sim.envs.task import load_flight_task
from sim.errors import ConfigError
from sim.randomization import NOMINAL_TABLE
from sim.trajectories import parse_trajectory

ROOT = Path(__file__).parents[2]
TRACK = load_flight_task("track")


def follower(text):
    """A classical controller that knows where the trajectory goes."""
    trajectory = parse_trajectory(text)
    return ControllerPolicy(load_law("indi"), TRACK.NOMINAL, 0.01, trajectory=trajectory)


class Idle:
    state_size = 0

    def step(self, observation, state, reset):
        return np.zeros((len(observation), 4), np.float32), state


SLOW, FAST = "circle:period=12,radius=0.3", "circle:period=3,radius=0.5"


def judge(policy=None, text=SLOW, **options):
    defaults = {"flights": 3, "threads": 1, "duration_s": 6.0, "table": NOMINAL_TABLE}
    return judge_tracking(policy or follower(text), TRACK, parse_trajectory(text), **{**defaults, **options})


def test_a_policy_that_follows_is_measured_after_the_ramp():
    judged = judge()
    assert not judged.lost.any()
    assert 0.0 < judged.rmse_m < 0.5
    assert judged.judged.sum() == 400
    expected = parse_trajectory("circle:period=12,radius=0.3").sample(judged.time_s)
    np.testing.assert_allclose(judged.reference_w, expected.position_w, atol=1e-4)
    distance = np.linalg.norm(judged.position_w - judged.reference_w, axis=1)
    np.testing.assert_allclose(judged.error_m[:, 0], distance, atol=1e-4)
    assert judged.rmse_m == pytest.approx(np.sqrt(np.mean(np.square(judged.error_m[200:]))))
    assert 0.1 < judged.summary()["peak_speed_m_s"] < 1.0


def test_a_faster_trajectory_is_followed_less_closely():
    slow, fast = judge(), judge(text=FAST)
    assert slow.rmse_m < 0.9 * fast.rmse_m
    assert slow.summary()["peak_speed_m_s"] < fast.summary()["peak_speed_m_s"]
    assert slow.summary()["peak_acceleration_m_s2"] < fast.summary()["peak_acceleration_m_s2"]


def test_a_flight_that_falls_is_lost_and_counts_as_far_off():
    judged = judge(Idle())
    assert judged.lost.all()
    assert judged.error_m[-1] == pytest.approx(LOST_M)
    assert judged.summary()["lost"] == 3
    assert np.isnan(judged.position_w[-1]).all()


def test_the_same_seed_gives_the_same_figures_and_randomization_changes_them():
    options = {"table": None, "duration_s": 2.5}
    first, again = (judge(**options).rmse_m for _ in range(2))
    assert first == again
    assert judge(seed=5, **options).rmse_m != first
    assert judge(randomized=True, **options).rmse_m != first


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ConfigError, match="after the trajectory's ramp"):
        judge(duration_s=1.5)
    with pytest.raises(ConfigError, match="at least one flight"):
        judge(flights=0)


def test_the_verb_judges_a_bundle_on_a_trajectory(capsys):
    hovering = ROOT / "policies" / "zoo" / "hover_attitude"  # it can follow set-points, without looking ahead
    figures = run(Args(hovering, episodes=2, threads=1, trajectory="steps:every=0.3,size=0.1"))
    assert figures["eval.nominal"]["flights"] == 2
    assert figures["eval.rmse_m"] == figures["eval.nominal"]["rmse_m"] < 0.3
    assert figures["eval.randomized"]["rmse_m"] > 0.0
    assert "steps:every=0.3" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="unknown trajectory"):
        run(Args(hovering, trajectory="loop"))
