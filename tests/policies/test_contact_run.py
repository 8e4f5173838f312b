"""The learners of contact tasks, on a small one with a real force field."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

from policies.checkpoint import load_checkpoint
from policies.contact_job import ContactJob
from policies.contact_run import ContactRun
from policies.learners.contact.settings import (
    ContactPpoSettings,
    ContactTrainConfig,
    ImitationSettings,
    NetworkSettings,
)
from sim.errors import ConfigError, StorageError
from tests.policies.learners.contact.centring import STEPS, TASK, Script, make_env
from tests.support import training

SMALL = ContactTrainConfig(
    iterations=10, num_envs=48, horizon=12, checkpoint_every=6, evaluations=1, evaluation_episodes=64,
    judge_episodes=64, network=NetworkSettings(hidden=(32, 32), memory_size=16, channels=(4, 4, 8)),
    imitation=ImitationSettings(learning_rate=3e-3, updates=8, windows=48),
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def job(learner="ppo", seen="privileged", expert=None, **changes):
    return ContactJob(TASK, learner, seen, 0, dataclasses.replace(SMALL, **changes), expert and str(expert))


def train(what, folder, *, resume=False, until=None):
    return training.train(ContactRun(what, make_env, folder, resume=resume), until)


@pytest.fixture(scope="module")
def expert(tmp_path_factory):
    """A finished run of the first stage."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("expert")
    return train(job(iterations=24), folder), folder


def test_what_knows_the_ball_learns_to_centre_it(expert):
    run, _ = expert
    assert run.evaluation["success_rate"] > 0.9
    assert run.evaluation["episodes"] == 64
    first, last = run.log.points[0], run.log.points[-1]
    assert last["reward"] > 0.7 * first["reward"]  # (rewards are negative)


@pytest.mark.parametrize(("learner", "iterations"), [("dagger", 20), ("bc", 30)])
def test_touch_makes_up_for_what_the_reduced_state_does_not_tell(expert, tmp_path, learner, iterations):
    _, folder = expert
    felt = train(job(learner, "field", folder, iterations=iterations), tmp_path / "felt").evaluation
    told = train(job(learner, "state", folder, iterations=iterations), tmp_path / "told").evaluation
    assert felt["success_rate"] > 0.8
    assert told["success_rate"] < 0.5


def test_episodes_end_at_different_times_where_rollouts_are_parts_of_them(tmp_path):
    rollouts = ContactRun(job(horizon=STEPS - 1), make_env, tmp_path)._new_rollouts(5)
    ended = [rollouts.step(torch.zeros(SMALL.num_envs, 6))[2].sum().item() for _ in range(12)]
    assert sum(ended) == SMALL.num_envs
    assert max(ended) < SMALL.num_envs / 4


def test_the_expert_acts_less_and_less_in_dagger_and_always_in_cloning(expert, tmp_path):
    _, folder = expert
    shares = {}
    guided = ImitationSettings(updates=1, expert_until=0.5)
    for name, learner, how in (
        ("plain", "dagger", SMALL.imitation),
        ("guided", "dagger", guided),
        ("bc", "bc", guided),
    ):
        run = ContactRun(job(learner, "field", folder, imitation=how), make_env, tmp_path / name)
        shares[name] = []
        for share in (0.0, 0.1, 0.25, 0.5, 0.9):
            run.algorithm.anneal(share)
            shares[name].append(run.algorithm.expert_share)
        run.algorithm.anneal(0.25)
        run._begin_segment(0)
        obs = run.rollouts.get_observations()
        with torch.no_grad():
            action = run.algorithm.act(obs, run.rollouts.counts())
        as_expert = (action == run.algorithm._steps[0]["label"]).all(1)
        assert as_expert.float().mean() == pytest.approx(run.algorithm.expert_share)
        run.log.close()
    assert shares["plain"] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert shares["guided"] == pytest.approx([1.0, 0.8, 0.5, 0.0, 0.0])
    assert shares["bc"] == [1.0] * 5


def test_a_script_can_be_imitated_through_touch(tmp_path):
    what = job("dagger", "field", "script", network=dataclasses.replace(SMALL.network, memory_layers=0))
    run = ContactRun(what, make_env, tmp_path, scripts={"script": Script})
    run.train(lambda iteration, values: None)
    run.log.close()
    assert run.evaluation["success_rate"] > 0.8
    with pytest.raises(StorageError, match="no checkpoint"):
        ContactRun(what, make_env, tmp_path)
    with pytest.raises(ConfigError, match="script has no critic"):
        ContactRun(dataclasses.replace(what, learner="aacd"), make_env, tmp_path, scripts={"script": Script})


@pytest.mark.parametrize("critic", ["frozen", "fine-tuned"])
def test_asymmetric_distillation_begins_with_the_critic_of_the_first_stage(expert, tmp_path, critic):
    first, folder = expert
    run = ContactRun(job("aacd", "field", folder, ppo=ContactPpoSettings(critic=critic)), make_env, tmp_path)
    theirs = {name: value.clone() for name, value in first.algorithm.critic.state_dict().items()}
    mine = run.algorithm.critic.state_dict()
    assert all((mine[name] == value).all() for name, value in theirs.items())
    actor = {name: value.clone() for name, value in run.policy.state_dict().items()}
    run.iterate()
    run.log.close()
    kept = all((run.algorithm.critic.state_dict()[name] == value).all() for name, value in theirs.items())
    assert kept == (critic == "frozen")
    assert any((run.policy.state_dict()[name] != value).any() for name, value in actor.items())


def test_an_actor_with_earlier_weights_waits_for_its_critic(expert, tmp_path):
    first, folder = expert
    run = ContactRun(job(expert=folder, ppo=ContactPpoSettings(critic_first=1)), make_env, tmp_path)
    mlp, critic = (next(m.parameters()) for m in (run.policy.mlp, run.algorithm.critic.mlp))
    began, guessed = mlp.detach().clone(), critic.detach().clone()
    np.testing.assert_array_equal(began, first.best["mlp.0.weight"])
    run.iterate()
    assert (mlp == began).all()
    assert (critic != guessed).any()
    run.iterate()
    run.log.close()
    assert (mlp != began).any()


@pytest.mark.parametrize(("learner", "seen"), [("ppo", "field"), ("dagger", "field")])
def test_a_killed_run_resumes_to_the_same_result(expert, tmp_path, learner, seen):
    folder = None if learner == "ppo" else expert[1]
    what = job(
        learner, seen, folder, num_envs=4, iterations=4, checkpoint_every=2, evaluation_episodes=4, judge_episodes=8
    )
    whole = train(what, tmp_path / "whole")
    train(what, tmp_path / "killed", until=3)
    resumed = train(what, tmp_path / "killed", resume=True)
    assert resumed.evaluation == whole.evaluation
    ours, theirs = (load_checkpoint(tmp_path / name / "checkpoint.npz").arrays for name in ("whole", "killed"))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    curves = [[json.loads(line) for line in (tmp_path / name / "curve.jsonl").open()] for name in ("whole", "killed")]
    assert [{**point, "wall_s": 0} for point in curves[0]] == [{**point, "wall_s": 0} for point in curves[1]]


def test_a_run_goes_on_only_with_the_settings_it_began_with(tmp_path):
    what = job(iterations=1, checkpoint_every=1, evaluation_episodes=4, judge_episodes=0)
    train(what, tmp_path)
    with pytest.raises(ConfigError, match="another input"):
        ContactRun(dataclasses.replace(what, input="state"), make_env, tmp_path, resume=True)


@pytest.mark.parametrize(
    ("learner", "changes", "message"),
    [
        ("aacd", {}, "needs --expert"),
        ("ppo", {"horizon": 0}, "horizon"),
        ("ppo", {"num_envs": 2}, "mini-batches"),
    ],
)
def test_impossible_jobs_are_refused(tmp_path, learner, changes, message):
    with pytest.raises(ConfigError, match=message):
        ContactRun(job(learner, **changes), make_env, tmp_path)


def test_experts_that_do_not_fit_are_refused_by_name(expert, tmp_path):
    _, folder = expert
    with pytest.raises(ConfigError, match="another input or other sizes"):
        ContactRun(job("ppo", "field", folder), make_env, tmp_path)
    with pytest.raises(StorageError, match="no checkpoint"):
        ContactRun(job("bc", expert=tmp_path / "nowhere"), make_env, tmp_path)
    other = dataclasses.replace(job("bc", expert=folder), task=dataclasses.replace(TASK, name="another"))
    with pytest.raises(ConfigError, match="'centring', not of 'another'"):
        ContactRun(other, make_env, tmp_path)
    wider = job("aacd", "field", folder, network=NetworkSettings(hidden=(48, 32)))
    with pytest.raises(ConfigError, match="critic has other sizes"):
        ContactRun(wider, make_env, tmp_path)
    train(job("bc", "state", folder, iterations=1, judge_episodes=0), tmp_path / "imitated")
    with pytest.raises(ConfigError, match="no critic"):
        ContactRun(job("aacd", "field", tmp_path / "imitated"), make_env, tmp_path)
    shutil.rmtree(tmp_path / "imitated")


@pytest.mark.parametrize(("horizon", "together"), [(STEPS, True), (2 * STEPS, True), (STEPS - 1, False)])
def test_where_rollouts_are_whole_episodes_all_begin_together(tmp_path, horizon, together):
    run = ContactRun(job(horizon=horizon, num_envs=16), make_env, tmp_path)
    assert (len(set(run.rollouts.env.age.tolist())) == 1) is together
    run.renew(3)
    assert (len(set(run.rollouts.env.age.tolist())) == 1) is together
