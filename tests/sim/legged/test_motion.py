"""Following a motion: episodes begin in it, targets are counted from it, errors are distances from it."""

import dataclasses
import math

import mujoco
import numpy as np
import pytest

from sim.distributions import Constant
from sim.envs.legged import LeggedEnv, load_legged_task, term_slice
from sim.errors import ConfigError
from sim.legged.motion import BODY_DISTANCE, MOTION_JOINTS, clip_of, following, motion_of
from sim.legged.progress import TrackingProgress, TrackingSettings
from sim.legged.randomizable import LeggedTerm
from sim.legged.scene import build_legged_scene, remembered_targets, resting_history
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.retarget import retarget
from sim.motion.robot_clip import robot_clip
from sim.motion.size import stature_for
from sim.randomization import RandomizationTable

NONE = RandomizationTable("nothing")


@pytest.fixture(scope="module")
def wave():
    """A loop of 3 s."""
    return retarget(generate("wave", Settings(3.0, stature_m=stature_for("g1"))), "g1")


def env_of(clip, n=3, *, table=NONE, settings=None, seed=0):
    task = load_legged_task("imitate", clip=clip)
    progress = None if settings is None else TrackingProgress(task.spec, settings)
    env = LeggedEnv(task, n, table=table, threads=1, seed=seed, progress=progress)
    env.reset()
    return env


def idle(env, steps):
    """Do what the motion does, and nothing else."""
    return [env.step(np.zeros((env.num_envs, env.num_actions))) for _ in range(steps)]


def test_episodes_begin_with_the_motion_and_play_it(wave):
    env = env_of(wave)
    data = env.world.batch.get_data(1)
    np.testing.assert_allclose(data.qpos[7:], wave.joint_angles[0], atol=1e-6)
    np.testing.assert_allclose(data.qpos[:7], [*wave.root_position_w[0], *wave.root_quaternion_w[0]], atol=1e-4)
    assert np.abs(data.qvel).max() > 0.0
    seen = env.observe()["actor"]
    for step in range(1, 4):
        np.testing.assert_allclose(
            seen[0, term_slice(env.spec.actor_terms, MOTION_JOINTS)], wave.joint_angles[step - 1]
        )
        after = env.step(np.zeros((3, 29)))
        seen = after.observation["actor"]
        target = env.world.state.target[0]
        np.testing.assert_allclose(target, wave.joint_angles[step - 1], atol=1e-6)
        assert 0.0 < after.asked_errors[BODY_DISTANCE].max() < 0.01
        assert after.asked_counts.all()


def test_the_actor_is_told_the_clip_and_the_critic_the_rest(wave):
    env = env_of(wave)
    idle(env, 25)  # half a second
    spec, seen = env.spec, env.observe()
    actor, critic = seen["actor"][0], seen["critic"][0]
    phase = 2.0 * math.pi * 0.5 / 3.0
    np.testing.assert_allclose(actor[term_slice(spec.actor_terms, "motion_phase")], [math.sin(phase), math.cos(phase)])
    np.testing.assert_allclose(actor[term_slice(spec.actor_terms, MOTION_JOINTS)], wave.joint_angles[25], atol=1e-6)
    speed = 25.0 * (wave.joint_angles[26] - wave.joint_angles[24])
    np.testing.assert_allclose(actor[term_slice(spec.actor_terms, "motion_joint_velocity")], speed, atol=1e-5)
    offset = critic[term_slice(spec.critic_terms, "body_offset_w")].reshape(-1, 3)
    distance = np.linalg.norm(offset, axis=1).mean()
    assert distance == pytest.approx(idle_distance(env), rel=1e-5)
    assert not {"body_offset_w", "velocity_b"} & {term.name for term in spec.actor_terms}


def idle_distance(env):
    """The mean distance of the bodies, by MuJoCo's kinematics of the clip."""
    state = env.world.state.tracked
    return np.mean([math.dist(a, b) for a, b in zip(state.position_w[0], state.reference.body_position_w[0])])


def test_bodies_move_as_mujoco_says(wave):
    env = env_of(wave)
    rng = np.random.default_rng(0)
    for _ in range(5):
        env.step(rng.uniform(-0.5, 0.5, (3, 29)))
    model, tracked, velocity = env.world.scene.model, env.world.state.tracked, np.zeros(6)
    data = mujoco.MjData(model)
    data.qpos[:] = np.concatenate([[0.0, 0.0, 0.8, 1.0, 0.0, 0.0, 0.0], rng.uniform(-0.3, 0.3, 29)])
    data.qvel[:] = rng.normal(size=35)
    env.world.batch.state[:] = 0.0
    batch = env.world.batch
    batch.bind("qpos")[:], batch.bind("qvel")[:] = data.qpos, data.qvel
    batch.forward()
    env._motion._write()
    tracked = env.world.state.tracked
    mujoco.mj_forward(model, data)
    for number, body in enumerate(range(1, model.nbody)):
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, body, velocity, 0)
        np.testing.assert_allclose(tracked.velocity_w[2, number], velocity[3:], atol=1e-5)
        np.testing.assert_allclose(tracked.angular_velocity_w[2, number], velocity[:3], atol=1e-5)
        np.testing.assert_allclose(tracked.position_w[2, number], data.xpos[body], atol=1e-6)


def test_delayed_targets_have_always_been_those_of_the_motion(wave):
    task = load_legged_task("imitate", clip=wave).spec
    p = task.parameters
    model = build_legged_scene("g1", p, 0.005).model
    pose = wave.joint_angles[40]
    wanted = resting_history(model, dataclasses.replace(p, default_pose_rad=tuple(pose)))
    slots, found = remembered_targets(model, 29), resting_history(model, p)
    found[slots >= 0] = pose[slots[slots >= 0]]
    np.testing.assert_array_equal(found, wanted)
    assert len(np.unique(slots)) == 30
    late = RandomizationTable("late", (LeggedTerm("action_delay_s", Constant(0.02), "set", "made up"),))
    env = env_of(wave, table=late)
    start = env.world.state.joint_position.copy()
    idle(env, 1)
    assert np.abs(env.world.state.joint_position - start).max() < 0.02  # nothing pulled them to the default pose


def test_training_begins_anywhere_in_the_motion(wave):
    env = env_of(wave, 40, settings=TrackingSettings())
    times = env._motion.time_s.copy()
    assert len(np.histogram(times, 3, (0.0, 3.0))[0].nonzero()[0]) == 3
    np.testing.assert_allclose(idle(env, 1)[0].asked_errors[BODY_DISTANCE], 0.0, atol=0.01)
    again = env_of(wave, 20, settings=TrackingSettings())
    np.testing.assert_array_equal(again._motion.time_s, times[:20])


def test_a_loop_goes_on_and_another_motion_ends(wave):
    env = env_of(wave, 20, settings=TrackingSettings())
    for after in idle(env, 149):
        assert not after.truncated.any()
    assert env._motion.time_s.max() > 3.1
    once = env_of(wave.cut(0, 30))
    *before, last = idle(once, 29)
    assert not any((after.terminated | after.truncated).any() for after in before)
    assert last.truncated.all()
    assert last.success.all()
    assert once.spec.episode_s == pytest.approx(0.58)


def test_what_is_too_far_from_the_motion_ends_and_is_remembered(wave):
    env = env_of(wave, 8, settings=TrackingSettings(starts="hard"))
    starts = env._motion.starts
    failed = 0
    for _ in range(60):
        failed += env.step(np.ones((8, 29))).terminated.sum()
    assert failed >= 8
    assert starts.array().sum() > 0.0


def test_a_failure_in_a_later_round_of_a_loop_is_one_of_its_second_there(wave):
    env = env_of(wave, 1, settings=TrackingSettings(starts="hard"))
    env._motion.time_s[:] = wave.duration_s + 0.5
    env._motion.note_failures(np.array([True]))
    np.testing.assert_array_equal(env._motion.starts.array() > 0.0, [True, False, False])


def test_tolerances_tighten_in_training_alone(wave):
    env = env_of(wave, settings=TrackingSettings())
    task, fixed = env.spec, env_of(wave, settings=TrackingSettings(tolerance="fixed"))
    for one in (env, fixed):
        idle(one, 20)
    assert task.tolerances["body_position"] == 0.015
    assert env._reward._tolerances["body_position"] < 0.0149
    assert fixed._reward._tolerances.values() == task.tolerances
    gained = [sum(one.mean_rewards().values()) for one in (env, fixed)]
    assert gained[0] < gained[1]


def test_a_tracking_reward_is_a_bell_of_its_error(wave):
    env = env_of(wave)
    idle(env, 10)
    env.mean_rewards()
    idle(env, 1)
    tracked = env.world.state.tracked
    error = ((tracked.position_w - tracked.reference.body_position_w) ** 2).mean(axis=(1, 2))
    assert env.mean_rewards()["body_position"] == pytest.approx(np.exp(-error / 0.015).mean(), rel=1e-5)


def test_another_robot_follows_its_own_clip():
    clip = robot_clip("squat", "go1")
    task = load_legged_task("imitate", clip=clip)
    assert task.spec.robot == "go1"
    env = LeggedEnv(task, 4, seed=1, threads=1)
    env.reset()
    after = idle(env, 10)[-1]
    assert all(np.isfinite(values).all() for values in (*after.observation.values(), after.reward))
    assert (after.reward > 0.05).all()


def test_a_task_without_a_clip_is_refused(wave):
    task = load_legged_task("imitate")
    assert motion_of(task.spec) is not None
    assert clip_of(task.spec) is None
    with pytest.raises(ConfigError, match="give one by --clip"):
        LeggedEnv(task, 1)
    with pytest.raises(ConfigError, match="give one by --clip"):
        TrackingProgress(task.spec, TrackingSettings())
    with pytest.raises(ConfigError, match="task 'stand' follows no motion"):
        following(load_legged_task("stand").spec, wave)
