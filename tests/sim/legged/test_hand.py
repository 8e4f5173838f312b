"""A hand is led as its goals, the twist's definition and the clock of the feet say: by MuJoCo and by differences."""

import dataclasses

import mujoco
import numpy as np
import pytest

from sim.envs.legged import LeggedEnv, LeggedTask, load_legged_task
from sim.errors import ConfigError
from sim.legged.hand import minimum_jerk, shortened
from sim.legged.hand_kinematics import (
    heading_of,
    heading_rates,
    joint_velocities,
    joints_to,
    reachable_poses,
    tilt_of,
)
from sim.legged.mirror import AXIAL, POINT, find_mirror
from sim.legged.spec import legged_task
from sim.legged.terms import term_slice
from sim.quaternions import conjugate, difference, from_rotation_vector, multiply, rotate
from sim.randomization import RandomizationTable

NONE = RandomizationTable("nothing")


def env_of(n=3, table=NONE, seed=0, **changes):
    task = load_legged_task("twist")
    env = LeggedEnv(
        dataclasses.replace(task, spec=dataclasses.replace(task.spec, **changes)), n, table=table, seed=seed
    )
    env.reset()
    return env


def hand_source(env):
    return env._asked[1]


def move(env, steps, share=0.05, seed=0):
    rng, record = np.random.default_rng(seed), []
    for _ in range(steps):
        after = env.step(rng.normal(0.0, share, (env.num_envs, env.num_actions)))
        hand, source = env.world.state.hand, hand_source(env)
        record.append(
            (hand.position_h, hand.quaternion_h, hand.twist_h, hand.error_h, hand.command_h, source.reference)
        )
        record[-1] = tuple(values.astype(float) for values in record[-1])
        assert not (after.terminated | after.truncated).any()
    return [np.stack(values) for values in zip(*record)]


def test_the_hand_is_where_mujoco_has_it_in_a_frame_that_is_level_and_heads_with_the_robot():
    env = env_of(n=2)
    for _ in range(5):
        env.step(np.random.default_rng(0).normal(0.0, 0.1, (2, 18)))
    model, data = env.world.scene.model, mujoco.MjData(env.world.scene.model)
    turn = from_rotation_vector((0.0, 0.0, 0.9))
    hand = env.world.state.hand
    for k in range(2):
        data.qpos[:], data.qvel[:] = env.world.batch.get_data(k).qpos, env.world.batch.get_data(k).qvel
        data.qpos[3:7] = multiply(turn, data.qpos[3:7])  # another heading changes nothing
        mujoco.mj_forward(model, data)
        forward = rotate(data.qpos[3:7], (1.0, 0.0, 0.0))
        heading = from_rotation_vector((0.0, 0.0, np.arctan2(forward[1], forward[0])))
        site = data.site("arm_end_effector")
        expected = rotate(conjugate(heading), site.xpos - data.qpos[:3])
        np.testing.assert_allclose(hand.position_h[k], expected, atol=4e-3)  # joints are a physics step older
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, site.xmat)
        assert np.linalg.norm(difference(multiply(conjugate(heading), quaternion), hand.quaternion_h[k])) < 0.03


def test_the_twist_is_how_the_pose_changes():
    position, quaternion, twist, *_ = move(env_of(), 40)
    speed = (position[2:] - position[:-2]) / 0.04
    turning = difference(quaternion[2:], quaternion[:-2]) / 0.04
    for found, expected in ((twist[1:-1, :, :3], speed), (twist[1:-1, :, 3:], turning)):
        scale = np.abs(expected).mean()
        assert scale > 0.01
        assert np.abs(found - expected).mean() < 0.35 * scale
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95


@pytest.mark.parametrize("axis", range(3))
def test_of_a_robot_that_turns_as_one_the_hand_moves_as_it_leans_and_not_as_it_heads(axis):
    env = env_of(n=1)
    world, turning = env.world, np.zeros(3)
    world._velocity[:], turning[axis] = 0.0, 2.0
    world._velocity[0, 3:6] = turning
    world.batch.forward(np.arange(1))
    world.read()
    hand_source(env)._look()
    leaning = turning * (1.0, 1.0, 0.0)  # the base is level
    hand = world.state.hand
    np.testing.assert_allclose(hand.twist_h[0, 3:], leaning, atol=1e-3)
    np.testing.assert_allclose(hand.twist_h[0, :3], np.cross(leaning, hand.position_h[0]), atol=1e-3)


@pytest.mark.parametrize("turning", [(2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.5, -1.0, 1.5)])
def test_of_a_leaning_robot_that_turns_as_one_too(turning):
    env = env_of(n=1)
    world, dt = env.world, 1e-4
    leaning = from_rotation_vector((0.1, 0.4, 0.0))
    world._position[0, 3:7] = leaning
    world._velocity[:] = 0.0
    world._velocity[0, 3:6] = turning  # in the base's frame
    world.batch.forward(np.arange(1))
    world.read()
    hand_source(env)._look()
    tilts = tilt_of(np.stack([leaning, multiply(leaning, from_rotation_vector(np.multiply(turning, dt)))]))
    in_base = rotate(conjugate(tilts[0]), world.state.hand.position_h[0])
    before, after = rotate(tilts[0], in_base), rotate(tilts[1], in_base)
    twist = world.state.hand.twist_h[0]
    np.testing.assert_allclose(twist[:3], (after - before) / dt, atol=1e-3)
    np.testing.assert_allclose(twist[3:], difference(tilts[1], tilts[0]) / dt, atol=1e-3)


def test_the_command_is_the_references_own_twist_and_the_errors_correction():
    env = env_of()
    command, period = env.spec.asked[1], 0.02
    position, quaternion, _, error, asked, reference = move(env, 60, share=0.01)
    np.testing.assert_allclose(error[..., :3], reference[..., :3] - position, atol=1e-5)
    np.testing.assert_allclose(error[..., 3:], difference(reference[..., 3:], quaternion), atol=1e-4)
    ahead = (reference[2:, :, :3] - reference[:-2, :, :3]) / (2.0 * period)
    turning = difference(reference[2:, :, 3:], reference[:-2, :, 3:]) / (2.0 * period)
    wanted = np.concatenate([ahead, turning], axis=2) + command.gain_per_s * error[1:-1]
    free = (np.linalg.norm(wanted[..., :3], axis=2) < command.most_m_s) & (
        np.linalg.norm(wanted[..., 3:], axis=2) < command.most_rad_s
    )
    assert free.sum() > 20
    np.testing.assert_allclose(asked[1:-1][free], wanted[free], atol=0.02)
    assert np.linalg.norm(asked[..., :3], axis=2).max() <= command.most_m_s + 1e-6


def test_a_way_begins_at_the_hand_ends_at_a_pose_that_can_be_reached_and_then_stays():
    env = env_of(n=8, table=None)
    source, command = hand_source(env), env.spec.asked[1]
    hand = env.world.state.hand
    np.testing.assert_allclose(source.reference[:, :3], hand.position_h, atol=1e-6)
    np.testing.assert_allclose(hand.error_h, 0.0, atol=1e-5)
    ages, episodes = np.zeros(8, np.int64), env._episode
    last = round(command.period_s / 0.02) - 1
    source.follow(ages + last, episodes)
    arrived = source.reference.copy()
    assert np.linalg.norm(source._goals[:, None, :3] - arrived[:, :3], axis=2).min(0).max() < 1e-6
    np.testing.assert_allclose(  # at rest, so that the twist is the correction alone
        hand.command_h[:, :3], shortened(command.gain_per_s * hand.error_h[:, :3], command.most_m_s), atol=1e-6
    )
    source.follow(ages + last + 1, episodes)  # the next way begins where this one ended
    np.testing.assert_allclose(source.reference, arrived, atol=1e-9)
    source.follow(ages + last + 31, episodes)
    assert (np.linalg.norm(source.reference[:, :3] - arrived[:, :3], axis=1) > 1e-3).all()


def test_an_episode_asks_for_the_same_in_a_batch_of_any_size():
    small, large = env_of(n=2, seed=4), env_of(n=5, seed=4)
    for _ in range(3):
        for env in (small, large):
            hand_source(env).follow(np.full(env.num_envs, 200), env._episode)
    np.testing.assert_array_equal(hand_source(small)._way[:, :3], hand_source(large)._way[:2, :3])
    assert len(np.unique(hand_source(large)._travel_s)) == 5


def test_goals_are_where_the_arm_can_be_and_the_legs_do_not_matter():
    env = env_of(n=1)
    scene = env.world.scene
    moved = joints_to(scene.model, "arm_end_effector")
    assert [name for name, carries in zip(scene.parameters.joint_names, moved) if carries] == [
        f"arm_joint{k}" for k in range(1, 7)
    ]
    still = reachable_poses(scene.model, scene.parameters, "arm_end_effector", 0.0)
    np.testing.assert_allclose(still, np.tile(still[:1], (len(still), 1)))
    poses = reachable_poses(scene.model, scene.parameters, "arm_end_effector", 0.4)
    assert (poses[:, :3].std(0) > 0.03).all()
    assert np.linalg.norm(poses[:, :3] - still[0, :3], axis=1).max() < 0.6


def test_minimum_jerk_rests_at_both_ends_and_its_rate_is_its_derivative():
    share = np.linspace(-0.2, 1.2, 281)
    done, rate = minimum_jerk(share)
    assert (done[0], done[-1], rate[0], rate[-1]) == (0.0, 1.0, 0.0, 0.0)
    np.testing.assert_allclose((done[2:] - done[:-2]) / 0.01, rate[1:-1], atol=2e-3)


def test_a_twist_is_cut_in_length_and_keeps_its_direction():
    vector = np.array([[3.0, 4.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(shortened(vector, 0.5), [[0.3, 0.4, 0.0], [0.1, 0.0, 0.0], [0.0, 0.0, 0.0]])


def test_the_tilt_is_what_is_left_without_the_heading():
    tilt, heading = from_rotation_vector((0.2, 0.1, 0.0)), from_rotation_vector((0.0, 0.0, 2.0))
    turned = np.stack([tilt, multiply(heading, tilt)])
    found = tilt_of(turned)
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)
    np.testing.assert_allclose(rotate(conjugate(found[0]), (0.0, 0.0, 1.0)), rotate(conjugate(tilt), (0.0, 0.0, 1.0)))


def test_the_heading_rate_is_how_the_heading_changes_however_the_base_leans():
    rng = np.random.default_rng(0)
    lean, turning = rng.uniform(-0.6, 0.6, (100, 3)), rng.normal(0.0, 1.0, (100, 3))
    dt, now = 1e-6, np.stack([from_rotation_vector(v) for v in lean])
    then = np.stack([multiply(from_rotation_vector(w * dt), q) for w, q in zip(turning, now)])
    changed = [difference(b, a)[2] / dt for a, b in zip(heading_of(now), heading_of(then))]
    level = np.stack([rotate(conjugate(h), w) for h, w in zip(heading_of(now), turning)])
    np.testing.assert_allclose(heading_rates(tilt_of(now), level), changed, atol=1e-5)
    assert np.abs(level[:, 2] - changed).max() > 0.3


def test_the_heading_rate_of_a_nose_that_points_down_is_finite():
    down = np.array([[np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0]])
    assert np.abs(heading_rates(tilt_of(down), np.array([[5.0, 0.0, 0.0]]))) < 51.0


def test_feet_are_to_trot_while_a_velocity_is_asked_for_and_to_stay_down_else():
    env = env_of(n=2)
    state, clock = env.world.state, env._asked[0]
    state.command[:] = [[0.3, 0.0, 0.0], [0.0, 0.0, 0.0]]
    heights = []
    for age in range(50):  # a second
        clock.follow(np.full(2, age), env._episode)
        heights.append(state.foot_height_command.copy())
    heights = np.array(heights)
    assert (heights[:, 1] == 0.0).all()
    np.testing.assert_array_equal(heights[:, 0, 0], heights[:, 0, 3])
    np.testing.assert_array_equal(heights[:, 0, 1], heights[:, 0, 2])
    assert ((heights[:, 0, 0] > 0.0) & (heights[:, 0, 1] > 0.0)).sum() == 0
    assert heights.max() == pytest.approx(env.spec.asked[0].height_m, rel=0.01)
    lifted = np.diff((heights[:, 0, 0] > 0.0).astype(int)) > 0
    assert lifted.sum() == round(env.spec.asked[0].frequency_hz)


def test_the_hands_image_is_known():
    spec = load_legged_task("twist").spec
    mirror = find_mirror(spec.robot, spec.parameters).terms(spec.critic_terms)
    first = sum(term.size for term in spec.critic_terms[:-1])
    np.testing.assert_array_equal(mirror.sign[first:], np.concatenate([POINT, AXIAL]))


@pytest.mark.parametrize(
    ("robot", "message"),
    [("go1", "names no hand: choose a robot with one, as go1_arm"), ("g1", "only a robot with four feet trots")],
)
def test_robots_that_cannot_be_asked_are_refused(robot, message):
    with pytest.raises(ConfigError, match=message):
        asked_of(robot)


def asked_of(robot):
    """The environment of the task with another robot's softer set of gains, which all of them have."""
    spec = load_legged_task("twist").spec
    made = legged_task("twist", "", robot, spec.rewards, spec.ends, spec.command, asked=spec.asked)
    return LeggedEnv(LeggedTask(made, NONE, NONE), 1)


def test_the_arms_targets_are_counted_from_a_step_of_inverse_kinematics_and_the_legs_from_their_pose():
    env = env_of(n=2)
    state, source = env.world.state, hand_source(env)
    pose, scale = (np.array(getattr(env.spec.parameters, name)) for name in ("default_pose_rad", "action_scale_rad"))
    action = np.zeros((2, 18))
    action[:, 2] = action[:, 13] = 0.25  # one action scale
    for _ in range(20):
        before = env.centre.copy()
        seen = env.step(action).observation["actor"]
        np.testing.assert_allclose(state.target[:, 13], before[:, 13] + scale[13], atol=1e-5)
        np.testing.assert_allclose(state.target[:, 2], pose[2] + scale[2], atol=1e-5)
        centre = seen[:, term_slice(env.spec.actor_terms, env.spec.centre_term)]
        np.testing.assert_array_equal(env.centre, centre)
        np.testing.assert_allclose(centre[:, :12], np.tile(pose[:12], (2, 1)), atol=1e-6)
        velocity = (centre - state.target)[:, 12:] / 0.02
        assert (np.abs(velocity) <= state.robot.velocity[12:] + 1e-3).all()
        led = (source._jacobian() @ velocity[..., None])[..., 0]
        assert np.linalg.norm(led - source.state.command_h, axis=1).max() < 0.1
    assert np.abs(velocity).max() > 0.02


def test_the_jacobian_is_mujocos_as_seen_from_the_heading_frame():
    env = env_of(n=2, table=None)
    for _ in range(5):
        env.step(np.random.default_rng(0).normal(0.0, 0.1, (2, 18)))
    env.world.batch.forward(np.arange(2))  # positions and motion of the same moment
    found, model = hand_source(env)._jacobian(), env.world.scene.model
    for k in range(2):
        data, whole = mujoco.MjData(model), np.zeros((6, model.nv))
        data.qpos[:] = env.world.batch.get_data(k).qpos
        mujoco.mj_forward(model, data)
        mujoco.mj_jacSite(model, data, whole[:3], whole[3:], model.site("arm_end_effector").id)
        back = conjugate(heading_of(data.qpos[None, 3:7]))[0]
        expected = np.concatenate([rotate(back, part.T).T for part in (whole[:3, 18:], whole[3:, 18:])])
        np.testing.assert_allclose(found[k], expected, atol=1e-5)


def test_damped_joint_velocities_give_the_twist_and_stay_finite_where_it_cannot_be_given():
    rng = np.random.default_rng(0)
    jacobian, twist = rng.normal(size=(5, 6, 6)), rng.normal(size=(5, 6))
    jacobian[0, :, 0] = jacobian[0, :, 1]  # singular
    velocity = joint_velocities(jacobian, twist)
    assert np.linalg.norm(velocity, axis=1).max() < 100.0
    for k in range(5):
        cost = jacobian[k].T @ jacobian[k] + 0.05**2 * np.eye(6)
        np.testing.assert_allclose(velocity[k], np.linalg.solve(cost, jacobian[k].T @ twist[k]), rtol=1e-6, atol=1e-9)


def test_an_arm_that_is_only_led_follows_while_the_robot_stands():
    """Actions of zero: the twist alone brings the hand along, to a few centimetres."""
    env = env_of(n=4)
    missed = [env.step(np.zeros((4, 18))).asked_errors for _ in range(120)]
    late = {name: np.median([errors[name] for errors in missed[50:]]) for name in missed[0]}
    assert late["position_error_m"] < 0.05
    assert late["orientation_error_deg"] < 6.0
