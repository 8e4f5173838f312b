"""The learner by itself: gradients, normalisation, the bound on a step, and a problem whose optimum is known."""

import dataclasses

import numpy as np
import pytest

from hardware.adaptation.correction import SETTINGS
from hardware.adaptation.network import SPARSITY, Network, sparse_weights
from hardware.adaptation.normalisation import EPSILON, RewardScale, RunningStatistics
from hardware.adaptation.streaming import Settings, StreamingActorCritic, bounded_step
from sim.errors import ConfigError
from tests.support.regulator import DISCOUNT, LIMIT, cost, optimal_gain, train


@pytest.mark.parametrize("sizes", [(4, 2), (5, 7, 3), (4, 16, 12, 1)])
def test_a_networks_gradient_is_its_finite_difference(sizes):
    rng = np.random.default_rng(1)
    network = Network(sizes, rng)
    network.parameters[:] = rng.standard_normal(len(network.parameters))
    inputs, weights, step = rng.standard_normal(sizes[0]), rng.standard_normal(sizes[-1]), 1e-6
    network(inputs)
    gradient = network.gradient(weights)
    for i in rng.permutation(len(gradient))[:40]:
        values = []
        for sign in (1.0, -1.0):
            network.parameters[i] += sign * step
            values.append(weights @ network(inputs))
            network.parameters[i] -= sign * step
        assert gradient[i] == pytest.approx((values[0] - values[1]) / (2.0 * step), rel=1e-5, abs=1e-8)


def test_weights_begin_sparse_and_an_actor_at_zero():
    weights = sparse_weights((50, 40), np.random.default_rng(0))
    assert ((weights == 0.0).sum(axis=1) == SPARSITY * 40).all()
    assert np.abs(weights).max() <= 1.0 / np.sqrt(40)
    network = Network((6, 20, 2), np.random.default_rng(0), zero_output=True)
    assert not network(np.ones(6)).any()
    assert network.gradient(np.ones(2)).any()


def test_statistics_of_a_stream_are_those_of_the_whole():
    samples = np.random.default_rng(2).normal([3.0, -1.0], [0.1, 5.0], (500, 2))
    running = RunningStatistics(2)
    for sample in samples:
        running.add(sample)
    np.testing.assert_allclose(running.mean, samples.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(running.variance, samples.var(axis=0, ddof=1), rtol=1e-10)


def test_rewards_are_divided_by_the_spread_of_their_discounted_sum():
    rewards, discount = np.random.default_rng(3).normal(-5.0, 2.0, 300), 0.9
    scale, total, totals = RewardScale(discount), 0.0, []
    for k, reward in enumerate(rewards):
        end = k % 50 == 49
        scaled = scale(reward, end)
        total = reward + discount * total
        totals.append(total)
        total = 0.0 if end else total
    assert scaled == pytest.approx(rewards[-1] / np.sqrt(np.var(totals, ddof=1) + EPSILON))


@pytest.mark.parametrize("delta", [0.01, -0.5, 1.0, -30.0])
def test_a_step_does_not_overshoot(delta):
    """A linear critic's error keeps its sign: its value changes by delta / kappa at most, features within 1."""
    features = np.random.default_rng(4).uniform(-1.0, 1.0, 20)
    step = bounded_step(features, delta, rate=1.0, bound=2.0)
    change = step @ features
    assert 0.0 < change / delta <= 0.5
    assert np.abs(step).sum() <= 0.5 * min(abs(delta), 1.0) + 1e-12
    np.testing.assert_allclose(bounded_step(1e-3 * features, delta, 1.0, 2.0) / features, 1e-3 * delta)


def test_an_end_by_time_is_worth_what_the_critic_says_and_a_failure_nothing():
    def delta(**end):
        learner = StreamingActorCritic(2, 1, Settings(discount=0.9), seed=5)
        for _ in range(30):
            learner.act(np.random.default_rng(learner.steps).standard_normal(2))
            learner.learn(-1.0, np.ones(2))
        learner.act(np.zeros(2))
        worth = 0.9 * learner.critic(learner.observations.normalise(np.ones(2)))[0]
        result = learner.learn(-1.0, np.ones(2), **end), worth, learner
        assert bool(learner._critic_trace.any()) == (not end)
        return result

    (goes_on, worth, _), (over, _, _), (failed, _, _) = delta(), delta(over=True), delta(failed=True)
    assert over == goes_on
    assert abs(worth) > 1e-3
    assert failed == pytest.approx(goes_on - worth)


def test_it_comes_near_the_optimum_of_a_linear_quadratic_problem():
    gain = optimal_gain()
    best = cost(lambda state: -gain @ state)
    assert cost(lambda _: np.zeros(1)) > 50.0 * best
    learner = StreamingActorCritic(2, 1, dataclasses.replace(SETTINGS, discount=DISCOUNT), seed=1)
    train(learner, 4000, seed=1)
    assert cost(lambda state: LIMIT * learner.mean(state)) < 2.0 * best


def test_what_was_learnt_is_taken_over_and_what_is_no_number_is_not():
    first, second = (StreamingActorCritic(3, 1, SETTINGS, seed) for seed in (0, 1))
    rng = np.random.default_rng(0)
    for _ in range(400):
        first.act(rng.standard_normal(3))
        first.learn(float(rng.standard_normal()), rng.standard_normal(3))
    arrays = first.as_arrays()
    second.take(arrays)
    assert second.steps == 400
    seen = rng.standard_normal(3)
    assert first.mean(seen) != 0.0
    np.testing.assert_array_equal(second.mean(seen), first.mean(seen))
    for name, wrong in {
        "actor": arrays["actor"][1:],
        "critic": np.nan * arrays["critic"],
        "counts": np.ones(2),
    }.items():
        with pytest.raises(ConfigError, match=name):
            second.take({**arrays, name: wrong})
    assert second.finite
