"""What robots are told of their references, in the environment as from the trajectory itself."""

import numpy as np
import pytest

from sim.envs.multirotor import MultirotorEnv
from sim.errors import ConfigError
from sim.randomization import NOMINAL_TABLE
from sim.spec import preview_s, reference_terms
from sim.tasks import hover, track
from sim.trajectories import parse_trajectory


@pytest.fixture
def env():
    env = MultirotorEnv(track, 3, table=NOMINAL_TABLE, seed=1, threads=1)
    yield env
    env.close()


def hovering(env):
    start = np.zeros((env.num_envs, 17), np.float32)
    start[:, 3], start[:, 13:] = 1.0, track.NOMINAL.hover_command
    return env.begin(np.arange(env.num_envs), env.sample, start)


def test_term_names_carry_the_looks_ahead():
    assert preview_s(reference_terms((0.05, 0.8))) == (0.05, 0.8)
    assert preview_s(hover.ACTOR_TERMS) == ()
    assert preview_s(track.TASK.actor_terms) == track.PREVIEW_S


def test_the_observation_tells_where_the_trajectory_goes(env):
    trajectory = parse_trajectory("figure8:period=5.5")
    env.references.follow([trajectory], 4.0)
    observation = hovering(env)
    for step in range(1, 300):
        observation = env.step(np.full((3, 4), track.NOMINAL.hover_command, np.float32))
        if step % 60 == 0:
            now = trajectory.sample(0.01 * step)
            position = env.position_w - observation[:, :3]
            np.testing.assert_allclose(position, np.tile(now.position_w, (3, 1)), atol=1e-4)
            np.testing.assert_allclose(env.set_point_w, position, atol=1e-4)
            np.testing.assert_allclose(observation[:, 22:25], np.tile(now.velocity_w, (3, 1)), atol=1e-4)
            for number, horizon in enumerate(track.PREVIEW_S):
                ahead = trajectory.sample(0.01 * step + horizon).position_w - now.position_w
                column = 25 + 3 * number
                np.testing.assert_allclose(observation[:, column : column + 3], np.tile(ahead, (3, 1)), atol=1e-4)


def test_each_robot_may_follow_its_own(env):
    names = ("circle:period=3", "waypoints", "steps:every=1")
    env.references.follow([parse_trajectory(name) for name in names], 3.0)
    hovering(env)
    for _ in range(150):
        env.step(np.full((3, 4), track.NOMINAL.hover_command, np.float32))
    expected = [parse_trajectory(name).sample(1.5).position_w[0] for name in names]
    np.testing.assert_allclose(env.set_point_w, expected, atol=1e-4)


def test_episodes_begun_apart_follow_from_their_own_beginning(env):
    env.references.follow([parse_trajectory("circle:period=3")], 3.0)
    hovering(env)
    for _ in range(100):
        env.step(np.full((3, 4), track.NOMINAL.hover_command, np.float32))
    moving = env.set_point_w[0].copy()
    env.references.restart(np.array([1]))
    env.step(np.full((3, 4), track.NOMINAL.hover_command, np.float32))
    assert np.linalg.norm(moving) > 0.1
    assert np.linalg.norm(env.set_point_w[1]) < 1e-3


def test_a_reset_draws_another_reference_for_those_reset(env):
    env.reset()
    before = env.references._table.samples.copy()
    env.reset(np.array([1]))
    changed = np.abs(env.references._table.samples - before).max(axis=(1, 2)) > 0.0
    assert changed.tolist() == [False, True, False]


def test_another_number_of_trajectories_is_refused(env):
    with pytest.raises(ConfigError, match="2 trajectories for 3 robots"):
        env.references.follow([parse_trajectory("circle")] * 2, 1.0)


def test_a_set_point_task_rests_at_its_set_point():
    env = MultirotorEnv(hover, 2, table=NOMINAL_TABLE, threads=1)
    env.step(np.full((2, 4), 0.5, np.float32))
    assert not env.set_point_w.any()
    assert env.observation.shape == (2, 22)
    env.close()
