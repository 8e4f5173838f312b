"""The learner as a whole: it learns, it is reproducible, it resumes to the bit, it survives lost drones."""

import numpy as np
import pytest
import torch

from policies.learners.adam import Adam
from policies.learners.analytic import AnalyticConfig, AnalyticLearner, flatten, unflatten
from policies.learners.drones import Drones, StartConfig
from policies.learners.kernel_evaluation import KernelEvaluation
from policies.training_run import TrainConfig, new_actor
from sim.tasks import hover, hover_attitude, track

SMALL = {"num_envs": 16, "window": 16, "iterations": 40, "critic_from": 5, "critic_batch": 32}


def make(seed=0, task=hover, **settings):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    actor = new_actor(task, TrainConfig(hidden=(16, 16)))
    config = AnalyticConfig(**{**SMALL, **settings})
    drones = Drones(task, task.TRAINING_TABLE, task.NOMINAL, config.num_envs, StartConfig(pool=64, references=32), rng)
    return AnalyticLearner(actor, drones, config, rng), actor


@pytest.mark.parametrize(("task", "critic"), [(hover, True), (hover, False), (hover_attitude, True), (track, True)])
def test_a_few_seconds_of_flight_teach_to_stay_near(task, critic):
    learner, actor = make(task=task, num_envs=64, window=32, iterations=200, critic=critic, critic_from=60)
    evaluation = KernelEvaluation(
        task, task.EVALUATION_TABLE, task.NOMINAL, 128, actor, np.random.default_rng(9)
    )  # fmt: skip
    before = evaluation.score(learner.averaged, learner.constants, learner.weights)
    for _ in range(200):
        learner.iterate()
    after = evaluation.score(learner.averaged, learner.constants, learner.weights)
    assert before.success_rate == 0.0
    assert after.success_rate > 0.3
    assert after.mean_steady_error_m < 0.5 * before.mean_steady_error_m


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    runs = []
    for seed in (3, 3, 4):
        learner, _ = make(seed)
        for _ in range(12):
            learner.iterate()
        runs.append(learner.parameters.tobytes())
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("task", [hover, track], ids=lambda task: task.TASK.name)
def test_restored_in_mid_run_it_goes_on_to_the_same_bits(task):
    learner, _ = make(1, task)
    for _ in range(10):
        learner.iterate()
    state, random = learner.state(), learner.drones.rng.bit_generator.state
    twin, _ = make(1, task)
    twin.load(state)
    twin.drones.rng.bit_generator.state = random
    for _ in range(15):
        assert learner.iterate() == twin.iterate()
    for name, value in learner.state().items():
        np.testing.assert_array_equal(value, twin.state()[name], err_msg=name)


def test_lost_and_broken_drones_are_reset_and_the_weights_stay_finite():
    learner, _ = make(2)
    learner.iterate()
    learner.window.state[0][0] = np.nan
    learner.window.state[0][1, 0] = 50.0
    learner.drones.steps_left[:] = 1000
    learner.iterate()
    assert np.isfinite(learner.window.state).all()
    assert np.abs(learner.window.state[0][:2, :3]).max() <= 1.0
    assert np.isfinite(learner.parameters).all()


def test_weights_go_to_the_actor_and_back_unchanged():
    learner, actor = make(5)
    learner.parameters += np.float32(0.25)
    unflatten(learner.parameters, actor)
    np.testing.assert_array_equal(flatten(actor), learner.parameters)


def test_adam_equals_torchs_and_skips_what_is_not_finite():
    rng = np.random.default_rng(0)
    values = rng.normal(size=50).astype(np.float32)
    ours, optimiser = values.copy(), Adam(50)
    theirs = torch.nn.Parameter(torch.from_numpy(values.copy()))
    reference = torch.optim.Adam([theirs], lr=0.01)
    for _ in range(20):
        gradient = rng.normal(size=50).astype(np.float32)
        optimiser.step(ours, gradient, 0.01)
        theirs.grad = torch.from_numpy(gradient.copy())
        torch.nn.utils.clip_grad_norm_([theirs], 1.0)
        reference.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-5)
    before = ours.copy()
    optimiser.step(ours, np.full(50, np.nan, np.float32), 0.01)
    np.testing.assert_array_equal(ours, before)
    assert optimiser.count == 20


def test_some_airframes_may_be_the_nominal_one():
    def hover_trims(share):
        rng = np.random.default_rng(0)
        drones = Drones(hover, hover.TRAINING_TABLE, hover.NOMINAL, 4, StartConfig(pool=64, nominal_share=share), rng)
        assert len(drones.pool) == len(drones.pool.privileged) == 64
        return drones.pool.trim[:, 0]

    assert len(np.unique(hover_trims(0.0))) == 64
    trims, times = np.unique(hover_trims(0.25), return_counts=True)
    assert len(trims) == 49
    assert trims[times.argmax()] == pytest.approx(hover.NOMINAL.hover_command, abs=1e-5)
