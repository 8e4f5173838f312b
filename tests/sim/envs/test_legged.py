"""Episodes of bodies on legs: the same in any batch, limited as on the robot, and sound whatever is commanded."""

import mujoco
import numpy as np
import pytest

from hardware.joints.pilot import TargetLimiter
from hardware.states import JointState
from sim.bodies.model import build_joint_model
from sim.distributions import Constant
from sim.envs.legged import LeggedEnv, LeggedTask, load_legged_task, term_slice
from sim.errors import ConfigError
from sim.legged import rewards
from sim.legged.randomizable import LeggedTerm
from sim.legged.spec import ACTION_REACH, EndTerm, RewardTerm, legged_task
from sim.randomization import RandomizationTable
from sim.registry import load_robot

NONE = RandomizationTable("nothing")


def fixed(*terms, noise=()):
    """Everything nominal but these, each a constant."""
    made = (
        LeggedTerm(name, Constant(value), "scale" if name in ("kp", "kd") else mode, "made up")
        for name, mode, value in terms
    )
    return RandomizationTable("made up", tuple(made), noise)


def env_of(task="velocity", robot=None, n=3, table=NONE, **options):
    env = LeggedEnv(load_legged_task(task, robot), n, table=table, threads=options.pop("threads", 1), **options)
    env.reset()
    return env


def walk(env, steps, seed=0, share=0.15):
    """Random actions, each simulation's its own; returns what was seen and gained."""
    rngs = [np.random.default_rng((seed, k)) for k in range(env.num_envs)]
    record = []
    for _ in range(steps):
        after = env.step(np.array([rng.normal(0.0, share, env.num_actions) for rng in rngs]))
        record.append((after.observation["actor"], after.observation["critic"], after.reward, after.terminated))
    return [np.stack(values) for values in zip(*record)]


@pytest.mark.parametrize(
    ("task", "robot", "falls"),
    [("velocity", "go1", True), ("velocity", "g1", True), ("stand", "g1", True), ("stand", "go1", False)],
)
def test_every_task_runs_on_every_robot_with_legs(task, robot, falls):
    env = env_of(task, robot, table=None)
    seen = env.reset()
    assert {name: value.shape for name, value in seen.items()} == {
        "actor": (3, env.spec.observation_size),
        "critic": (3, env.spec.critic_size),
    }
    values = walk(env, 60, share=0.4)
    assert all(np.isfinite(value).all() and value.dtype in (np.float32, bool) for value in values)
    assert values[3].any() == falls  # such noise throws a robot over that does not stand on four stiff legs
    assert set(env.mean_rewards()) == set(env.reward_names)


def test_episodes_depend_on_seed_and_number_alone():
    many = walk(env_of(n=6, table=None, threads=2), 80, share=0.4)
    few = walk(env_of(n=2, table=None), 80, share=0.4)
    for a, b in zip(many, few):
        np.testing.assert_array_equal(a[:, :2], b)
    assert many[3][:, :2].any()  # there was a second episode
    other = walk(env_of(n=2, table=None, seed=1), 80, share=0.4)
    assert not np.array_equal(other[0], few[0])


def test_a_robot_without_noise_sees_what_mujocos_sensors_measure():
    env = env_of("velocity", "go1", n=2)
    walk(env, 7)
    actor = env.observe()["actor"]
    model = build_joint_model("go1", "policy", 0.005)
    data = mujoco.MjData(model)
    for k in range(2):
        mine = env.world.batch.get_data(k)
        data.qpos[:], data.qvel[:] = mine.qpos, mine.qvel
        mujoco.mj_forward(model, data)
        rotation = np.empty(9)
        mujoco.mju_quat2Mat(rotation, data.sensor("attitude").data)
        seen = {term.name: actor[k, term_slice(env.spec.actor_terms, term.name)] for term in env.spec.actor_terms}
        np.testing.assert_allclose(seen["gravity_b"], -rotation[6:9], atol=1e-6)
        np.testing.assert_allclose(seen["angular_velocity_b"], data.sensor("gyro").data, atol=1e-5)
        np.testing.assert_allclose(seen["joint_velocity"], data.qvel[6:], rtol=1e-6)
        pose = np.array(env.spec.parameters.default_pose_rad)
        np.testing.assert_allclose(seen["joint_position_offset"], data.qpos[7:] - pose, atol=1e-6)
        np.testing.assert_allclose(seen["applied_action"], env.world.state.target[k])


def test_targets_are_limited_as_the_pilot_on_the_robot_limits_them():
    table = fixed(("joint_offset", "add", 0.03), noise=(("joint_velocity", 1.0), ("joint_position_offset", 0.05)))
    env = env_of("velocity", "go1", n=4, table=table)
    p = env.spec.parameters
    limiter = TargetLimiter(load_robot("go1").limits, p.kp, p.kd)
    rng, pose, cut = np.random.default_rng(0), np.array(p.default_pose_rad), 0
    for _ in range(10):
        seen, action = env._measured.copy(), rng.uniform(-1.2, 1.2, (4, 12))
        env.step(action)
        for k in range(4):
            position = seen[k, term_slice(env.spec.actor_terms, "joint_position_offset")] + pose
            velocity = seen[k, term_slice(env.spec.actor_terms, "joint_velocity")]
            state = JointState.__new__(JointState)
            object.__setattr__(state, "position", position)
            object.__setattr__(state, "velocity", velocity)
            wanted = pose + ACTION_REACH * np.array(p.action_scale_rad) * action[k].clip(-1.0, 1.0)
            limited = limiter.limit(wanted.clip(p.position_low_rad, p.position_high_rad), state)
            np.testing.assert_allclose(env.world.state.target[k], limited, atol=1e-5)
            cut += (abs(limited - wanted) > 1e-3).sum()
    assert cut > 100


def test_a_delay_holds_commands_back():
    """Torque asked for by a new target comes later by the delay, to a physics step."""
    first = {}
    for delay in (0.0, 0.005, 0.02):
        env = env_of("velocity", "go1", n=1, table=fixed(("action_delay_s", "set", delay)))
        action = np.zeros((1, 12))
        env.step(action)
        env.world.state.target[:, 2] += 0.2
        env.world._control[:] = env.world.state.target
        before = env.world._force[0, 2]
        for step in range(8):
            env.world.batch.step(nstep=1)
            if abs(env.world._force[0, 2] - before) > 2.0:
                first[delay] = step
                break
    assert first == {0.0: 0, 0.005: 1, 0.02: 4}


def test_encoders_that_are_off_are_seen_and_held_so():
    env = env_of("velocity", "go1", n=1, table=fixed(("joint_offset", "add", 0.05)))
    after = env.step(np.zeros((1, 12)))
    np.testing.assert_allclose(env.world._control, env.world.state.target - 0.05, atol=1e-6)
    offset = after.observation["actor"][:, term_slice(env.spec.actor_terms, "joint_position_offset")]
    np.testing.assert_allclose(offset, env.world.state.joint_position - env.world.state.robot.default_pose + 0.05)


def test_a_gyroscope_that_is_off_is_seen_so_by_the_actor_alone():
    env = env_of("velocity", "go1", n=1, table=fixed(("gyro_bias_b", "add", 0.2)))
    after = env.step(np.zeros((1, 12)))
    gyro = term_slice(env.spec.actor_terms, "angular_velocity_b")
    true = env.world.state.angular_velocity_b
    np.testing.assert_allclose(after.observation["actor"][:, gyro], true + 0.2, atol=1e-6)
    np.testing.assert_allclose(after.observation["critic"][:, gyro], true)


def test_random_torques_are_within_their_share_of_the_motors():
    env = env_of("velocity", "go1", n=200, table=fixed(("torque_noise", "set", 0.1)))
    env.step(np.zeros((200, 12)))
    share = env.world._pushing / np.array(env.spec.parameters.effort_n_m)
    assert 0.09 < share.max() <= 0.1
    assert -0.1 <= share.min() < -0.09
    assert abs(share.mean()) < 0.01
    first = share.copy()
    env.step(np.zeros((200, 12)))
    assert not (env.world._pushing / np.array(env.spec.parameters.effort_n_m) == first).any()


def test_an_episode_begins_as_drawn():
    tilt, speed, turn, angle = 0.1, 0.3, 0.4, 0.05
    env = env_of("velocity", "go1", n=1, table=fixed(
        ("start_tilt", "add", tilt), ("start_velocity", "add", speed), ("start_angular_velocity", "add", turn),
        ("start_joint_position", "add", angle),
    ))  # fmt: skip
    state, pose = env.world.state, np.array(env.spec.parameters.default_pose_rad)
    expected = mujoco_quaternion((tilt, tilt, 0.0))
    np.testing.assert_allclose(state.quaternion_w[0], expected, atol=1e-6)
    np.testing.assert_allclose(state.velocity_w[0], speed)
    np.testing.assert_allclose(state.angular_velocity_b[0], turn)
    np.testing.assert_allclose(state.joint_position[0], pose + angle, atol=1e-6)


def mujoco_quaternion(rotation_vector):
    turned = np.array([1.0, 0.0, 0.0, 0.0])
    mujoco.mju_quatIntegrate(turned, np.array(rotation_vector), 1.0)
    return turned


def test_no_foot_begins_in_the_floor():
    env = env_of("velocity", "go1", n=40, table=load_legged_task("velocity").training_table)
    every = np.arange(40)
    env.world.batch.forward(every)
    height = env.world._sensors[:, env.world.scene.foot_position[:, 2]].min(axis=1)
    assert height.min() > -1e-9
    assert (height < 1e-9).sum() > 10, "tilted and with bent legs some would"


@pytest.mark.parametrize("friction", [0.2, 1.5])
def test_drawn_friction_is_that_of_the_feet_on_the_floor(friction):
    for robot in ("go1", "g1"):
        env = env_of("velocity", robot, n=1, table=fixed(("friction", "set", friction)))
        for _ in range(10):
            env.step(np.zeros((1, env.num_actions)))
        model = env.world.batch.get_model(0)
        data = mujoco.MjData(model)
        data.qpos[:] = env.world.batch.get_data(0).qpos
        mujoco.mj_forward(model, data)
        assert data.ncon >= 2
        np.testing.assert_allclose(data.contact.friction[:, 0], friction)


def test_pushes_come_at_their_time_with_their_speed_in_every_direction():
    table = fixed(("push_speed", "set", 0.5), ("push_period_s", "set", 0.2))
    env, still = env_of("velocity", "go1", n=16, table=table), env_of("velocity", "go1", n=16)
    for step in range(25):
        before = env.world._velocity[:, :2].copy()
        env._push()
        change = env.world._velocity[:, :2] - before
        expected = 0.5 if step in (10, 20) else 0.0
        np.testing.assert_allclose(np.linalg.norm(change, axis=1), expected, atol=1e-6)
        if expected:
            assert (change > 0.1).any(0).all()
            assert (change < -0.1).any(0).all()
        env.age += 1
    still.age += 10
    still._push()
    np.testing.assert_array_equal(still.world._velocity[:, :2], env_of(n=16).world._velocity[:, :2])


def test_time_in_the_air_is_counted_from_leaving_to_landing():
    env = env_of("velocity", "go1", n=1)
    state, times = env.world.state, []
    for touching in (1, 0, 0, 0, 1, 1, 0):
        env.world._sensors = np.zeros_like(env.world._sensors)
        env.world._sensors[:, env.world.scene.foot_contact] = touching
        env.world.count_contacts()
        state.foot_contact[:] = touching
        times.append((round(float(state.air_time[0, 0]), 4), float(state.landed[0, 0])))
    assert times == [(0.0, 0.0), (0.02, 0.0), (0.04, 0.0), (0.06, 0.0), (0.06, 1.0), (0.0, 0.0), (0.02, 0.0)]


def test_commands_change_in_time_within_their_ranges_and_some_are_to_stand():
    env = env_of("velocity", "go1", n=400)
    first = env.world.state.command.copy()
    command = env.spec.command
    for column, (low, high) in enumerate(command.ranges.values()):
        assert low <= first[:, column].min() < low + 0.1
        assert high - 0.1 < first[:, column].max() <= high
    still = (first == 0.0).all(1).mean()
    assert still == pytest.approx(command.still_share, abs=0.05)
    env.age[:] = round(command.period_s / 0.02) - 1
    env._renew_commands()
    np.testing.assert_array_equal(env.world.state.command, first)
    env.age += 1
    env._renew_commands()
    assert (env.world.state.command != first).any(1).mean() > 0.95


def test_a_reward_is_the_weighted_sum_per_second_and_never_less_than_the_least():
    env = env_of("stand", "g1", n=2)
    env.world._velocity[1, 6:] = 40.0  # joints this fast cost more than standing brings
    reward = env.step(np.zeros((2, 29))).reward
    state = env.world.state
    total = sum(term.weight * getattr(rewards, term.name)(state, **dict(term.parameters)) for term in env.spec.rewards)
    assert total[0] > 1.0 > 0.0 > total[1]
    np.testing.assert_allclose(reward, [0.02 * total[0], 0.0], rtol=1e-4)


def test_an_episode_ends_by_time_or_by_a_fall_and_begins_anew():
    env = env_of("stand", "g1", n=3)
    env.age[[0, 2]] = env.spec.control_steps - 1
    env.world._position[1:, 3:7] = (np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0)  # on its side: in the last moment, too
    after = env.step(np.zeros((3, 29)))
    np.testing.assert_array_equal(after.truncated, [True, False, False])
    np.testing.assert_array_equal(after.terminated, [False, True, True])
    np.testing.assert_array_equal(after.success, [True, False, False])
    np.testing.assert_array_equal(env.age, 0)
    assert (after.observation["actor"][:, 2] < -0.99).all()  # upright again


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_actions_that_are_no_number_are_the_pose_and_infinite_ones_the_limit(bad):
    wanted, pose = np.full((3, 12), 0.1), env_of()
    wanted[1, 4] = bad
    pose.step(np.where(np.isfinite(wanted), wanted, 0.0 if np.isnan(bad) else 1.0))
    env = env_of()
    env.step(wanted)
    np.testing.assert_array_equal(env.world.state.target, pose.world.state.target)


def test_a_simulation_that_diverges_ends_alone():
    env = env_of(n=3, table=None)
    env.world._velocity[1, 7] = np.nan
    after = env.step(np.zeros((3, 12)))
    np.testing.assert_array_equal(after.terminated, [False, True, False])
    assert all(np.isfinite(value).all() for value in (*after.observation.values(), after.reward))
    assert np.isfinite(walk(env, 5)[0]).all()


def test_wrong_calls_are_refused():
    with pytest.raises(ConfigError, match="at least one simulation"):
        env_of(n=0)
    with pytest.raises(ConfigError, match=r"shape \(3, 12\), not \(3, 11\)"):
        env_of().step(np.zeros((3, 11)))
    with pytest.raises(ConfigError, match="task 'hover' is not for a robot on legs"):
        load_legged_task("hover")
    with pytest.raises(ConfigError, match="unknown robot 'go7'"):
        load_legged_task("velocity", "go7")
    with pytest.raises(ConfigError, match="robot 'crazyflie' has no legs"):
        load_legged_task("velocity", "crazyflie")


@pytest.mark.parametrize(
    ("kind", "message"),
    [("reward", "unknown reward 'track_velocitty'.*'track_velocity'"), ("end", "unknown end 'fell'")],
)
def test_terms_that_there_are_not_are_named(kind, message):
    rewards = (RewardTerm("track_velocitty" if kind == "reward" else "tilt", 1.0, "x"),)
    spec = legged_task("made_up", "", "go1", rewards, (EndTerm("fell", "x"),) if kind == "end" else ())
    with pytest.raises(ConfigError, match=message):
        LeggedEnv(LeggedTask(spec, NONE, NONE), 1)
