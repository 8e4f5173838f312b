"""Training bodies on legs from a replay: it resumes to the same result, and its bundle runs on the robot's side."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from policies import train
from policies.bundle import load_bundle
from policies.checkpoint import load_checkpoint
from policies.export_onnx import rebuild_torch
from policies.learners.off_policy.settings import OffPolicyTrainConfig, SacSettings, SymphonySettings
from policies.off_policy_run import OffPolicyJob, OffPolicyRun
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from sim.envs.legged import load_legged_task
from sim.errors import ConfigError
from sim2metal import main
from tests.support import training

LEARNER = {"first_steps": 40, "batch": 16, "updates": 1, "replay": 130}
SMALL = OffPolicyTrainConfig(
    iterations=6, num_envs=8, horizon=4, checkpoint_every=2, evaluations=1, evaluation_episodes=2, judge_episodes=3,
    hidden=(8, 8), sac=SacSettings(**LEARNER), symphony=SymphonySettings(**LEARNER),
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def job(learner, **changes):
    whole = load_legged_task("velocity", "biped")
    task = dataclasses.replace(whole, spec=dataclasses.replace(whole.spec, episode_s=0.5))
    return OffPolicyJob(task, learner, 0, dataclasses.replace(SMALL, **changes))


def run_to(what, folder, *, resume=False, until=None):
    return training.train(OffPolicyRun(what, folder, resume=resume), until)


@pytest.mark.parametrize("learner", ["sac", "symphony"])
def test_a_killed_run_resumes_to_the_same_result(tmp_path, learner):
    whole = run_to(job(learner), tmp_path / "whole")
    run_to(job(learner), tmp_path / "killed", until=5)
    kept = sorted(int(path.stem) for path in (tmp_path / "killed" / "rollouts").iterdir())
    assert kept == [0, 1, 2, 3]  # what the checkpoint of iteration 4 counts on
    resumed = run_to(dataclasses.replace(job(learner), threads=2), tmp_path / "killed", resume=True)
    assert resumed.evaluation == whole.evaluation
    assert whole.evaluation["episodes"] == 3
    assert not (tmp_path / "killed" / "rollouts").exists()
    ours, theirs = (load_checkpoint(tmp_path / name / "checkpoint.npz").arrays for name in ("whole", "killed"))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    curves = [[json.loads(line) for line in (tmp_path / name / "curve.jsonl").open()] for name in ("whole", "killed")]
    assert [{**point, "wall_s": 0} for point in curves[0]] == [{**point, "wall_s": 0} for point in curves[1]]
    assert ["value" in point for point in curves[0]] == [False] + 5 * [True]  # 32 random steps are too few, 64 are not


def test_a_run_goes_on_only_with_the_learner_and_settings_it_began_with(tmp_path):
    short = {"iterations": 2, "judge_episodes": 0}
    run_to(job("sac", **short), tmp_path)
    with pytest.raises(ConfigError, match="another config"):
        OffPolicyRun(job("symphony", **short), tmp_path, resume=True)
    other = SacSettings(**LEARNER, discount=0.9)
    with pytest.raises(ConfigError, match=r"another config\.sac\.discount \(0\.99, now 0\.9\)"):
        OffPolicyRun(job("sac", **short, sac=other), tmp_path, resume=True)
    assert "symphony" not in OffPolicyRun(job("sac", **short), tmp_path, resume=True).identity["config"]


@pytest.mark.parametrize(("asymmetric", "group"), [(True, "critic"), (False, "actor")])
def test_critics_see_what_they_are_to_see(tmp_path, asymmetric, group):
    run = OffPolicyRun(job("sac", sac=SacSettings(**LEARNER, asymmetric=asymmetric)), tmp_path)
    spec = run.job.task.spec
    size = {"critic": spec.critic_size, "actor": spec.observation_size}[group]
    assert run.algorithm.critics.critics[0][0][0].in_features == size + spec.action.size
    for _ in range(2):
        assert np.isfinite(list(run.iterate().values())).all()
        run.iteration += 1
    drawn = run.replay.draw(4, np.random.default_rng(0))
    assert ("critic" in drawn) == asymmetric
    assert drawn["action"].abs().max() <= 1.0
    run.log.close()


@pytest.mark.parametrize("reach", [0.5, 2.0])
def test_the_largest_action_of_the_training_is_that_of_the_bundle(tmp_path, reach):
    run = OffPolicyRun(job("sac", sac=SacSettings(**LEARNER, reach=reach)), tmp_path)
    run.iterate()
    asked = np.abs(run._collector.env.world.state.action).max()
    p, high = run.job.task.spec.parameters, np.array(run.actor.config()["action_high"])
    scales = (high - p.default_pose_rad) / np.array(p.action_scale_rad)
    np.testing.assert_allclose(scales, reach)
    assert 0.8 * reach < asked <= reach
    run.log.close()


@pytest.mark.parametrize("learner", [pytest.param("sac", marks=pytest.mark.slow), "symphony"])
def test_a_training_leaves_a_bundle_that_runs_and_is_judged(tmp_path, learner, capsys):
    small = {"iterations": 2, "num-envs": 8, "horizon": 6, "evaluations": 1, "evaluation-episodes": 1}
    small |= {"judge-episodes": 2, f"{learner}.first-steps": 40, f"{learner}.updates": 1, f"{learner}.batch": 8}
    options = [f"--config.{name}={value}" for name, value in small.items()] + ["--config.hidden", "8", "8"]
    command = ["train", "velocity", "--robot", "biped", "--learner", learner, "--out", str(tmp_path), *options]
    assert main(command) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["train.env_steps"] == 2 * 8 * 6
    bundle = load_bundle(tmp_path / "bundle")
    assert (bundle.info.robot.name, bundle.info.network["kind"]) == ("biped", "squashed_actor")
    seen = np.random.default_rng(0).normal(size=(5, bundle.info.observation_size)).astype(np.float32)
    state, reset = np.zeros((5, 0), np.float32), np.ones(5, bool)
    ours, theirs = (
        policy.step(seen, state, reset)[0] for policy in (TorchPolicy(rebuild_torch(bundle)), OnnxPolicy(bundle))
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert main(["eval", str(bundle.path), "--episodes", "2"]) == 0
    assert "of 2 episodes" in capsys.readouterr().out


def test_the_learner_that_is_named_has_its_own_options():
    assert train.module_for(["velocity", "--learner", "sac"]) == "policies.train_off_policy"
    assert train.module_for(["--learner=symphony", "velocity"]) == "policies.train_off_policy"
    assert (
        train.module_for(["velocity", "--learner", "ppo"]) == train.module_for(["velocity"]) == "policies.train_legged"
    )
    assert train.module_for(["imitate", "--learner", "sac"]) == "policies.train_imitation"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--learner", "sac", "--config.sac.batch", "0"], "--config.sac.batch must be at least 1, got 0"),
        (["--learner", "sac", "--config.sac.updates", "0"], "--config.sac.updates must be at least 1"),
        (["--learner", "sac", "--config.sac.steps", "0"], "--config.sac.steps must be at least 1"),
        (
            ["--learner", "sac", "--config.sac.replay", "9"],
            "--config.sac.replay: 9 steps are less than a rollout's 1536",
        ),
        (["--learner", "sac", "--config.sac.reach", "5"], "--config.sac.reach must be at most 4 action scales, got 5"),
        (["--learner", "sac", "--config.sac.discount", "1.1"], "--config.sac.discount must be between 0 and 1"),
        (["--learner", "sac", "--config.sac.target-rate", "-1"], "--config.sac.target-rate must be between 0 and 1"),
        (
            ["--learner", "sac", "--config.sac.first-temperature", "0"],
            "--config.sac.first-temperature must be positive",
        ),
        (["--learner", "sac", "--config.sac.reward-scale", "nan"], "--config.sac.reward-scale must be positive"),
        (["--learner", "symphony", "--config.symphony.learning-rate", "0"], "--config.symphony.learning-rate must be"),
        (
            ["--learner", "symphony", "--config.symphony.weight-decay", "-1"],
            "--config.symphony.weight-decay must be at",
        ),
        (
            ["--learner", "symphony", "--config.sac.steps", "3"],
            "--config.sac.steps has no effect: it is of --learner sac",
        ),
        (
            ["--learner", "sac", "--config.symphony.batch", "9"],
            "--config.symphony.batch has no effect: it is of --learner",
        ),
        (["--learner", "symphony", "--config.horizon", "0"], "--config.horizon must be at least 1"),
        (["--learner", "symphony", "--robot", "panda"], "robot 'panda' has no legs"),
    ],
)
def test_impossible_trainings_are_refused_in_one_line(tmp_path, capsys, arguments, message):
    assert main(["train", "velocity", "--out", str(tmp_path / "run"), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_motions_are_not_learnt_from_a_replay(tmp_path, capsys):
    assert main(["train", "imitate", "--clip", "stand", "--learner", "sac", "--out", str(tmp_path / "run")]) == 2
    assert "--learner sac: task 'imitate' is learnt by ppo, dagger or distill" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
