"""The environment on the flight kernel flies as the environment on MuJoCo does."""

import dataclasses

import numpy as np
import pytest

from sim.envs.kernel_airframes import KernelAirframes
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import load_flight_task

TASK = load_flight_task("hover")
HELD_PERIOD = tuple(t for t in TASK.EVALUATION_TABLE.terms if not t.parameter.startswith("control_period"))
TABLE = dataclasses.replace(TASK.EVALUATION_TABLE, terms=HELD_PERIOD)


def flown(steps, active=None, **options):
    env = MultirotorEnv(TASK, 12, table=TABLE, seed=5, threads=1, **options)
    rng = np.random.default_rng(0)
    for _ in range(steps):
        env.step(rng.uniform(0.3, 1.0, (12, 4)), active)
    return env


def test_half_a_second_with_every_term_is_the_same():
    ours, theirs = flown(50, airframes=KernelAirframes), flown(50)
    assert ours.state == pytest.approx(theirs.state, abs=5e-3)
    assert ours.observation == pytest.approx(theirs.observation, abs=5e-3)
    assert np.abs(ours.position_w).max() > 0.3


def test_flights_that_are_over_stand_still():
    active = np.arange(12) % 2 == 0
    env = MultirotorEnv(TASK, 12, table=TABLE, seed=5, threads=1, airframes=KernelAirframes)
    before = env.state
    env.step(np.ones((12, 4)), active)
    assert np.array_equal(env.state[~active], before[~active])
    assert not np.array_equal(env.state[active], before[active])
