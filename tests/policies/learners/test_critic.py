"""The critic: privileged, its gradient right, its regression able to learn a value."""

import numpy as np
import pytest

import sim.tasks.hover as hover
from policies.learners.critic import Critic, discounted_returns
from policies.learners.drones import Drones, StartConfig
from policies.learners.window import Window

N = 32


@pytest.fixture
def setting():
    rng = np.random.default_rng(0)
    drones = Drones(hover, hover.TRAINING_TABLE, hover.NOMINAL, N, StartConfig(pool=64), rng)
    drones.prepare(Window(N, 4, (8, 8)), 4)
    critic = Critic(drones.privileged.shape[1], (16, 16), 0.9, rng)
    return critic, drones, drones.starts(N)


def test_it_sees_every_privileged_term_of_the_task_and_no_noise(setting):
    critic, drones, state = setting
    # 22 numbers of the true state (rotation as 9) and 23 constants; in the body frame gravity
    # stands for the rotation.
    assert 22 + drones.privileged.shape[1] == hover.TASK.critic_size
    before = critic.value(critic.observe(state, drones.privileged))
    for column in range(drones.privileged.shape[1]):
        changed = drones.privileged.copy()
        changed[:, column] += 1.0
        assert not np.allclose(before, critic.value(critic.observe(state, changed)))
    np.testing.assert_array_equal(before, critic.value(critic.observe(state, drones.privileged)))


def test_privileged_constants_are_normalised(setting):
    _, drones, _ = setting
    everyone = drones._privileged
    np.testing.assert_allclose(everyone.mean(axis=0), 0.0, atol=1e-4)
    spread = everyone.std(axis=0)
    assert np.all((np.abs(spread - 1.0) < 1e-3) | (spread == 0.0))


def test_the_state_gradient_equals_central_differences(setting):
    critic, drones, state = setting
    gradient = np.empty_like(state)
    critic.state_gradient(state, drones.privileged, 0.5, gradient)
    h = 1e-2
    for column in range(17):
        nudge = np.zeros(17, np.float32)
        nudge[column] = h
        ahead = critic.value(critic.observe(state + nudge, drones.privileged))
        behind = critic.value(critic.observe(state - nudge, drones.privileged))
        np.testing.assert_allclose(gradient[:, column], 0.5 * (ahead - behind) / (2 * h), atol=0.02)


def test_values_are_not_negative_and_the_target_follows(setting):
    critic, drones, state = setting
    observation = critic.observe(state, drones.privileged)
    critic.parameters += np.float32(0.1)
    before = critic.value(observation)
    assert before.min() >= 0.0
    critic.follow(1.0)
    assert not np.allclose(before, critic.value(observation))
    np.testing.assert_allclose(critic.target, critic.parameters, atol=1e-6)


def test_it_learns_a_value_that_depends_on_privileged_terms(setting):
    critic, drones, _ = setting
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(400):
        state = drones.starts(N)
        privileged = rng.normal(size=drones.privileged.shape).astype(np.float32)
        value = 10.0 * np.square(state[:, :3]).sum(axis=1) + (1.0 + privileged[:, 7]) ** 2
        errors.append(critic.fit(critic.observe(state, privileged), value.astype(np.float32), 3e-3))
    assert np.mean(errors[-50:]) < 0.4 * np.mean(errors[:20])


def test_returns_are_discounted_sums_to_the_tail():
    costs = np.array([[1.0], [2.0], [4.0]], np.float32)
    out = np.empty_like(costs)
    discounted_returns(costs, np.array([8.0], np.float32), np.float32(0.5), out)
    np.testing.assert_allclose(out[:, 0], [1 + 1 + 1 + 1, 2 + 2 + 2, 4 + 4])
