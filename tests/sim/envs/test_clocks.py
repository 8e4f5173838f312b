"""Imperfect time: jitter of delays and periods, clocks that are fast or slow."""

from __future__ import annotations

import numpy as np
import pytest

from sim.distributions import Constant, Uniform
from sim.envs.clocks import Clocks
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import load_flight_task
from sim.errors import ConfigError
from sim.randomization import RandomizationTable, Term, sample

HOVER = load_flight_task("hover")
PERIOD_S, SUBSTEPS, BUDGET_S = 0.01, 4, 0.03


def table(**distributions) -> RandomizationTable:
    modes = {"control_period": "scale"}
    return RandomizationTable("test", tuple(Term(k, d, modes.get(k, "set"), "test") for k, d in distributions.items()))


def clocks(n: int = 500, **distributions) -> Clocks:
    made = Clocks(n, PERIOD_S, SUBSTEPS, BUDGET_S)
    drawn = sample(table(**distributions), HOVER.ROBOT.parameters(), np.random.default_rng(0), n)
    made.check(drawn, "test")
    made.restart(np.arange(n), drawn)
    return made


def mean_delay(weights: np.ndarray) -> np.ndarray:
    """Mean age of the command in force over a period, beyond that of a hold without delay, s."""
    return (weights * np.arange(weights.shape[2])).sum(axis=2).mean(axis=1) * PERIOD_S


def test_without_jitter_nothing_changes_and_nothing_is_drawn():
    made = clocks(action_delay_s=Constant(0.012), control_period=Constant(1.02))
    before, state = made.weights.copy(), made._rng.bit_generator.state
    made.tick()
    np.testing.assert_array_equal(made.weights, before)
    np.testing.assert_allclose(made.period, 1.02, rtol=1e-6)
    assert made._rng.bit_generator.state == state


def test_jitter_only_ever_delays():
    made = clocks(action_delay_s=Constant(0.004), action_jitter_s=Constant(0.008))
    delays = []
    for _ in range(20):
        made.tick()
        np.testing.assert_allclose(made.weights.sum(axis=2), 1.0, atol=1e-6)
        delays.append(mean_delay(made.weights))
    delays = np.array(delays)
    assert 0.004 - 1e-6 <= delays.min() < 0.0045
    assert 0.0115 < delays.max() <= 0.012 + 1e-6
    assert delays.mean() == pytest.approx(0.008, abs=2e-4)


def test_periods_jitter_about_their_mean():
    made = clocks(control_period=Constant(1.1), control_period_jitter=Constant(0.2))
    periods = []
    for _ in range(50):
        made.tick()
        periods.append(made.period.copy())
    periods = np.array(periods)
    assert periods.min() == pytest.approx(1.1 * 0.8, abs=0.01)
    assert periods.max() == pytest.approx(1.1 * 1.2, abs=0.01)
    assert periods.mean() == pytest.approx(1.1, abs=0.01)


@pytest.mark.parametrize(
    ("distributions", "message"),
    [
        ({"action_delay_s": Constant(0.02), "action_jitter_s": Constant(0.02)}, "action delay of 40.0 ms is above"),
        ({"observation_delay_s": Constant(0.02), "estimator_delay_s": Constant(0.02)}, "observation delay of 40.0 ms"),
        ({"control_period": Uniform(0.5, 1.0)}, "a control period of 0.5. times the nominal one is below 0.75"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_line(distributions, message):
    with pytest.raises(ConfigError, match=message) as caught:
        MultirotorEnv(HOVER, 50, table=table(**distributions), threads=1)
    assert "\n" not in str(caught.value)


def test_a_slow_clock_lets_more_time_go_by():
    """Free fall for 20 periods: distance goes with the square of their length."""
    fallen = []
    for period in (1.0, 1.2):
        env = MultirotorEnv(HOVER, 1, table=table(control_period=Constant(period)), threads=1)
        start = np.zeros((1, 17), np.float32)
        start[0, 3] = 1.0
        env.begin(np.array([0]), env.sample, start)
        for _ in range(20):
            env.step(np.zeros((1, 4), np.float32))
        fallen.append(float(-env.position_w[0, 2]))
        env.close()
    assert fallen[0] == pytest.approx(0.5 * 9.81 * 0.2**2, rel=1e-4)
    assert fallen[1] / fallen[0] == pytest.approx(1.2**2, rel=1e-4)


def test_delays_are_seconds_whatever_the_clock():
    """A command that takes 12 ms arrives after 12 ms of physics, also where periods are 12 ms long."""
    made = clocks(action_delay_s=Constant(0.012), control_period=Constant(1.2))
    assert mean_delay(made.weights)[0] == pytest.approx(0.01, abs=1e-6)  # one period of 12 ms, counted as 10
