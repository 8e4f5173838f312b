"""Distilling a policy on legs: a privileged teacher, and a student that does as it does by what the robot measures."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from tensordict import TensorDict

from hardware.joints.observation import JointObservation
from policies import train as train_verb
from policies.bundle import load_bundle
from policies.checkpoint import load_checkpoint
from policies.distill_run import DistillJob, DistillRun
from policies.learners.legged.distill_settings import LeggedDistillConfig
from policies.learners.legged.settings import LeggedTrainConfig
from policies.learners.legged.teacher import BundleTeacher
from policies.learners.rollouts import as_tensors
from policies.legged_bundle import build_legged_bundle
from policies.legged_evaluation import to_unit
from policies.legged_expert import load_expert
from policies.legged_run import LeggedJob, LeggedRun
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from policies.train_imitation import motion_task
from sim.envs.legged import LeggedEnv, load_legged_task, made_privileged
from sim.errors import ConfigError
from sim.legged.spec import ACTION_REACH
from sim2metal import main
from tests.bench.zoo import ZOO
from tests.support import training

FEW = LeggedTrainConfig(
    iterations=1, num_envs=8, horizon=4, evaluations=1, evaluation_episodes=1, judge_episodes=0, hidden=(16,)
)
SMALL = LeggedDistillConfig(
    iterations=4, num_envs=8, horizon=8, checkpoint_every=2, evaluations=1, evaluation_episodes=2, judge_episodes=2,
    hidden=(16,),
)  # fmt: skip
TINY = {"iterations": 1, "num-envs": 4, "horizon": 4, "evaluations": 1, "evaluation-episodes": 1, "judge-episodes": 1}
OPTIONS = [f"--config.{name}={value}" for name, value in TINY.items()]


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def biped(seconds=0.4):
    whole = load_legged_task("velocity", "biped")
    return dataclasses.replace(whole, spec=dataclasses.replace(whole.spec, episode_s=seconds))


@pytest.fixture(scope="module")
def privileged(tmp_path_factory):
    """The folder of a privileged run with its bundle, which holds another pose than the default, and moves a little."""
    torch.set_num_threads(1)
    folder, task = tmp_path_factory.mktemp("teacher"), made_privileged(biped())
    run = training.train(LeggedRun(LeggedJob(task, 3, FEW), folder))
    actor = run.actor
    with torch.no_grad():
        last = actor.dense[-1]
        last.weight.mul_(5.0)
        last.bias.copy_(torch.linspace(-0.25, 0.25, len(last.bias)))
    build_legged_bundle(folder / "bundle", actor, task, 0, FEW, {})
    return folder


def job(expert, **changes):
    task = biped()
    return DistillJob(task, 0, dataclasses.replace(SMALL, **changes), load_expert(expert, task))


def test_a_privileged_actor_sees_what_the_critic_sees_and_all_else_is_as_it_was():
    task = biped()
    envs = [LeggedEnv(each, 3, seed=5, threads=1) for each in (task, made_privileged(task))]
    plain, told = (env.reset() for env in envs)
    rng = np.random.default_rng(0)
    for _ in range(30):  # more than an episode
        np.testing.assert_array_equal(told["actor"], plain["critic"])
        np.testing.assert_array_equal(told["critic"], plain["critic"])
        action = rng.normal(0.0, 0.3, (3, envs[0].num_actions))
        plain, told = (env.step(action).observation for env in envs)


def test_the_bundle_of_a_privileged_actor_says_so_and_no_robot_runs_it(privileged):
    info, spec = load_bundle(privileged / "bundle").info, biped().spec
    assert info.observation == spec.critic_terms, "and no noise, which it was trained without"
    with pytest.raises(ConfigError, match=r"observes 'velocity_b' \(3\), which this robot cannot deliver"):
        JointObservation(info)


def test_eval_judges_a_privileged_actor_by_what_it_sees(privileged, capsys):
    assert main(["eval", str(privileged / "bundle"), "--episodes", "1"]) == 0
    assert "told what only a simulator knows" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("told", [True, False])
def test_a_teacher_does_what_its_bundle_does(privileged, told):
    where, task = (privileged, biped()) if told else (ZOO / "velocity_go1", load_legged_task("velocity"))
    expert = load_expert(where, task)
    env, bundle = LeggedEnv(task, 3, threads=1), OnnxPolicy(expert.bundle)
    shown = env.reset()
    seen = as_tensors(shown, ("actor", "critic"))
    group = "critic" if told else "actor"
    targets, _ = bundle.step(shown[group], np.zeros((3, 0), np.float32), np.ones(3, bool))
    wanted = ACTION_REACH * to_unit(targets, env)
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(expert.teacher()(seen).numpy(), wanted, atol=1e-4)


def test_a_teacher_whose_targets_are_counted_from_what_is_asked_answers_from_there():
    spec = load_legged_task("twist").spec
    centre = torch.linspace(-0.3, 0.3, spec.action.size)
    teacher = BundleTeacher(Constant(centre + 0.5 * torch.tensor(spec.parameters.action_scale_rad)), "actor", spec)
    seen = torch.zeros(1, spec.observation_size)
    seen[:, teacher.centre] = centre
    torch.testing.assert_close(teacher(TensorDict({"actor": seen}, [1])), torch.full((1, spec.action.size), 0.5))


class Constant(torch.nn.Module):
    """Always the same targets."""

    def __init__(self, targets):
        super().__init__()
        self.targets = targets

    def forward(self, observation, state, reset):
        return self.targets.expand(len(observation), -1), state


def test_a_killed_run_resumes_to_the_same_result(privileged, tmp_path):
    whole = training.train(DistillRun(job(privileged, memory=8), tmp_path / "whole"))
    training.train(DistillRun(job(privileged, memory=8), tmp_path / "killed"), until=3)
    other = dataclasses.replace(job(privileged, memory=8), threads=2)
    resumed = training.train(DistillRun(other, tmp_path / "killed", resume=True))
    assert resumed.evaluation == whole.evaluation
    assert whole.evaluation["episodes"] == 2
    ours, theirs = (load_checkpoint(tmp_path / name / "checkpoint.npz").arrays for name in ("whole", "killed"))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)


@pytest.mark.parametrize("memory", [0, pytest.param(8, marks=pytest.mark.slow)])
def test_the_student_comes_to_do_what_the_teacher_does(privileged, tmp_path, memory):
    run = DistillRun(job(privileged, memory=memory, num_envs=32, learning_rate=1e-2), tmp_path)
    run.renew(0)
    losses = [run.iterate()["loss_behavior"] for _ in range(15)]
    assert losses[-1] < 0.3 * losses[0]
    run.best = {name: value.numpy() for name, value in run.policy.state_dict().items()}
    shown = LeggedEnv(biped(), 64, seed=9, threads=1).reset()
    state, first = np.zeros((64, run.actor.state_size), np.float32), np.ones(64, bool)
    said, _ = TorchPolicy(run.actor).step(shown["actor"], state, first)
    teacher, spec = job(privileged).expert.teacher(), biped().spec
    wanted = teacher(as_tensors(shown, ("critic",))).numpy() * np.array(spec.parameters.action_scale_rad)
    wanted += np.array(spec.parameters.default_pose_rad)
    still = np.abs(wanted - np.array(spec.parameters.default_pose_rad)).mean()
    assert np.abs(said - wanted).mean() < 0.5 * still
    run.log.close()


def test_the_student_acts_with_noise_and_the_teacher_never(privileged, tmp_path):
    run = DistillRun(job(privileged, noise=0.3, num_envs=256), tmp_path)
    run.renew(0)
    obs, distillation = run.rollouts.get_observations(), run.algorithm
    with torch.no_grad():
        apart = distillation.act(obs) - distillation.student(obs)
    assert float(apart.std()) == pytest.approx(0.3, rel=0.1)
    torch.testing.assert_close(distillation.transition.privileged_actions, distillation.teacher(obs))
    run.log.close()


def test_every_setting_reaches_rsl_rl(privileged, tmp_path):
    asked = {"epochs": 3, "gradient_length": 6, "learning_rate": 2e-3, "most_gradient": 0.7, "loss": "huber"}
    run = DistillRun(job(privileged, **asked), tmp_path)
    made = run.algorithm
    found = (made.num_learning_epochs, made.gradient_length, made.learning_rate, made.max_grad_norm)
    assert found == (3, 6, 2e-3, 0.7)
    assert made.loss_fn is torch.nn.functional.huber_loss
    assert made.optimizer.param_groups[0]["lr"] == 2e-3
    assert not list(made.teacher.parameters()) or not any(each.requires_grad for each in made.teacher.parameters())
    run.log.close()


def test_a_run_goes_on_only_with_the_teacher_it_began_with(privileged, tmp_path):
    training.train(DistillRun(job(privileged, iterations=1), tmp_path))
    taught = job(privileged, iterations=1)
    bundle = dataclasses.replace(taught.expert.bundle, id="another")
    other = dataclasses.replace(taught, expert=dataclasses.replace(taught.expert, bundle=bundle))
    with pytest.raises(ConfigError, match=r"another expert \(.*, now another\)"):
        DistillRun(other, tmp_path, resume=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--learner distill needs --expert: the folder of a run of 'train velocity --input privileged'"),
        (["--expert", "{tmp}"], "no bundle there; train it to its end"),
        (["--expert", "{teacher}", "--robot", "go1"], "on robot 'biped', the student of 'velocity' on 'go1'"),
        (["--expert", "{zoo}/walk_g1"], "is of task 'walk' on robot 'g1'"),
        (["--expert", "{zoo}/hover"], "is of task 'hover' on robot"),
        (["--expert", "{teacher}", "--config.gradient-length", "5"], "gradient-length: 5 does not divide the 48 steps"),
        (["--expert", "{teacher}", "--config.epochs", "0"], "--config.epochs must be at least 1"),
        (["--expert", "{teacher}", "--config.memory", "-1"], "--config.memory must be at least 0"),
        (["--expert", "{teacher}", "--config.noise", "0"], "--config.noise must be positive"),
        (["--expert", "{teacher}", "--config.learning-rate", "nan"], "--config.learning-rate must be positive"),
        (["--expert", "{teacher}", "--learner", "ppo"], "--learner was given twice"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(privileged, tmp_path, capsys, arguments, message):
    places = {"tmp": tmp_path, "teacher": privileged, "zoo": ZOO}
    given = [word.format(**places) for word in arguments]
    robot = [] if "--robot" in given else ["--robot", "biped"]
    out = tmp_path / "run"
    assert main(["train", "velocity", "--learner", "distill", *robot, "--out", str(out), *given]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_teachers_with_a_memory_or_of_another_motion_are_refused():
    with pytest.raises(ConfigError, match="follows another motion: give the same --clip"):
        load_expert(ZOO / "imitate_squat", motion_task("imitate", "wave", "g1"))
    with pytest.raises(ConfigError, match="has a memory, which rsl-rl-lib's distillation does not keep"):
        load_expert(ZOO / "walk_g1", load_legged_task("walk"))


def test_a_student_sees_what_was_measured_and_its_bundle_runs_on_the_robots_side(privileged, tmp_path):
    out = tmp_path / "run"
    student = ["train", "velocity", "--robot", "biped", "--learner", "distill", "--out", str(out)]
    assert main([*student, "--expert", str(privileged), *OPTIONS, "--config.hidden", "8"]) == 0
    bundle = load_bundle(out / "bundle")
    names = [term.name for term in bundle.info.observation]
    assert names == [term.name for term in biped().spec.actor_terms]
    JointObservation(bundle.info)
    assert json.loads((out / "config.json").read_text())["expert"] == load_bundle(privileged / "bundle").id
    assert json.loads((out / "result.json").read_text())["train.evaluation"]["episodes"] == 1
    shutil.copytree(bundle.path, tmp_path / "alone")
    assert load_expert(tmp_path / "alone", biped()).task.spec.privileged is False, "a student may teach the next"


@pytest.mark.slow
def test_the_command_trains_a_privileged_actor(tmp_path):
    out = tmp_path / "run"
    told = ["train", "velocity", "--robot", "biped", "--input", "privileged", "--out", str(out)]
    assert main([*told, *OPTIONS, "--config.hidden", "8", "--config.ppo.mini-batches", "1"]) == 0
    assert json.loads((out / "config.json").read_text())["input"] == "privileged"
    assert load_bundle(out / "bundle").info.observation == biped().spec.critic_terms


def test_the_verb_finds_the_options_of_distillation():
    assert train_verb.module_for(["velocity", "--learner", "distill"]) == "policies.train_distill"
    assert train_verb.module_for(["imitate", "--learner=distill"]) == "policies.train_motion_distill"
