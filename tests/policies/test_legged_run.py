"""Training bodies on legs: it resumes to the same result, and what it makes runs on the robot's side."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from hardware.joints.observation import JointObservation
from hardware.joints.pilot import JointPilot
from policies.bundle import load_bundle
from policies.checkpoint import load_checkpoint
from policies.evaluate_legged import check_same_task, error_line
from policies.learners.legged.multi_critic import MultiCriticPpo
from policies.learners.legged.settings import LeggedPpoSettings, LeggedTrainConfig
from policies.learners.legged.symmetry import SymmetryAugmentation
from policies.learners.rollouts import as_tensors
from policies.legged_bundle import build_legged_bundle
from policies.legged_evaluation import judge, to_unit
from policies.legged_run import LeggedJob, LeggedRun, task_identity
from policies.runtime import OnnxPolicy
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.errors import BundleError, ConfigError
from sim.legged.physics import Physics
from sim.legged.spec import ACTION_REACH
from sim.spec import ObservationTerm
from sim2metal import main
from tests.support import training
from tests.support.joint_state import joint_state

SMALL = LeggedTrainConfig(
    iterations=4, num_envs=16, horizon=8, checkpoint_every=2, evaluations=1, evaluation_episodes=4, judge_episodes=6,
    hidden=(16, 16),
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def job(task="velocity", robot=None, seconds=1.0, **changes):
    whole = load_legged_task(task, robot)
    spec = dataclasses.replace(whole.spec, episode_s=seconds)
    return LeggedJob(dataclasses.replace(whole, spec=spec), 0, dataclasses.replace(SMALL, **changes))


def train(what, folder, *, resume=False, until=None):
    return training.train(LeggedRun(what, folder, resume=resume), until)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run and its bundle."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("legged")
    what = dataclasses.replace(job(), task=load_legged_task("velocity"))
    what = dataclasses.replace(what, config=dataclasses.replace(SMALL, judge_episodes=0, evaluation_episodes=1))
    run = train(what, folder)
    return run, build_legged_bundle(folder / "bundle", run.actor, what.task, 0, SMALL, {})


@pytest.mark.parametrize("task", ["velocity", "twist"])
def test_a_killed_run_resumes_to_the_same_result(tmp_path, task):
    whole = train(job(task), tmp_path / "whole")
    train(job(task), tmp_path / "killed", until=3)
    resumed = train(dataclasses.replace(job(task), threads=2), tmp_path / "killed", resume=True)
    assert resumed.evaluation == whole.evaluation
    assert whole.evaluation["episodes"] == 6
    ours, theirs = (load_checkpoint(tmp_path / name / "checkpoint.npz").arrays for name in ("whole", "killed"))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    curves = [[json.loads(line) for line in (tmp_path / name / "curve.jsonl").open()] for name in ("whole", "killed")]
    assert [{**point, "wall_s": 0} for point in curves[0]] == [{**point, "wall_s": 0} for point in curves[1]]


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A run of one iteration and its folder."""
    torch.set_num_threads(1)
    whole, folder = job(iterations=1, checkpoint_every=1, judge_episodes=0), tmp_path_factory.mktemp("once")
    train(whole, folder)
    return whole, folder


def test_every_setting_of_ppo_reaches_rsl_rl(tmp_path):
    asked = LeggedPpoSettings(2e-4, 0.02, 0.3, 0.98, 0.9, 3, 2, 0.7, 0.003, 0.4, 0.5)
    run = LeggedRun(job(num_envs=4, ppo=asked), tmp_path)
    ppo = run.algorithm
    assert asked == LeggedPpoSettings(
        ppo.learning_rate, ppo.desired_kl, ppo.clip_param, ppo.gamma, ppo.lam, ppo.num_learning_epochs,
        ppo.num_mini_batches, ppo.value_loss_coef, ppo.entropy_coef, 0.4, ppo.max_grad_norm,
    )  # fmt: skip
    assert run.policy.distribution.log_std_param.exp().tolist() == pytest.approx([0.4] * 12)
    assert (ppo.schedule, ppo.optimizer.param_groups[0]["lr"]) == ("adaptive", 2e-4)
    run.log.close()


def test_the_best_candidate_is_kept_not_the_last(tmp_path):
    run, scores, candidates = LeggedRun(job(num_envs=4, evaluations=3, judge_episodes=0), tmp_path), [0.2, 0.9, 0.5], []

    def judged(seed, episodes):
        candidates.append(run.best)
        return {"score": scores[len(candidates) - 1], "mean_reward": 0.0}

    run.judge = judged
    run.train(lambda *_: None)
    assert run.best_score == {"iteration": 3.0, "score": 0.9, "mean_reward": 0.0}
    assert run.best is candidates[1]
    run.log.close()


def test_a_training_that_diverges_ends_with_a_line_not_with_a_bundle_of_no_numbers(tmp_path):
    ppo = dataclasses.replace(SMALL.ppo, learning_rate=1e30, desired_kl=0.0)
    run = LeggedRun(job(iterations=2, ppo=ppo), tmp_path)
    with pytest.raises(ConfigError, match=r"diverged in iteration 1: .* lower learning rate"):
        run.train(lambda *_: None)
    assert not (tmp_path / "checkpoint.npz").exists()
    run.log.close()


def test_a_run_goes_on_only_with_the_robot_it_began_with(once):
    with pytest.raises(ConfigError, match="another robot"):
        LeggedRun(job(robot="g1", iterations=1, checkpoint_every=1, judge_episodes=0), once[1], resume=True)


def command(spec):
    return {"command": dataclasses.replace(spec.command, still_share=0.5)}


def ends(spec):
    return {"ends": spec.ends[:1]}


def gains(spec):
    return {"parameter_set": "stand"}


def physics(spec):
    return {"physics": Physics(cone="elliptic")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (command, r"another command\.still_share \(0\.1, now 0\.5\)"),
        (ends, "another ends"),
        (gains, r"another robot_info\.constants\.action_scale_rad"),
        (physics, r"another physics\.cone \(None, now elliptic\)"),
    ],
)
def test_a_run_goes_on_only_with_what_it_was_asked_for_and_the_constants_it_began_with(once, change, message):
    whole, folder = once
    spec = dataclasses.replace(whole.task.spec, **change(whole.task.spec))
    changed = dataclasses.replace(whole, task=dataclasses.replace(whole.task, spec=spec))
    with pytest.raises(ConfigError, match=message):
        LeggedRun(changed, folder, resume=True)


def test_a_run_knows_what_stepped_its_physics(once):
    task = once[0].task
    assert task_identity(task, "mujoco").keys() == task_identity(task, "warp").keys() - {"engine"}
    assert task_identity(task, "warp")["engine"] == "warp"


@pytest.mark.parametrize("symmetry", [True, False])
def test_both_networks_learn_with_symmetry_and_without(tmp_path, symmetry):
    run = LeggedRun(job(ppo=LeggedPpoSettings(symmetry=symmetry)), tmp_path)
    assert (run.algorithm.symmetry is not None) == symmetry
    networks = (run.policy, run.algorithm.critic)
    before = [[value.clone() for value in network.parameters()] for network in networks]
    assert {"reward", "loss_value", "reward_track_velocity"} <= set(run.iterate())
    for network, values in zip(networks, before):
        assert all((new != old).any() for new, old in zip(network.parameters(), values))
    run.log.close()


def test_a_step_is_learnt_from_as_in_a_mirror_too(tmp_path):
    weights = []
    for symmetry in (True, False):
        ppo = dataclasses.replace(SMALL.ppo, symmetry=symmetry, desired_kl=0.0, mini_batches=1)
        run = LeggedRun(job(num_envs=4, ppo=ppo), tmp_path / str(symmetry))
        run.iterate()
        weights.append([value.detach().numpy().ravel() for value in run.policy.mlp.parameters()])
        run.log.close()
    assert not any(np.array_equal(one, other) for one, other in zip(*weights))


@pytest.mark.parametrize(("critics", "outputs"), [("group", 3), ("single", 1)])
def test_a_task_with_groups_of_rewards_has_a_critic_for_each_or_one(tmp_path, critics, outputs):
    run = LeggedRun(job("twist", ppo=LeggedPpoSettings(critics=critics)), tmp_path)
    assert run.algorithm.critic.mlp[-1].out_features == outputs
    assert isinstance(run.algorithm, MultiCriticPpo) == (outputs > 1)
    before = [value.clone() for value in run.algorithm.critic.parameters()]
    assert {"reward_hand_position", "reward_contact_schedule"} <= set(run.iterate())
    for old, new in zip(before, run.algorithm.critic.parameters()):
        assert (old != new).flatten(1).any(1).all() if old.dim() > 1 else (old != new).any()
    storage = run.algorithm.storage
    assert storage.rewards.shape[2] == outputs
    run.log.close()


def test_the_number_of_critics_belongs_to_a_run_where_it_matters(tmp_path):
    for task, found in (("velocity", None), ("twist", "single")):
        run = LeggedRun(job(task, ppo=LeggedPpoSettings(critics="single")), tmp_path / task)
        assert run.identity["config"]["ppo"].get("critics") == found
        run.log.close()


def test_the_hand_is_judged_while_the_robot_walks():
    task = job("twist").task
    found = judge(Standing(task.spec), task, 6, 0)
    assert set(found.asked_errors) == {"position_error_m", "orientation_error_deg"}
    assert found.summary()["position_error_m"] is None  # in episodes of a second no command is old enough to count
    long = dataclasses.replace(task, spec=dataclasses.replace(task.spec, episode_s=3.0))
    found = judge(Standing(task.spec), long, 16, 0)
    summary = found.summary()
    known = found.asked_errors["position_error_m"][np.isfinite(found.asked_errors["position_error_m"])]
    assert 1 < len(known) <= 16
    assert summary["position_error_m"] == pytest.approx(known.mean())
    assert 0.05 < summary["position_error_m"] < 0.5  # it holds its arm still
    assert 2.0 < summary["orientation_error_deg"] < 90.0
    cost = 10.0 * summary["position_error_m"] + 0.02 * summary["orientation_error_deg"]
    assert summary["score"] == pytest.approx(summary["success_rate"] - summary["velocity_error_m_s"] - cost)
    assert "of the hand's position" in error_line(summary)


def test_images_of_a_batch_are_appended():
    augment, spec = SymmetryAugmentation(job().task.spec), job().task.spec
    env = LeggedEnv(job().task, 5, threads=1)
    seen, action = as_tensors(env.reset(), ("actor", "critic")), torch.randn(5, spec.action.size)
    both, actions = augment(None, seen, action)
    assert both.batch_size[0] == len(actions) == 10
    for name in ("actor", "critic"):
        assert (both[name][:5] == seen[name]).all()
    again, back = augment(None, both[5:], actions[5:])
    assert torch.equal(again["actor"][5:], seen["actor"])
    assert torch.equal(back[5:], action)


def test_what_has_no_mirror_image_is_named_with_the_option_that_helps():
    spec = job().task.spec
    wind = ObservationTerm("wind_w", 3, "m/s", "world", "simulation")
    with pytest.raises(ConfigError, match=r"'wind_w' has no mirror image: train it with --config\.ppo\.no-symmetry"):
        SymmetryAugmentation(dataclasses.replace(spec, critic_terms=(*spec.critic_terms, wind)))


def test_the_bundle_runs_in_the_pilot_of_the_robots_side(trained):
    """The same states give the same targets by the pilot as by the environment, limits included."""
    _, bundle = trained
    info, task = bundle.info, load_legged_task("velocity")
    assert info.robot.parameter_set == "policy"
    assert info.robot.constants["kp"] == list(task.spec.parameters.kp)
    assert info.command_ranges == task.spec.command.ranges
    env = LeggedEnv(task, 1, table=dataclasses.replace(task.evaluation_table, noise_std=(), terms=()), threads=1)
    pilot, policy = JointPilot(OnnxPolicy(bundle)), OnnxPolicy(bundle)
    seen, applied = env.reset()["actor"], np.array(info.action.nominal)
    state = np.zeros((1, 0), np.float32)
    for step in range(20):
        data = env.world.batch.get_data(0)
        measured = joint_state(data)
        reference = (1.0, *env.world.state.command[0].tolist())
        np.testing.assert_allclose(JointObservation(info)(measured, reference, applied), seen[0], atol=2e-5)
        command = pilot.command(reference, measured)
        action, state = policy.step(seen, state, np.array([step == 0]))
        seen = env.step(to_unit(action, env)).observation["actor"]
        np.testing.assert_allclose(env.world.state.target[0], command, atol=1e-4)
        applied = np.array(command)


def test_the_bundle_says_what_its_policy_sees_and_by_which_noise(trained):
    _, bundle = trained
    noise = dict(load_legged_task("velocity").training_table.noise_std)
    assert {term.name: term.noise_std for term in bundle.info.observation if term.noise_std} == noise
    assert not any(term.name == "velocity_b" for term in bundle.info.observation)  # nobody measures it


def test_eval_reports_falls_and_errors_and_does_not_depend_on_threads(trained, tmp_path):
    _, bundle = trained
    results = []
    for threads in ("1", "2"):
        out = tmp_path / f"{threads}.json"
        assert main(["eval", str(bundle.path), "--episodes", "3", "--threads", threads, "--json", str(out)]) == 0
        results.append(json.loads(out.read_text()))
    assert results[0] == results[1]
    found = results[0]
    assert found["eval.episodes"] == 3
    assert found["eval.success_rate"] == pytest.approx(1.0 - found["eval.falls"] / 3)
    assert found["eval.velocity_error_m_s"] > 0.05  # it has learnt next to nothing
    assert found["eval.table_hash"] == load_legged_task("velocity").evaluation_table.hash()


def test_a_bundle_of_another_task_or_gains_is_refused(trained):
    _, bundle = trained
    with pytest.raises(BundleError, match="observation terms that are no longer those of task 'stand'"):
        check_same_task(bundle, load_legged_task("stand", "go1"))
    robot = dataclasses.replace(bundle.info.robot, constants={**bundle.info.robot.constants, "kp": [1.0] * 12})
    with pytest.raises(BundleError, match="gains that are no longer"):
        check_same_task(
            dataclasses.replace(bundle, info=dataclasses.replace(bundle.info, robot=robot)),
            load_legged_task("velocity"),
        )
    assert load_bundle(bundle.path).id == bundle.id


@pytest.mark.parametrize(
    ("joints", "message"),
    [
        (lambda names: names[:-1], "does not know joint 'RL_calf_joint' of robot 'go1'"),
        (lambda names: (*names, "tail"), "moves joint 'tail', which robot 'go1' has not"),
        (lambda names: names[::-1], "has the joints of robot 'go1' in another order"),
    ],
)
def test_a_bundle_that_does_not_know_the_robots_joints_is_refused_by_their_names(trained, joints, message):
    info = trained[1].info
    action = dataclasses.replace(info.action, names=joints(info.action.names))
    bundle = dataclasses.replace(trained[1], info=dataclasses.replace(info, action=action))
    with pytest.raises(BundleError, match=message):
        check_same_task(bundle, load_legged_task("velocity"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--robot", "go7"], "unknown robot 'go7' (did you mean 'go1'?)"),
        (["--robot", "panda"], "robot 'panda' has no legs"),
        (["--config.horizon", "0"], "--config.horizon must be at least 1"),
        (["--config.hidden", "8", "0"], "--config.hidden must be at least 1"),
        (["--config.judge-episodes", "-3"], "--config.judge-episodes must be at least 0, got -3"),
        (["--config.ppo.mini-batches", "0"], "--config.ppo.mini-batches must be at least 1"),
        (["--config.ppo.first-std", "-1"], "--config.ppo.first-std must be positive, got -1.0"),
        (["--config.ppo.learning-rate", "nan"], "--config.ppo.learning-rate must be positive, got nan"),
        (
            ["--config.num-envs", "1", "--config.horizon", "1", "--config.ppo.mini-batches", "1"],
            "--config.num-envs: 1 are too few for 1 mini-batches",
        ),
        (["--config.ppo.learning-rate", "inf"], "--config.ppo.learning-rate must be finite, got inf"),
        (
            ["--config.tracking.tolerance", "fixed"],
            "--config.tracking.tolerance has no effect: task 'velocity' follows",
        ),
        (["--config.ppo.critic-first", "3"], "--config.ppo.critic-first has no effect: it goes with --start-from"),
        (["--config.ppo.desired-kl", "-0.1"], "--config.ppo.desired-kl must be at least 0"),
        (["--config.ppo.discount", "1.5"], "--config.ppo.discount must be between 0 and 1"),
        (["--threads", "0"], "--threads must be at least 1"),
        (["--seed", "-1"], "--seed must not be negative"),
    ],
)
def test_impossible_trainings_are_refused_in_one_line(tmp_path, capsys, arguments, message):
    assert main(["train", "velocity", "--out", str(tmp_path / "run"), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_task_without_a_harder_table_is_refused(tmp_path, capsys):
    assert main(["train", "stand", "--harder", "--out", str(tmp_path / "run")]) == 2
    assert "--harder: task 'stand' has no table" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_task_for_two_legs_is_refused_on_four(tmp_path, capsys):
    assert main(["train", "walk", "--robot", "go1", "--out", str(tmp_path / "run")]) == 2
    assert "task 'walk' is for robots on 2 feet, and 'go1' has 4: train 'velocity'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert load_legged_task("walk", "biped").spec.feet == 2


def test_options_of_flight_are_refused_for_bodies(trained, capsys):
    assert main(["eval", str(trained[1].path), "--trajectory", "figure8"]) == 2
    assert "--trajectory is for what flies" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "-1"], "--seed must be at least 0, got -1"),
        (["--threads", "0"], "--threads must be at least 1, got 0"),
        (["--episodes", "0"], "an evaluation needs at least one episode, got 0"),
    ],
)
def test_impossible_evaluations_are_refused_in_one_line(trained, capsys, arguments, message):
    assert main(["eval", str(trained[1].path), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_train_writes_its_run_and_its_bundle(tmp_path):
    small = [f"--config.{name}={value}" for name, value in {
        "iterations": 2, "num-envs": 8, "horizon": 6, "evaluations": 1, "evaluation-episodes": 1, "judge-episodes": 2,
    }.items()]  # fmt: skip
    assert main(["train", "stand", "--robot", "go1", "--out", str(tmp_path), *small, "--config.hidden", "8"]) == 0
    assert {"config.json", "checkpoint.npz", "curve.jsonl", "bundle", "result.json"} <= {
        path.name for path in tmp_path.iterdir()
    }
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["train.env_steps"] == 2 * 8 * 6
    assert result["train.evaluation"]["episodes"] == 2
    info = load_bundle(tmp_path / "bundle").info
    assert (info.robot.name, info.command_ranges) == ("go1", {})
    assert "start_from" not in info.provenance
    assert info.evaluation["success_rate"] == result["train.evaluation"]["success_rate"]


class Standing:
    """Holds the default pose."""

    state_size = 0

    def __init__(self, spec):
        self.targets = np.array(spec.parameters.default_pose_rad)

    def step(self, observation, state, reset):
        return np.tile(self.targets, (len(observation), 1)), state


class Jumper:
    """Stretches every leg at once, as far as it can: no robot stands that for a second."""

    state_size = 0

    def __init__(self, spec):
        p = spec.parameters
        self.targets = np.array(p.default_pose_rad) + ACTION_REACH * np.array(p.action_scale_rad)

    def step(self, observation, state, reset):
        return np.tile(self.targets, (len(observation), 1)), state


def test_where_every_robot_falls_at_once_no_error_is_made_up():
    task = load_legged_task("velocity", "g1")
    found = judge(Jumper(task.spec), task, 3, 0)
    assert not found.success.any()
    assert (found.steps < 50).all()
    summary = found.summary()
    assert summary["velocity_error_m_s"] is summary["yaw_rate_error_rad_s"] is None
    assert (summary["success_rate"], summary["score"]) == (0.0, -1.0)
    assert "every robot fell within 1 s" in error_line(summary)
