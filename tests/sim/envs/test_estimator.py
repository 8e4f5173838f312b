"""Estimators: biases, drift, sample and hold, and what success is judged against."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sim.distributions import Constant, Uniform
from sim.envs.estimator import Estimator
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import load_flight_task
from sim.errors import ConfigError
from sim.estimators import LIGHTHOUSE, MOTION_CAPTURE, PRESETS, with_estimator
from sim.randomization import RandomizationTable, Term, sample

HOVER = load_flight_task("hover")
PERIOD_S = 0.01


def table(*, noise=(), **distributions) -> RandomizationTable:
    return RandomizationTable("test", tuple(Term(k, d, "set", "test") for k, d in distributions.items()), noise)


def estimator(chosen: RandomizationTable, n: int = 3) -> Estimator:
    made = Estimator(n, PERIOD_S)
    made.restart(np.arange(n), sample(chosen, HOVER.ROBOT.parameters(), np.random.default_rng(0), n))
    return made


def states(n: int, x: float) -> np.ndarray:
    state = np.full((n, 13), x, np.float32)
    state[:, 3:7] = (1.0, 0.0, 0.0, 0.0)
    return state


def test_nothing_randomised_changes_nothing():
    state = states(3, 0.3)
    estimator(table()).measure(state)
    np.testing.assert_array_equal(state, states(3, 0.3))


def test_biases_are_added_in_their_frames():
    bias = Constant(0.02)
    made = estimator(table(gyro_bias_b=bias, position_bias_w=Constant(0.1), attitude_bias_b=Uniform(-0.2, 0.2)))
    drawn = sample(
        table(attitude_bias_b=Uniform(-0.2, 0.2)), HOVER.ROBOT.parameters(), np.random.default_rng(0), 3
    ).attitude_bias_b  # fmt: skip
    turn = Rotation.from_euler("xyz", [0.3, -0.5, 1.0])
    state = states(3, 0.0)
    state[:, 3:7] = turn.as_quat(scalar_first=True)
    made.measure(state)
    np.testing.assert_allclose(state[:, 0:3], 0.1, atol=1e-7)
    np.testing.assert_allclose(state[:, 10:13], 0.02, atol=1e-7)
    expected = (turn * Rotation.from_rotvec(drawn)).as_matrix()
    np.testing.assert_allclose(Rotation.from_quat(state[:, 3:7], scalar_first=True).as_matrix(), expected, atol=1e-6)
    np.testing.assert_allclose(made.position_error_w, 0.1, atol=1e-7)


def test_drift_is_a_random_walk():
    made = estimator(table(position_drift=Constant(0.02)), 4000)
    for _ in range(100):
        made.measure(states(4000, 0.0))
    np.testing.assert_allclose(made.position_error_w.std(axis=0), 0.02, rtol=0.05)  # after one second


def test_position_and_velocity_are_held_between_the_estimators_ticks():
    made = estimator(table(estimator_period_s=Constant(0.035)), 200)
    seen = []
    for k in range(60):
        state = states(200, float(k))
        made.measure(state, elapsed=k > 0)
        np.testing.assert_array_equal(state[:, 10:13], k)  # the gyroscope is not held
        np.testing.assert_array_equal(state[:, 7], state[:, 0])
        seen.append(state[:, 0])
    seen = np.stack(seen)
    assert np.all(seen[0] == 0.0)
    fresh = seen[1:] != seen[:-1]
    np.testing.assert_allclose(fresh.sum(axis=0), 59 / 3.5, atol=1.0)
    age = np.arange(60)[:, None] - seen
    assert age.max() == 3.0
    assert np.ptp(fresh[:3].argmax(axis=0)) > 0, "every estimator has a phase of its own"


def test_time_stands_still_while_others_begin():
    made = estimator(table(estimator_period_s=Constant(0.02), position_drift=Constant(0.1)))
    made.measure(states(3, 1.0), elapsed=False)
    before = made.position_error_w.copy()
    for x in (2.0, 3.0, 4.0):
        state = states(3, x)
        made.measure(state, elapsed=False)
        np.testing.assert_array_equal(state[:, 0], 1.0)
    np.testing.assert_array_equal(made.position_error_w, before)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_flies_in_the_environment(name):
    preset = PRESETS[name]
    assert all(term.source for term in preset.terms)
    env = MultirotorEnv(HOVER, 4, table=RandomizationTable(name, preset.terms, preset.noise_std), threads=1)
    for _ in range(5):
        env.step(np.tile(HOVER.TASK.action.nominal, (4, 1)))
    assert np.isfinite(env.observation).all()
    env.close()


def test_a_biased_estimator_is_judged_by_its_estimate():
    biased = MultirotorEnv(HOVER, 50, table=RandomizationTable("biased", LIGHTHOUSE.terms), threads=1)
    off = biased.tracking_error_w - biased.position_w
    assert 0.01 < off.std() < 0.03
    np.testing.assert_allclose(biased.observation[:, :3], biased.tracking_error_w, atol=1e-6)  # at the start, at rest
    unbiased = MultirotorEnv(HOVER, 50, table=RandomizationTable("unbiased", MOTION_CAPTURE.terms), threads=1)
    np.testing.assert_array_equal(unbiased.tracking_error_w, unbiased.position_w)
    biased.close()
    unbiased.close()


def test_external_delay_ages_position_and_not_attitude():
    """Falling: the position seen is that of a delay ago, the angular velocity that of now."""
    late = table(estimator_delay_s=Constant(0.02))
    env = MultirotorEnv(HOVER, 1, table=late, threads=1, seed=3)
    past = [env.state]
    for _ in range(6):
        env.step(np.full((1, 4), 0.2, np.float32))
        past.append(env.state)
    np.testing.assert_allclose(env.observation[0, :3], past[-3][0, :3], atol=1e-6)
    np.testing.assert_allclose(env.observation[0, 12:15], past[-3][0, 7:10], atol=1e-6)
    np.testing.assert_allclose(env.observation[0, 15:18], past[-1][0, 10:13], atol=1e-6)
    env.close()


def test_another_estimator_replaces_terms_and_noise_and_nothing_else():
    usual, other = HOVER.EVALUATION_TABLE, with_estimator(HOVER.EVALUATION_TABLE, "lighthouse")
    assert dict(other.noise_std)["position_error_w"] == 0.002
    assert dict(other.noise_std)["rotation"] == dict(usual.noise_std)["rotation"]
    robot = HOVER.ROBOT.parameters()
    before, after = (sample(t, robot, np.random.default_rng(0), 20) for t in (usual, other))
    np.testing.assert_array_equal(before.flight.mass, after.flight.mass)
    assert not before.position_bias_w.any()
    assert after.position_bias_w.all()
    with pytest.raises(ConfigError, match="choose one of: lighthouse, motion_capture, optical_flow"):
        with_estimator(usual, "gps")
