"""Imitating the script that stands: a killed run resumes to the same result, and its bundle remembers."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from policies.bundle import load_bundle
from policies.checkpoint import load_checkpoint
from policies.dagger_run import DaggerJob, DaggerRun
from policies.learners.contact.settings import ImitationSettings
from policies.learners.legged.dagger_settings import LeggedDaggerConfig
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from policies.train_imitation import motion_task
from sim.envs.legged import load_legged_task
from sim.errors import ConfigError
from sim.legged.terms import term_slice
from sim2metal import main
from tests.bench.zoo import ZOO
from tests.support import training

SQUAT = ZOO / "imitate_squat"
SMALL = LeggedDaggerConfig(
    iterations=5, num_envs=4, horizon=6, checkpoint_every=2, evaluations=1, evaluation_episodes=2, judge_episodes=2,
    hidden=(8,), memory=8, imitation=ImitationSettings(updates=2, windows=4, expert_until=0.5, rollouts=3),
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def job(**changes):
    whole = load_legged_task("stand")
    task = dataclasses.replace(whole, spec=dataclasses.replace(whole.spec, episode_s=0.4))
    return DaggerJob(task, 0, dataclasses.replace(SMALL, **changes))


def run_to(what, folder, *, resume=False, until=None):
    return training.train(DaggerRun(what, folder, resume=resume), until)


def test_a_killed_run_resumes_to_the_same_result(tmp_path):
    whole = run_to(job(), tmp_path / "whole")
    run_to(job(), tmp_path / "killed", until=3)
    resumed = run_to(dataclasses.replace(job(), threads=2), tmp_path / "killed", resume=True)
    assert resumed.evaluation == whole.evaluation
    assert not (tmp_path / "killed" / "rollouts").exists()
    ours, theirs = (load_checkpoint(tmp_path / name / "checkpoint.npz").arrays for name in ("whole", "killed"))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)


def test_the_student_comes_nearer_to_the_script(tmp_path):
    more = ImitationSettings(updates=12, windows=16, expert_until=1.0, hint_weight=0.0)
    run = DaggerRun(job(num_envs=16, iterations=20, imitation=more), tmp_path)
    run.renew(0)
    losses = []
    for _ in range(12):
        losses.append(run.iterate()["loss_behavior"])
        run.iteration += 1
    assert losses[-1] < 0.7 * losses[0]
    run.log.close()


def test_a_student_begins_with_a_bundles_weights_and_memory(tmp_path):
    small = dataclasses.replace(SMALL, memory=24, hidden=(64,), shortcut=False)
    run = DaggerRun(DaggerJob(motion_task("imitate", "squat", "g1"), 0, small), tmp_path, start_from=SQUAT)
    bundle, actor = OnnxPolicy(load_bundle(SQUAT)), TorchPolicy(run.actor)
    seen = np.random.default_rng(0).normal(0.0, 1.0, (5, 8, bundle.observation_size)).astype(np.float32)
    ours = theirs = np.zeros((8, bundle.state_size), np.float32)
    for step, observation in enumerate(seen):
        reset = np.full(8, step == 0)
        wanted, theirs = bundle.step(observation, theirs, reset)
        given, ours = actor.step(observation, ours, reset)
        np.testing.assert_allclose(given, wanted, atol=2e-5)
    assert run.identity["start_from"] == load_bundle(SQUAT).id
    run.log.close()


def test_a_bundle_of_another_size_is_no_beginning(tmp_path):
    with pytest.raises(ConfigError, match="it has the network setting 'hidden'"):
        DaggerRun(DaggerJob(motion_task("imitate", "squat", "g1"), 0, SMALL), tmp_path, start_from=SQUAT)


def test_only_the_last_targets_are_blurred(tmp_path):
    run = DaggerRun(job(target_noise_rad=0.2), tmp_path)
    run.renew(0)
    seen, before = run.rollouts.get_observations(), run.rollouts.get_observations()
    changed = (run._blurred(seen)["actor"] - before["actor"]).numpy()
    targets = term_slice(run.job.task.spec.actor_terms, "applied_action")
    assert changed[:, targets].std() == pytest.approx(0.2, rel=0.3)
    assert np.delete(changed, np.r_[targets], axis=1).any() is np.False_
    run.log.close()


def test_physics_change_after_every_checkpoint(tmp_path):
    steps, run = [], DaggerRun(job(physics=("as in training", "steps of 1 ms")), tmp_path)
    run.train(lambda *_: steps.append(run._env.spec.timing.physics_step_s))
    assert steps == [0.005, 0.005, 0.001, 0.001, 0.005]


def test_candidates_are_judged_under_all_physics_that_are_learnt_under(tmp_path, monkeypatch):
    class Judged:
        def __init__(self, policy, task, *_):
            self.score = 1.0 if task.spec.timing.physics_step_s == 0.005 else 0.5

        def summary(self):
            return {"score": self.score, "mean_reward": 2.0 * self.score, "episodes": 2}

    monkeypatch.setattr("policies.dagger_run.judge", Judged)
    run = DaggerRun(job(physics=("as in training", "steps of 1 ms")), tmp_path)
    assert run.rate(0, 2) == {"score": 0.75, "mean_reward": 1.5}
    assert run.judge(0, 2)["score"] == 1.0


@pytest.mark.slow
def test_a_training_leaves_a_bundle_with_a_memory(tmp_path):
    small = {"iterations": 2, "num-envs": 4, "horizon": 6, "evaluations": 1, "evaluation-episodes": 1}
    small |= {"judge-episodes": 2, "memory": 8, "imitation.updates": 1, "imitation.windows": 2}
    options = [f"--config.{name}={value}" for name, value in small.items()] + ["--config.hidden", "8"]
    assert main(["train", "stand", "--learner", "dagger", "--out", str(tmp_path), *options]) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["train.evaluation"]["episodes"] == 2
    bundle = load_bundle(tmp_path / "bundle")
    assert (bundle.info.robot.name, bundle.info.task) == ("g1", "stand")
    assert OnnxPolicy(bundle).state_size == 2 * 8
    assert bundle.golden().observation.shape[:2] == (2, 32), "a memory is recorded at every step: fewer of them"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["velocity", "--robot", "g1"], "nobody teaches task 'velocity': train one of stand, walk, imitate, or by ppo"),
        (["stand", "--robot", "go1"], "robot 'go1' has no two legs with hip_pitch"),
        (["stand", "--config.memory", "0"], "--config.memory must be at least 1"),
        (["stand", "--config.imitation.burn-in", "-1"], "--config.imitation.burn-in must be at least 0"),
        (["stand", "--config.imitation.clue-weight", "nan"], "--config.imitation.clue-weight must be at least 0"),
        (["stand", "--config.imitation.expert-until", "2"], "--config.imitation.expert-until must be between 0 and 1"),
        (["stand", "--config.physics", "steps of 3 ms"], "unknown --config.physics 'steps of 3 ms'"),
        (["stand", "--config.target-noise-rad", "-1"], "--config.target-noise-rad must be at least 0"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path, capsys, arguments, message):
    assert main(["train", *arguments, "--learner", "dagger", "--out", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_only_with_the_settings_it_began_with(tmp_path):
    run_to(job(iterations=2), tmp_path)
    with pytest.raises(ConfigError, match=r"another config\.memory \(8, now 9\)"):
        DaggerRun(job(iterations=2, memory=9), tmp_path, resume=True)
