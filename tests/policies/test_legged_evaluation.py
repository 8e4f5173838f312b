"""How bodies on legs are judged: how fast they go over how fast they are asked to, swaying or not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from policies.bundle import load_bundle
from policies.evaluate_legged import error_line, evaluate_legged
from policies.legged_evaluation import judge
from policies.runtime import OnnxPolicy
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.legged.spec import EPISODE_S, VelocityCommand

WALKER = Path(__file__).parents[2] / "policies/zoo/velocity_go1"


def asking(low, high):
    """Return the task of the walker with a velocity ahead from low to high, asked for until the end."""
    task, still = load_legged_task("velocity"), (0.0, 0.0)
    command = VelocityCommand((low, high), still, still, EPISODE_S, 0.0, "of a test")
    return replace(task, spec=replace(task.spec, command=command))


@pytest.fixture(scope="module")
def ahead():
    return judge(OnnxPolicy(load_bundle(WALKER)), asking(0.3, 0.6), 4, 3)


def test_who_walks_goes_about_as_fast_as_asked_and_says_nothing_of_what_it_was_not_asked(ahead):
    share = ahead.share_followed
    assert 0.85 < share["ahead"] < 1.1
    assert share["aside"] is None
    assert share["turning"] is None
    assert ahead.summary()["share_followed"] == share


def test_who_stands_goes_none_of_it():
    task = asking(0.3, 0.6)
    pose = LeggedEnv(task, 1, seed=0).centre[0]

    class Stands:
        state_size = 0

        def step(self, observation, state, reset):
            return np.tile(pose, (len(observation), 1)), state

    share = judge(Stands(), task, 4, 3).share_followed
    assert abs(share["ahead"]) < 0.1


def test_shares_are_least_squares_over_all_episodes(ahead):
    rng = np.random.default_rng(0)
    asked = rng.uniform(-1.0, 1.0, (2, 50, 3))
    went = asked * (0.8, 1.2, -0.5)
    made = replace(ahead, followed=np.stack([(went * asked).sum(1), (asked**2).sum(1)], axis=1))
    assert made.share_followed == pytest.approx({"ahead": 0.8, "aside": 1.2, "turning": -0.5})


def test_it_is_said_in_words(ahead):
    assert error_line(ahead.summary()).endswith(f"; of what is asked it goes {ahead.share_followed['ahead']:.0%} ahead")
    found = evaluate_legged(load_bundle(WALKER), 2, 1, 1, Console(quiet=True))
    assert set(found["eval.share_followed"]) == {"ahead", "aside", "turning"}
