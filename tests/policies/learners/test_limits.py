"""What keeps throws learnable: bounded flow of the gradient, resets of what tumbles, starts that grow harder."""

import numpy as np
import pytest

from policies.learners.drones import Drones, StartConfig
from policies.learners.window import Window, shorten
from policies.training_run import TrainConfig, new_actor
from sim.tasks import hover, recover


def gradients(n=3):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for shape in ((n, 17), (n, 25), (3, n, 4))]


def norms(state, memory, command):
    return np.sqrt(np.square(state).sum(1) + np.square(memory).sum(1) + np.square(command).sum((0, 2)))


def test_what_flows_back_is_shortened_drone_by_drone_and_keeps_its_direction():
    flow = gradients()
    flow[0][1] *= 100.0
    before = [part.copy() for part in flow]
    shorten(*flow, np.float32(20.0))
    length = norms(*flow)
    assert length[1] == pytest.approx(20.0, rel=1e-5)
    factor = 20.0 / norms(*before)[1]
    np.testing.assert_allclose(flow[0][1], factor * before[0][1], rtol=1e-5)
    np.testing.assert_allclose(flow[2][:, 1], factor * before[2][:, 1], rtol=1e-5)
    for part, old in zip(flow[:2], before):
        np.testing.assert_array_equal(part[[0, 2]], old[[0, 2]])


def test_a_limit_that_nothing_reaches_changes_nothing_and_a_low_one_does():
    from policies.learners.analytic import AnalyticConfig, AnalyticLearner

    def first_update(limit):
        config = AnalyticConfig(num_envs=8, window=8, critic_from=9, gradient_limit=limit)
        actor = new_actor(hover, TrainConfig())
        with np.errstate(all="ignore"):
            for layer in actor.parameters():
                layer.data.fill_(0.05)
        rng = np.random.default_rng(0)
        drones = Drones(hover, hover.TRAINING_TABLE, hover.NOMINAL, 8, StartConfig(pool=8), rng)
        learner = AnalyticLearner(actor, drones, config, rng)
        learner.iterate()
        return learner.gradient

    free = first_update(np.inf)
    np.testing.assert_allclose(first_update(1e6), free, rtol=1e-5, atol=1e-7)
    assert np.linalg.norm(first_update(0.1)) < 0.5 * np.linalg.norm(free)


def test_drones_that_tumble_are_reset():
    rng = np.random.default_rng(0)
    drones = Drones(hover, hover.TRAINING_TABLE, hover.NOMINAL, 2, StartConfig(pool=8, lost_rad_s=30.0), rng)
    window = Window(new_actor(hover, TrainConfig()), 2, 4, 17)
    drones.prepare(window, 100)
    window.state[0][1, 10:13] = (0.0, 20.0, 25.0)
    assert drones.prepare(window, 100).tolist() == [False, True]


def test_starts_of_recovery_grow_harder_with_the_training():
    rng = np.random.default_rng(0)
    drones = Drones(recover, recover.TRAINING_TABLE, recover.NOMINAL, 2, StartConfig(pool=8, wide_share=0.0), rng)
    first, last = drones.starts(2000, 0.0), drones.starts(2000, 1.0)

    def tilt(state):
        return np.degrees(np.arccos(1.0 - 2.0 * np.square(state[:, 4:6]).sum(1)))

    assert tilt(first).max() < 30.0
    assert tilt(last).max() > 170.0
    assert np.linalg.norm(last[:, 10:13], axis=1).max() > 9.0
    np.testing.assert_allclose(np.linalg.norm(last[:, 3:7], axis=1), 1.0, atol=1e-6)
