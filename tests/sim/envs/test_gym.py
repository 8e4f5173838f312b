import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_match import check_environments_match
from gymnasium.vector import AutoresetMode

import sim.envs.gym as flight_gym
from sim.errors import ConfigError
from sim.tasks.hover import TASK

ID = "sim2metal/hover-v0"


def vector(mode=AutoresetMode.NEXT_STEP, num_envs=3):
    return gymnasium.make_vec(ID, num_envs=num_envs, threads=1, autoreset_mode=mode)


def hover(env):
    return np.full(env.action_space.shape, TASK.action.nominal[0], np.float32)


def fly_to_an_end(env):
    """Fall with motors off until something ends; return the last step's result."""
    for _ in range(TASK.control_steps):
        result = env.step(np.zeros(env.action_space.shape, np.float32))
        if (result[2] | result[3]).any():
            return result
    raise AssertionError("no episode ended")


@pytest.mark.filterwarnings("ignore:.*A Box observation space (min|max)imum value is:UserWarning")
@pytest.mark.filterwarnings("error::UserWarning")
def test_gymnasiums_own_checker_is_content():
    check_env(gymnasium.make(ID).unwrapped)


def test_two_single_environments_with_one_seed_match():
    check_environments_match(gymnasium.make(ID), gymnasium.make(ID), num_steps=50, seed=4)


def test_spaces_come_from_the_task():
    env = vector()
    assert env.single_observation_space.shape == (TASK.observation_size,)
    assert env.single_action_space.low.tolist() == list(TASK.action.low)
    observation, info = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    assert info["critic"].shape == (3, TASK.critic_size)
    assert env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP


def test_a_seed_repeats_the_whole_flight_and_none_continues_it():
    first, second = vector(), vector()
    for env in (first, second):
        env.reset(seed=9)
    for _ in range(150):
        a, b = first.step(hover(first)), second.step(hover(second))
        assert all(np.array_equal(x, y) for x, y in zip(a[:4], b[:4], strict=True))
    assert not np.array_equal(first.reset()[0], first.reset()[0])


def test_results_are_copies():
    env = vector()
    observation = env.reset(seed=0)[0]
    kept = observation.copy()
    env.step(hover(env))
    assert np.array_equal(observation, kept)


def test_next_step_resets_on_the_following_step():
    env = vector()
    env.reset(seed=2)
    observation, _, terminated, _, _ = fly_to_an_end(env)
    assert np.all(np.abs(observation[terminated, 0:3]).max(axis=1) > 0.59)
    observation, reward, again, truncated, _ = env.step(hover(env))
    assert np.all(reward[terminated] == 0.0)
    assert not again[terminated].any()
    assert not truncated[terminated].any()
    assert np.all(np.abs(observation[terminated, 0:3]) < 0.21)


def test_same_step_returns_the_last_observation_in_info():
    env = vector(AutoresetMode.SAME_STEP)
    env.reset(seed=2)
    observation, _, terminated, _, info = fly_to_an_end(env)
    assert info["_final_obs"].tolist() == terminated.tolist()
    for i in np.flatnonzero(terminated):
        assert np.abs(info["final_obs"][i][0:3]).max() > 0.59
        assert np.abs(observation[i, 0:3]).max() < 0.21


def test_disabled_waits_for_the_caller():
    env = vector(AutoresetMode.DISABLED)
    env.reset(seed=2)
    observation, _, terminated, _, _ = fly_to_an_end(env)
    with pytest.raises(ConfigError, match="reset_mask"):
        env.step(hover(env))
    fresh, _ = env.reset(options={"reset_mask": terminated})
    assert np.all(np.abs(fresh[terminated, 0:3]) < 0.21)
    assert fresh[~terminated, 0:3] == pytest.approx(observation[~terminated, 0:3], abs=0.02)
    env.step(hover(env))


@pytest.mark.parametrize("mask", [np.zeros(3, bool), np.ones(2, bool), np.ones(3), [True] * 3])
def test_a_wrong_reset_mask_is_refused(mask):
    with pytest.raises(ConfigError, match="reset_mask"):
        vector().reset(options={"reset_mask": mask})


def test_a_command_that_is_no_number_ends_its_episode():
    env = vector()
    env.reset(seed=3)
    action = hover(env)
    action[1] = np.nan
    terminated = env.step(action)[2]
    assert terminated.tolist() == [False, True, False]


def test_an_episode_is_truncated_after_the_tasks_time(monkeypatch):
    env = vector()
    env.reset(seed=3)
    monkeypatch.setattr(env.unwrapped._task, "terminated", lambda state: np.zeros(len(state), bool))
    for step in range(1, TASK.control_steps + 1):
        truncated = env.step(hover(env))[3]
        assert truncated.all() == (step == TASK.control_steps)


def test_errors_and_registration():
    with pytest.raises(ConfigError):
        flight_gym.FlightVectorEnv(0)
    with pytest.raises(ConfigError, match="unknown task"):
        flight_gym.FlightEnv("swim")
    flight_gym.register()
    assert ID in gymnasium.registry
