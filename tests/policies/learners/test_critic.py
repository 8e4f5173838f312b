"""The critic: privileged, its gradient right, its regression able to learn a value."""

import numpy as np
import pytest

from policies.learners.critic import Critic, Scene, discounted_returns
from policies.learners.drones import Drones, StartConfig
from policies.learners.memory_kernel import constants
from policies.learners.window import Window
from policies.training_run import TrainConfig, new_actor
from sim.tasks import hover, track

N = 32


@pytest.fixture(params=[hover, track], ids=lambda task: task.TASK.name)
def setting(request):
    task, rng = request.param, np.random.default_rng(0)
    drones = Drones(task, task.TRAINING_TABLE, task.NOMINAL, N, StartConfig(pool=64, references=8), rng)
    actor = new_actor(task, TrainConfig(hidden=(8, 8)))
    window = Window(actor, N, 4, drones.state_size)
    drones.prepare(window, 4)
    critic = Critic(window, drones.privileged.shape[1], constants(actor)[0], (16, 16), 0.9, rng)
    # Near the reference: what is far off saturates the network and hides what a test changes.
    state = drones.starts(N)
    state[:, :3] += window.target[0, :, :3]
    return critic, drones, Scene(state, window.target[0], window.seen[0], drones.privileged)


def test_it_sees_every_privileged_term_of_the_task_and_no_noise(setting):
    critic, drones, scene = setting
    # 22 numbers of the true state (rotation as 9) and the constants; in the body frame gravity
    # stands for the rotation.
    assert 22 + drones.privileged.shape[1] == hover.TASK.critic_size
    before = critic.value(critic.observe(scene))
    for column in range(drones.privileged.shape[1]):
        changed = drones.privileged.copy()
        changed[:, column] += 1.0
        assert not np.allclose(before, critic.value(critic.observe(scene._replace(privileged=changed))))
    np.testing.assert_array_equal(before, critic.value(critic.observe(scene)))


def test_it_sees_where_a_reference_goes(setting):
    critic, _, scene = setting
    before = critic.value(critic.observe(scene))
    for column in range(6, scene.seen.shape[1]):
        changed = scene.seen.copy()
        changed[:, column] += 0.05
        assert not np.allclose(before, critic.value(critic.observe(scene._replace(seen=changed))), atol=1e-6)


def test_privileged_constants_are_normalised(setting):
    _, drones, _ = setting
    everyone = drones._privileged
    np.testing.assert_allclose(everyone.mean(axis=0), 0.0, atol=1e-4)
    spread = everyone.std(axis=0)
    assert np.all((np.abs(spread - 1.0) < 1e-3) | (spread == 0.0))


def test_the_state_gradient_equals_central_differences(setting):
    critic, _, scene = setting
    gradient = np.empty_like(scene.state)
    critic.state_gradient(scene, 0.5, gradient)
    h = 1e-2
    for column in range(17):
        nudge = np.zeros(17, np.float32)
        nudge[column] = h
        ahead = critic.value(critic.observe(scene._replace(state=scene.state + nudge)))
        behind = critic.value(critic.observe(scene._replace(state=scene.state - nudge)))
        np.testing.assert_allclose(gradient[:, column], 0.5 * (ahead - behind) / (2 * h), atol=0.02)


def test_values_are_not_negative_and_the_target_follows(setting):
    critic, _, scene = setting
    observation = critic.observe(scene)
    critic.parameters += np.float32(0.1)
    before = critic.value(observation)
    assert before.min() >= 0.0
    critic.follow(1.0)
    assert not np.allclose(before, critic.value(observation))
    np.testing.assert_allclose(critic.target, critic.parameters, atol=1e-6)


def test_it_learns_a_value_that_depends_on_privileged_terms(setting):
    critic, drones, scene = setting
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(400):
        error = drones.starts(N)
        state = error.copy()
        state[:, :3] += scene.target[:, :3]
        privileged = rng.normal(size=drones.privileged.shape).astype(np.float32)
        value = 10.0 * np.square(error[:, :3]).sum(axis=1) + (1.0 + privileged[:, 7]) ** 2
        seen = critic.observe(scene._replace(state=state, privileged=privileged))
        errors.append(critic.fit(seen, value.astype(np.float32), 3e-3))
    assert np.mean(errors[-50:]) < 0.4 * np.mean(errors[:20])


def test_returns_are_discounted_sums_to_the_tail():
    costs = np.array([[1.0], [2.0], [4.0]], np.float32)
    out = np.empty_like(costs)
    discounted_returns(costs, np.array([8.0], np.float32), np.float32(0.5), out)
    np.testing.assert_allclose(out[:, 0], [1 + 1 + 1 + 1, 2 + 2 + 2, 4 + 4])
