"""Fine-tuning of bodies on legs: for one identified robot, from a bundle's weights, and judged on that robot."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from policies.bundle import load_bundle
from policies.learners.legged.settings import LeggedPpoSettings, LeggedTrainConfig
from policies.legged_run import LeggedJob, LeggedRun
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from policies.train_legged import Args, train
from policies.warm_start import matching_bundle
from sim.envs.legged import load_legged_task
from sim.errors import ConfigError
from sim.identified import write_identified
from sim2metal import main
from tests.bench.zoo import ZOO
from tests.support.identified import identified_joints
from tests.support.joint_truth import random_dynamics

START = ZOO / "velocity_go1"
FILE = identified_joints(random_dynamics("go1", 3))
SMALL = LeggedTrainConfig(
    iterations=3, num_envs=8, horizon=6, checkpoint_every=2, evaluations=1, evaluation_episodes=1, judge_episodes=0,
    ppo=dataclasses.replace(LeggedTrainConfig().ppo, critic_first=2),
)  # fmt: skip


def job(task="velocity", robot=None, **changes):
    whole = load_legged_task(task, robot)
    spec = dataclasses.replace(whole.spec, episode_s=1.0)
    return LeggedJob(dataclasses.replace(whole, spec=spec), 0, dataclasses.replace(SMALL, **changes))


def test_a_training_begins_with_the_bundles_policy_and_its_critic_learns_first(tmp_path):
    torch.set_num_threads(1)
    run = LeggedRun(job(), tmp_path, start_from=START)
    bundle = OnnxPolicy(load_bundle(START))
    seen = np.random.default_rng(0).normal(0.0, 1.0, (50, bundle.observation_size)).astype(np.float32)
    arguments = seen, np.zeros((50, 0), np.float32), np.zeros(50, bool)
    wanted, _ = bundle.step(*arguments)
    np.testing.assert_allclose(TorchPolicy(run.actor).step(*arguments)[0], wanted, atol=2e-5)
    weights = [value.detach().clone() for value in run.policy.parameters()]
    critic = [value.detach().clone() for value in run.algorithm.critic.parameters()]
    rate = run.algorithm.learning_rate
    for held in (True, True, False):
        run.iterate()
        run.iteration += 1
        same = all(torch.equal(now, then) for now, then in zip(run.policy.parameters(), weights))
        assert same == held
    assert not torch.equal(next(run.algorithm.critic.parameters()), critic[0])
    assert rate == SMALL.ppo.learning_rate
    run.log.close()


def test_the_bundles_own_weights_are_the_first_candidate(tmp_path):
    run = LeggedRun(job(iterations=1, evaluation_episodes=2), tmp_path, start_from=START)
    run._select = lambda: pytest.fail("judged") if run.iteration else run.best_score.update(score=9.0) or {}
    with pytest.raises(pytest.fail.Exception):
        run.train(lambda *_: None)
    assert run.best_score == {"score": 9.0}
    run.log.close()


@pytest.mark.parametrize(
    ("task", "robot", "config", "words"),
    [
        ("stand", "go1", {}, "it sees"),
        ("velocity", "g1", {}, "it sees"),
        ("velocity", None, {"hidden": (32, 32)}, "setting 'hidden'"),
        ("velocity", None, {"ppo": LeggedPpoSettings(critic_first=-1)}, "critic-first must be at least 0"),
    ],
)
def test_a_bundle_that_does_not_fit_is_refused(tmp_path, task, robot, config, words):
    with pytest.raises(ConfigError, match=words):
        LeggedRun(job(task, robot, **config), tmp_path, start_from=START)


def test_the_bundle_says_which_one_it_began_from(tmp_path):
    few = dataclasses.replace(SMALL, iterations=1)
    train(Args(task="velocity", out=tmp_path, config=few, start_from=START), job().task)
    assert load_bundle(tmp_path / "bundle").info.provenance["start_from"] == load_bundle(START).id


def test_weights_of_other_joints_are_refused_by_name():
    spec, info = load_legged_task("velocity").spec, load_bundle(START).info
    swapped = dataclasses.replace(spec, action=dataclasses.replace(spec.action, names=spec.action.names[::-1]))
    with pytest.raises(ConfigError, match=f"it moves {info.action.names[0]}, "):
        matching_bundle(START, swapped, info.network)


@pytest.mark.slow
def test_the_command_trains_for_one_robot_from_a_bundle_and_is_judged_on_it(tmp_path, capsys):
    file, out = tmp_path / "go1-12.json", tmp_path / "run"
    write_identified(file, FILE)
    few = [f"--config.{name}={value}" for name, value in {
        "iterations": 2, "num-envs": 8, "horizon": 6, "evaluations": 1, "evaluation-episodes": 1, "judge-episodes": 0,
        "ppo.critic-first": 1,
    }.items()]  # fmt: skip
    known = ["--calibration", str(file), "--start-from", str(START)]
    train = ["train", "velocity", "--out", str(out), *few]
    assert main([*train, *known]) == 0
    info = load_bundle(out / "bundle").info
    assert info.provenance["identified"] == FILE.reference()
    assert info.robot.constants["armature_kg_m2"] == pytest.approx(FILE.values[:12].tolist())
    assert info.timing.latency_budget_s >= 0.02
    resolved = json.loads((out / "config.json").read_text())
    assert (resolved["identified"]["sha256"], resolved["start_from"]) == (FILE.sha256(), load_bundle(START).id)
    assert main([*train, *known[2:], "--resume"]) == 2
    assert "another identified" in capsys.readouterr().err.replace("\n", " ")
    random = [word for word in train if "critic-first" not in word]
    assert main([*random, *known[:2], "--resume"]) == 2
    assert "was made with another" in capsys.readouterr().err
    results = []
    for extra in ([], known[:2]):
        judged = tmp_path / "eval.json"
        assert main(["eval", str(out / "bundle"), "--episodes", "1", *extra, "--json", str(judged)]) == 0
        results.append(json.loads(judged.read_text()))
    assert results[1]["eval.identified"]["serial"] == "go1-12"
    assert results[0]["eval.table_hash"] != results[1]["eval.table_hash"]
    assert results[0]["eval.velocity_error_m_s"] != results[1]["eval.velocity_error_m_s"]


def test_files_of_others_are_refused_in_one_line(tmp_path, capsys):
    file = tmp_path / "x.json"
    write_identified(file, dataclasses.replace(FILE, robot="g1"))
    for command in (["train", "velocity", "--out", str(tmp_path / "run")], ["eval", str(START)]):
        assert main([*command, "--calibration", str(file)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    text = file.read_text().replace('"covariance": [', '"covariance": [[NaN], ', 1)
    file.write_text(text)
    assert main(["train", "stand", "--robot", "go1", "--calibration", str(file), "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {file}: ")
    assert not (tmp_path / "run").exists()
