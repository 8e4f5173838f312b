"""Late sensors: what the policy sees is what was, as old as was drawn, from the first step of an episode on."""

import numpy as np
import pytest

from sim.distributions import Constant, Uniform
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.errors import ConfigError
from sim.legged.randomizable import OBSERVATION_DELAY, LeggedTerm
from sim.legged.terms import term_slice
from sim.randomization import RandomizationTable

SEEN = ("gravity_b", "angular_velocity_b", "joint_position_offset", "joint_velocity")
STARTS = (
    LeggedTerm("start_joint_position", Uniform(-0.1, 0.1), "add", "test"),
    LeggedTerm("start_angular_velocity", Uniform(-0.5, 0.5), "add", "test"),
    LeggedTerm("start_tilt", Uniform(-0.1, 0.1), "add", "test"),
)


def table(distribution, *terms):
    return RandomizationTable("late", (LeggedTerm(OBSERVATION_DELAY, distribution, "set", "test"), *STARTS, *terms))


def env_of(delays, count=3, robot="go1", **options):
    return LeggedEnv(load_legged_task("velocity", robot), count, table=delays, threads=1, **options)


def true_terms(env):
    s = env.world.state
    return np.concatenate(
        [s.gravity_b, s.angular_velocity_b, s.joint_position - s.robot.default_pose, s.joint_velocity], axis=1
    )


def seen_terms(env, observation):
    return np.concatenate([observation["actor"][:, term_slice(env.spec.actor_terms, name)] for name in SEEN], axis=1)


def shaken(env, steps, rng):
    """Step by random actions; return what was true and what was seen, with the start; (steps + 1, n, size) each."""
    observation = env.reset()
    true, seen = [true_terms(env)], [seen_terms(env, observation)]
    for _ in range(steps):
        after = env.step(rng.normal(0.0, 0.1, (env.num_envs, env.num_actions)))
        assert not (after.terminated | after.truncated).any()
        true.append(true_terms(env))
        seen.append(seen_terms(env, after.observation))
    return np.array(true), np.array(seen)


@pytest.mark.parametrize("periods", [1, 2])
@pytest.mark.parametrize("robot", ["go1", "g1"])
def test_what_is_seen_is_what_was(robot, periods):
    """Whole control periods: what was true then is known exactly, at the start what has always been."""
    env = env_of(table(Constant(periods * 0.02)), robot=robot)
    true, seen = shaken(env, 8, np.random.default_rng(0))
    then = np.concatenate([np.repeat(true[:1], periods, axis=0), true[:-periods]])
    np.testing.assert_allclose(seen, then, atol=2e-5)
    assert np.abs(seen - true)[periods:].max() > 0.01


def test_the_least_age_is_a_physics_step():
    ages = [env_of(table(Constant(age))) for age in (0.0, 0.005, 0.010)]
    seen = [shaken(env, 6, np.random.default_rng(0))[1] for env in ages]
    np.testing.assert_array_equal(seen[0], seen[1])
    assert np.abs(seen[1] - seen[2]).max() > 1e-3


def test_every_simulation_and_episode_has_its_own_and_the_critic_sees_what_is():
    env = env_of(table(Uniform(0.0, 0.04)), count=4)
    true, seen = shaken(env, 6, np.random.default_rng(0))
    apart = np.abs(seen - true)[2:].max(axis=(0, 2))
    assert len(np.unique(apart.round(4))) == 4
    critic = env.observe()["critic"]
    columns = np.concatenate([critic[:, term_slice(env.spec.critic_terms, name)] for name in SEEN], axis=1)
    np.testing.assert_allclose(columns, true_terms(env), atol=1e-6)
    env.reset([1])
    np.testing.assert_allclose(seen_terms(env, env.observe())[1], true_terms(env)[1], atol=2e-5)


def test_without_the_term_nothing_is_added():
    plain = LeggedEnv(load_legged_task("velocity", "go1"), 1, table=RandomizationTable("calm"), threads=1)
    assert plain.world.measured() is plain.world.state
    late = env_of(table(Constant(0.01)), count=1).world.scene.model
    assert late.nsensor - plain.world.scene.model.nsensor == 2 + 2 * 12


def test_what_is_no_longer_remembered_is_refused():
    with pytest.raises(ConfigError, match=r"drew observation_delay_s = 0\.5, more than is remembered"):
        env_of(table(Constant(0.5))).reset()
