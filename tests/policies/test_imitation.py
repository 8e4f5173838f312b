"""Imitating a motion, from the command to the bundle: it resumes to the same result, and the clip comes along."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

from hardware.joints.pilot import JointPilot
from policies.bundle import CLIP_FILE, load_bundle
from policies.checkpoint import load_checkpoint, part
from policies.dagger_run import DaggerJob, DaggerRun
from policies.evaluate_legged import check_same_task, early_end, error_line
from policies.learners.legged.dagger_settings import LeggedDaggerConfig
from policies.learners.legged.settings import LeggedTrainConfig
from policies.legged_bundle import build_legged_bundle
from policies.legged_clip import bundled_clip
from policies.legged_evaluation import judge, to_unit
from policies.legged_run import LeggedJob, LeggedRun
from policies.runtime import OnnxPolicy
from policies.train_imitation import imitation_config
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.errors import BundleError, ConfigError
from sim.legged.motion import BODY_DISTANCE, MOTION_JOINTS
from sim.legged.progress import TrackingSettings
from sim.legged.terms import term_slice
from sim.motion.clip import save_clip
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.retarget import retarget
from sim.motion.size import stature_for
from sim.randomization import RandomizationTable
from sim2metal import main
from tests.bench.bodies_imitation import Player
from tests.support import training
from tests.support.joint_state import joint_state

SMALL = dataclasses.replace(
    imitation_config(), iterations=4, num_envs=12, horizon=8, checkpoint_every=2, evaluations=1, evaluation_episodes=3,
    judge_episodes=4, hidden=(16, 16), tracking=TrackingSettings(starts="hard"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def squat():
    """Half a second of it."""
    return retarget(generate("squat", Settings(3.0, stature_m=stature_for("g1"))), "g1").cut(0, 26)


def job(clip, **changes):
    return LeggedJob(load_legged_task("imitate", clip=clip), 0, dataclasses.replace(SMALL, **changes))


def train(what, folder, *, resume=False, until=None):
    return training.train(LeggedRun(what, folder, resume=resume), until)


@pytest.fixture(scope="module")
def trained(squat, tmp_path_factory):
    """A run and its bundle."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("imitation")
    what = job(squat, judge_episodes=0)
    run = train(what, folder)
    return run, build_legged_bundle(folder / "bundle", run.actor, what.task, 0, SMALL, {})


def test_a_killed_run_resumes_to_the_same_result_with_tolerances_and_starts(squat, tmp_path):
    whole = train(job(squat), tmp_path / "whole")
    train(job(squat), tmp_path / "killed", until=3)
    resumed = train(job(squat), tmp_path / "killed", resume=True)
    assert resumed.evaluation == whole.evaluation
    ours, theirs = (load_checkpoint(tmp_path / name / "checkpoint.npz").arrays for name in ("whole", "killed"))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    progress = part("tracking", ours)
    assert (progress["tolerances"][0] < list(whole.job.task.spec.tolerances.values())).all()
    assert progress["starts"].shape == (1,)


def test_a_run_goes_on_only_with_its_motion_and_its_method(squat, tmp_path):
    train(job(squat, iterations=2, judge_episodes=0), tmp_path)
    with pytest.raises(ConfigError, match="another clip"):
        LeggedRun(job(squat.cut(0, 20), iterations=2, judge_episodes=0), tmp_path, resume=True)
    fixed = job(squat, iterations=2, judge_episodes=0, tracking=TrackingSettings("fixed"))
    with pytest.raises(ConfigError, match="another config"):
        LeggedRun(fixed, tmp_path, resume=True)


def test_settings_of_motions_change_nothing_for_other_tasks(tmp_path):
    task = load_legged_task("stand", "go1")
    runs = [
        LeggedRun(LeggedJob(task, 0, LeggedTrainConfig(num_envs=4, tracking=tracking)), tmp_path / tracking.tolerance)
        for tracking in (TrackingSettings(), TrackingSettings("fixed", "hard"))
    ]
    assert runs[0].identity == runs[1].identity
    assert "tracking" not in json.dumps(runs[0].identity)
    for run in runs:
        run.log.close()


def test_the_bundle_brings_its_motion_and_counts_targets_from_it(trained, squat):
    _, bundle = trained
    clip = bundled_clip(load_bundle(bundle.path))
    assert clip is not None
    assert clip.digest() == squat.digest() == bundle.info.provenance["clip"]["sha256"]
    assert bundle.info.action.level == "joint_position"
    policy, terms = OnnxPolicy(bundle), bundle.info.observation
    here = term_slice(terms, MOTION_JOINTS)
    seen = np.zeros((2, bundle.info.observation_size), np.float32)
    seen[1, here] = 1e-3
    found, _ = policy.step(seen, np.zeros((2, 0), np.float32), np.ones(2, bool))
    np.testing.assert_allclose(found[1] - found[0], 1e-3, atol=3e-4)
    reach = 4.0 * np.array(load_legged_task("imitate").spec.parameters.action_scale_rad)
    assert (abs(found[0]) <= reach + 1e-6).all()


def test_what_a_policy_says_is_what_the_environment_does(trained, squat):
    """The graph's targets, told to the environment, are the targets, whatever they are counted from."""
    _, bundle = trained
    calm = RandomizationTable("nothing")  # what is measured is true: no limit cuts a target
    env = LeggedEnv(load_legged_task("imitate", clip=squat), 2, table=calm, threads=1)
    seen, policy = env.reset()["actor"], OnnxPolicy(bundle)
    wanted, _ = policy.step(seen, np.zeros((2, 0), np.float32), np.ones(2, bool))
    env.step(to_unit(wanted, env))
    np.testing.assert_allclose(env.world.state.target, wanted, atol=1e-5)


def test_the_robots_side_plays_the_motion(trained, squat):
    """The same states give the same observations and targets by the pilot as by the environment."""
    _, bundle = trained
    calm = RandomizationTable("nothing")
    env = LeggedEnv(load_legged_task("imitate", clip=squat), 1, table=calm, threads=1)
    pilot, policy, seen = JointPilot(OnnxPolicy(bundle)), OnnxPolicy(bundle), env.reset()["actor"]
    state = joint_state(env.world.batch.get_data(0))
    ramp = [pilot.command((blend, 0.0, 0.0, 0.0), state) for blend in (0.0, 0.99)]
    np.testing.assert_allclose(ramp[-1], squat.joint_angles[0], atol=1e-3)
    for step in range(12):
        measured = joint_state(env.world.batch.get_data(0))
        command = pilot.command((1.0, 0.0, 0.0, 0.0), measured)
        np.testing.assert_allclose(pilot.observation, seen[0], atol=2e-5, err_msg=str(step))
        action, _ = policy.step(seen, np.zeros((1, 0), np.float32), np.array([step == 0]))
        seen = env.step(to_unit(action, env)).observation["actor"]
        np.testing.assert_allclose(env.world.state.target[0], command, atol=1e-4)
    pilot.command(None, None)
    pilot.command((1.0, 0.0, 0.0, 0.0), state)
    np.testing.assert_allclose(
        pilot.observation[term_slice(bundle.info.observation, MOTION_JOINTS)], squat.joint_angles[0]
    )


def test_episodes_are_judged_by_the_distance_of_the_bodies(squat):
    task = load_legged_task("imitate", clip=squat)
    found = judge(Player(task), task, 6, 3)
    summary = found.summary()
    assert summary["success_rate"] == 1.0  # half a second of squatting needs no policy
    assert 0.003 < summary[BODY_DISTANCE] < 0.06
    moving = dataclasses.replace(found, velocity_error=np.full(6, 0.3)).summary()
    assert moving["velocity_error_m_s"] is None  # nobody asked for a velocity, or for none
    assert moving["score"] == summary["score"]
    assert summary["score"] == pytest.approx(1.0 - 5.0 * summary[BODY_DISTANCE])
    assert f"{1000.0 * summary[BODY_DISTANCE]:.1f} mm" in error_line(summary)
    assert early_end(task.spec) == "an early end"


def test_train_and_eval_by_command(squat, tmp_path, capsys):
    save_clip(squat, tmp_path / "squat.npz")
    small = [f"--config.{name}={value}" for name, value in {
        "iterations": 1, "num-envs": 8, "horizon": 4, "evaluations": 1, "evaluation-episodes": 1, "judge-episodes": 2,
        "ppo.mini-batches": 2, "tracking.tolerance": "fixed", "tracking.starts": "hard",
    }.items()]  # fmt: skip
    run = tmp_path / "run"
    command = ["train", "imitate", "--clip", str(tmp_path / "squat.npz"), "--out", str(run), *small]
    assert main([*command, "--config.hidden", "8"]) == 0
    result = json.loads((run / "result.json").read_text())
    assert result["train.evaluation"][BODY_DISTANCE] > 0.0
    assert (run / "bundle" / CLIP_FILE).is_file()
    (tmp_path / "squat.npz").unlink()
    assert main(["eval", str(run / "bundle"), "--episodes", "2", "--json", str(tmp_path / "eval.json")]) == 0
    found = json.loads((tmp_path / "eval.json").read_text())
    assert 0.0 < found["eval.body_distance_m"] < 0.2
    assert "without an early end" in " ".join(capsys.readouterr().out.split())


def test_a_motion_is_learnt_from_its_script(squat, tmp_path):
    save_clip(squat, tmp_path / "squat.npz")
    small = [f"--config.{name}={value}" for name, value in {
        "iterations": 2, "num-envs": 8, "horizon": 4, "evaluations": 1, "evaluation-episodes": 1, "judge-episodes": 2,
        "memory": 8, "imitation.updates": 1, "imitation.windows": 2,
    }.items()]  # fmt: skip
    command = ["train", "imitate", "--learner", "dagger", "--clip", str(tmp_path / "squat.npz")]
    assert main([*command, "--out", str(tmp_path / "run"), *small, "--config.hidden", "8"]) == 0
    bundle = load_bundle(tmp_path / "run" / "bundle")
    assert bundle.info.provenance["clip"]["sha256"] == squat.digest()
    assert OnnxPolicy(bundle).state_size == 2 * 8
    counted_from = term_slice(bundle.info.observation, MOTION_JOINTS).start
    assert bundle.info.network["centre"] == counted_from
    assert bundle.golden().observation.shape[:2] == (2, 32)


def test_students_of_a_script_begin_anywhere_in_the_motion(squat, tmp_path):
    tiny = dataclasses.replace(LeggedDaggerConfig(), num_envs=16, memory=8, hidden=(8,))
    run = DaggerRun(DaggerJob(load_legged_task("imitate", clip=squat), 0, tiny), tmp_path)
    assert np.ptp(run._env.motion.time_s) > 0.3
    run.log.close()


def test_a_bundle_without_its_motion_or_with_another_is_refused(trained, tmp_path):
    _, bundle = trained
    copy = tmp_path / "copy"
    shutil.copytree(bundle.path, copy)
    (copy / CLIP_FILE).write_bytes(b"another")
    with pytest.raises(BundleError, match=r"clip\.npz was altered"):
        load_bundle(copy)
    (copy / CLIP_FILE).unlink()
    with pytest.raises(BundleError, match=r"clip\.npz is missing"):
        load_bundle(copy)
    files = {name: digest for name, digest in bundle.files.items() if name != CLIP_FILE}
    with pytest.raises(BundleError, match=r"has no clip\.npz"):
        bundled_clip(dataclasses.replace(bundle, files=files))
    another = dataclasses.replace(bundle.info, robot=dataclasses.replace(bundle.info.robot, name="go1"))
    with pytest.raises(BundleError, match=r"clip\.npz is a motion of 'g1', not of the bundle's robot"):
        bundled_clip(dataclasses.replace(bundle, info=another))
    with pytest.raises(BundleError, match="no longer those of task 'stand'"):
        check_same_task(bundle, load_legged_task("stand"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--clip", "sqat"], "no motion 'sqat' (did you mean 'squat'?)"),
        (["--clip", "gone.npz"], "no such file: gone.npz"),
        (["--clip", "squat", "--robot", "g2"], "unknown robot 'g2'"),
        (["--clip", "squat", "--robot", "panda"], "robot 'panda' has no legs"),
        (["--clip", "squat", "--config.ppo.symmetry"], "has no mirror image: train it with --config.ppo.no-symmetry"),
    ],
)
def test_impossible_trainings_are_refused_in_one_line(tmp_path, capsys, arguments, message):
    assert main(["train", "imitate", "--out", str(tmp_path / "run"), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run" / "result.json").exists()
