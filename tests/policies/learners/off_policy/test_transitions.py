"""What a replay keeps of rollouts: targets at ends and time-outs, draws by age, and the same again from files."""

import dataclasses
import math

import numpy as np
import pytest

from policies.learners.off_policy.collector import Collector, reached
from policies.learners.off_policy.replay import Replay, even, fading
from policies.learners.off_policy.transitions import NEXT, Rollout, transitions
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.errors import StorageError

T, N, DISCOUNT = 12, 5, 0.9


def rollout(seed=0):
    rng = np.random.default_rng(seed)
    ended = rng.random((T, N)) < 0.2
    fell = rng.random((T, N)) < 0.5
    seen, after = ({"actor": rng.normal(size=(T, N, 3)), "critic": rng.normal(size=(T, N, 4))} for _ in range(2))
    return Rollout(
        seen, after, rng.normal(size=(T, N, 2)), rng.normal(size=(T, N)).astype(np.float32), ended & fell, ended & ~fell
    )


@pytest.mark.parametrize("steps", [1, 3, 40])
def test_targets_add_up_rewards_to_the_end_of_episode_or_rollout(steps):
    what = rollout()
    kept = transitions(what, steps, DISCOUNT)
    kinds = set()
    for env in range(N):
        for begin in range(T):
            reward, t = 0.0, begin
            while True:
                reward += DISCOUNT ** (t - begin) * what.reward[t, env]
                ended = what.terminated[t, env] or what.truncated[t, env]
                if ended or t + 1 == T or t + 1 - begin == steps:
                    break
                t += 1
            left = 0.0 if what.terminated[t, env] else DISCOUNT ** (t + 1 - begin)
            kinds.add("fell" if what.terminated[t, env] else "time" if what.truncated[t, env] else "on")
            assert kept["reward"][begin, env] == pytest.approx(reward, abs=1e-5)
            assert kept["discount"][begin, env] == pytest.approx(left)
            for name in ("actor", "critic"):
                np.testing.assert_array_equal(kept[NEXT + name][begin, env], what.after[name][t, env])
                np.testing.assert_array_equal(kept[name][begin, env], what.seen[name][begin, env])
    assert kinds == {"fell", "time", "on"}


def test_an_episode_that_time_ended_is_followed_by_its_own_last_observation():
    task = load_legged_task("velocity", "biped")
    longer = dataclasses.replace(task, spec=dataclasses.replace(task.spec, episode_s=task.spec.episode_s + 1.0))
    asked, plain, goes_on = (
        LeggedEnv(what, 3, seed=1, threads=1, final_observations=keeps)
        for what, keeps in ((task, True), (task, False), (longer, True))
    )
    for env in (asked, plain, goes_on):
        env.reset()
        env.age[1] = task.spec.control_steps - 2  # its second step is its last
    action = np.zeros((3, task.spec.action.size), np.float32)
    for step in range(2):
        after, without, later = (env.step(action) for env in (asked, plain, goes_on))
        assert without.final_observation is None
        assert (after.final_observation is None) == (step == 0)
    assert after.truncated.tolist() == [False, True, False]
    for name, seen in reached(after).items():
        np.testing.assert_array_equal(after.observation[name], without.observation[name])
        np.testing.assert_array_equal(seen, later.observation[name])  # as if it had gone on
        assert np.abs(seen[1] - after.observation[name][1]).max() > 1e-3


def test_a_collector_goes_on_where_it_was():
    env = LeggedEnv(load_legged_task("velocity", "biped"), 4, seed=2, threads=1, final_observations=True)
    collector = Collector(env, ("actor",), np.zeros(4, int), reach=0.5)
    asked = []

    def act(seen):
        asked.append(seen["actor"])
        return np.full((4, env.num_actions), 0.3, np.float32)

    first, second = collector.roll_out(3, act), collector.roll_out(2, act)
    np.testing.assert_array_equal(np.concatenate([first.seen["actor"], second.seen["actor"]]), np.stack(asked))
    np.testing.assert_array_equal(second.seen["actor"][0], first.after["actor"][-1])
    assert set(first.seen) == {"actor"}
    np.testing.assert_allclose(env.world.state.action, 0.5 * 0.3 * 4.0, rtol=1e-6)


def test_fading_is_its_formula_and_prefers_the_newest():
    weights = fading(5)
    expected = [math.tanh((math.pi * i / 5) ** math.e) for i in range(1, 6)]
    np.testing.assert_allclose(weights, expected)
    assert weights[0] < 0.3 < 0.99 < weights[-1]


def numbered(number, steps=4, envs=3):
    """A rollout whose rewards are the numbers of its steps."""
    row = np.arange(number * steps, (number + 1) * steps, dtype=np.float32)
    reward = np.tile(row[:, None], (1, envs))
    return {"reward": reward, "env": np.tile(np.arange(envs, dtype=np.float32), (steps, 1))}


@pytest.mark.parametrize(("weights", "count"), [(even, 20), (fading, 20)])
def test_steps_are_drawn_as_often_as_their_age_says(weights, count):
    replay = Replay(5, weights)
    for number in range(7):  # two are forgotten
        replay.add(numbered(number))
    assert len(replay) == 5
    drawn = replay.draw(200_000, np.random.default_rng(0))
    found = np.bincount(drawn["reward"].numpy().astype(int), minlength=28)
    assert found[:8].sum() == 0
    expected = weights(count) / weights(count).sum()
    np.testing.assert_allclose(found[8:] / 200_000, expected, atol=4e-3)
    np.testing.assert_allclose(np.bincount(drawn["env"].numpy().astype(int)) / 200_000, 1 / 3, atol=5e-3)


def test_a_replay_comes_back_from_its_files(tmp_path):
    replay, again = Replay(3, fading), Replay(3, fading)
    for number in range(5):
        replay.add(numbered(number))
        if number in (1, 4):
            replay.save(tmp_path)
            replay.prune(tmp_path)
    assert sorted(path.name for path in (tmp_path / "rollouts").iterdir()) == [f"00000{n}.npz" for n in (2, 3, 4)]
    again.load(tmp_path, 5)
    for number in (5, 6):
        replay.add(numbered(number))
        again.add(numbered(number))
    draws = [each.draw(50, np.random.default_rng(1)) for each in (replay, again)]
    for name, values in draws[0].items():
        np.testing.assert_array_equal(values, draws[1][name])
    with pytest.raises(StorageError, match=r"000005\.npz"):
        Replay(3).load(tmp_path, 6)
