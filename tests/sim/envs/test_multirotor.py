import dataclasses

import numpy as np
import pytest

from sim.distributions import Constant
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import load_flight_task
from sim.errors import ConfigError
from sim.flight import kernel
from sim.randomizable import SENSORS_AND_CLOCKS
from sim.randomization import NOMINAL_TABLE, RandomizationTable, Term, sample
from sim.tasks import hover

STILL = dataclasses.replace(hover.EVALUATION_TABLE, name="no delay, no noise", noise_std=(), terms=tuple(
    term for term in hover.EVALUATION_TABLE.terms if term.parameter not in SENSORS_AND_CLOCKS
))  # fmt: skip
"""All airframes, disturbances and gusts of the evaluation, seen and moved at once."""


def commands(steps, n, seed=0):
    rng = np.random.default_rng(seed)
    return (hover.NOMINAL.hover_command + rng.uniform(-0.15, 0.15, (steps, n, 4))).astype(np.float32)


def test_it_flies_like_the_flight_kernel_for_every_airframe():
    """RK4 against RK4 on the same rotor model: float32 rounding is nearly all that differs."""
    n, steps = 64, 50
    env = MultirotorEnv(hover, n, table=STILL, seed=3, threads=1)
    state, packed = env.state, env.sample.flight.packed(0.005)
    for command in commands(steps, n):
        env.step(command)
        for _ in range(2):
            state = kernel.step(state, command, packed, env.wind_w)
    state[:, 3:7] *= np.sign((state[:, 3:7] * env.state[:, 3:7]).sum(axis=1, keepdims=True))
    error = np.abs(state - env.state).max(axis=0)
    assert error[0:3].max() < 1e-5  # m
    assert error[3:7].max() < 1e-4
    assert error[7:10].max() < 1e-4  # m/s
    assert error[10:13].max() < 5e-4  # rad/s
    assert error[13:17].max() < 1e-6
    assert np.abs(env.state[:, 10:13]).max() > 30.0  # the comparison covers violent tumbling


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.01, 0.02])
def test_motors_answer_after_the_action_delay(delay):
    table = RandomizationTable("delay", (Term("action_delay_s", Constant(delay), "set", "test"),))
    env = MultirotorEnv(hover, 1, table=table, threads=1)
    start = hover.sample_start(np.random.default_rng(0), 1)
    start[:, 13:] = hover.NOMINAL.hover_command
    env.begin(np.arange(1), sample(table, hover.NOMINAL, np.random.default_rng(0), 1), start)
    env.step(np.ones((1, 4), np.float32))
    moved = env.rotor_speed[0, 0] - start[0, 13]
    # The last (period - delay) of this period reaches the motors; a substep averages its command.
    assert moved == pytest.approx((1 - start[0, 13]) * (1 - np.exp(-max(0.01 - delay, 0) / 0.15)), rel=0.02, abs=1e-7)


def test_observations_are_late_by_their_delay():
    table = RandomizationTable("late", (Term("observation_delay_s", Constant(0.005), "set", "test"),))
    late = MultirotorEnv(hover, 8, table=table, seed=2, threads=1)
    prompt = MultirotorEnv(hover, 8, table=NOMINAL_TABLE, seed=2, threads=1)
    assert np.array_equal(late.observation, prompt.observation)  # the start is all there was before
    fine = MultirotorEnv(hover, 8, table=NOMINAL_TABLE, seed=2, threads=1, physics_step_s=0.005)
    for command in commands(20, 8):
        before = fine.state
        late.step(command)
        prompt.step(command)
        half = kernel.step(before, command, fine.sample.flight.packed(0.005))
        fine.step(command)
        assert late.observation[:, 0:3] == pytest.approx(half[:, 0:3], abs=1e-4)
        assert late.observation[:, 12:15] == pytest.approx(half[:, 7:10], abs=1e-3)
    assert np.abs(late.observation - prompt.observation).max() > 1e-3


def test_applied_action_is_the_clipped_command_of_the_last_period():
    env = MultirotorEnv(hover, 3, threads=1)
    assert env.observation[:, 18:] == pytest.approx(np.full((3, 4), hover.NOMINAL.hover_command), abs=1e-6)
    env.step(np.tile(np.array([-1.0, 0.25, 0.5, 9.0], np.float32), (3, 1)))
    assert env.observation[:, 18:].tolist() == [[0.0, 0.25, 0.5, 1.0]] * 3


def test_critic_sees_the_truth_in_the_order_of_its_terms():
    env = MultirotorEnv(hover, 16, table=hover.EVALUATION_TABLE, seed=7, threads=1)
    for command in commands(10, 16):
        env.step(command)
    critic = env.critic_observation()
    assert critic.shape == (16, hover.TASK.critic_size)
    columns, begin = {}, 0
    for term in hover.CRITIC_TERMS:
        columns[term.name] = critic[:, begin : begin + term.size]
        begin += term.size
    flight = env.sample.flight
    assert np.array_equal(columns["position_error_w"], env.state[:, 0:3])
    assert np.array_equal(columns["angular_velocity_b"], env.state[:, 10:13])
    assert np.array_equal(columns["rotor_speed"], env.rotor_speed)
    assert np.array_equal(columns["force_disturbance_w"], flight.force_w)
    assert np.array_equal(columns["mass"][:, 0], flight.mass)
    assert np.array_equal(columns["centre_of_mass_b"], flight.centre_of_mass_b)
    assert columns["thrust_scale"][:, 0] == pytest.approx(flight.thrust_curve[:, 2] / hover.NOMINAL.thrust_curve[2])
    assert np.array_equal(columns["motor_time_constants"][:, 1], flight.motor_fall_s)
    assert np.array_equal(columns["delays"][:, 0], env.sample.action_delay_s)
    assert np.abs(critic[:, 0:18] - env.observation[:, 0:18]).max() > 1e-4  # the actor's is late and noisy


def test_results_do_not_depend_on_the_number_of_threads():
    one, two = (MultirotorEnv(hover, 33, table=hover.EVALUATION_TABLE, seed=5, threads=k) for k in (1, 2))
    for command in commands(40, 33):
        assert np.array_equal(one.step(command), two.step(command))
    assert np.array_equal(one.state, two.state)


def test_the_seed_decides_everything():
    same = [MultirotorEnv(hover, 4, seed=k, threads=1) for k in (5, 5, 6)]
    for command in commands(5, 4):
        for env in same:
            env.step(command)
    assert np.array_equal(same[0].observation, same[1].observation)
    assert not np.array_equal(same[0].observation, same[2].observation)


def test_a_partial_reset_leaves_the_others_alone():
    env = MultirotorEnv(hover, 6, seed=1, threads=1)
    for command in commands(10, 6):
        env.step(command)
    before, mass = env.state, env.sample.flight.mass.copy()
    ids = np.array([1, 4])
    env.reset(ids)
    rest = np.setdiff1d(np.arange(6), ids)
    assert np.array_equal(env.state[rest], before[rest])
    assert np.array_equal(env.sample.flight.mass[rest], mass[rest])
    assert np.all(env.sample.flight.mass[ids] != mass[ids])
    assert np.all(env.rotor_speed[ids] == 0.5)
    assert np.all(np.abs(env.state[ids, 0:3]) <= 0.2)


def test_inactive_bodies_stand_still():
    env = MultirotorEnv(hover, 4, seed=1, threads=1)
    before = env.state
    active = np.array([True, False, True, False])
    for command in commands(5, 4):
        env.step(command, active)
    moved = np.any(env.state[:, :13] != before[:, :13], axis=1)
    assert moved.tolist() == active.tolist()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_command_that_is_no_number_stops_its_own_motors_only(bad):
    env = MultirotorEnv(hover, 3, table=NOMINAL_TABLE, seed=1, threads=1)
    command = np.full((3, 4), 0.6, np.float32)
    command[1, 2] = bad
    env.step(command)
    assert env.invalid_action.tolist() == [False, True, False]
    assert env.applied_action[1].tolist() == [0.0] * 4
    assert np.isfinite(env.state).all()
    env.step(np.full((3, 4), 0.6, np.float32))
    assert not env.invalid_action.any()


def test_bad_input_is_one_line():
    with pytest.raises(ConfigError, match="shape"):
        MultirotorEnv(hover, 3, threads=1).step(np.zeros((2, 4), np.float32))
    with pytest.raises(ConfigError, match="parameter set"):
        MultirotorEnv(hover, 1, parameter_set="balloon")
    with pytest.raises(ConfigError, match="does not divide"):
        MultirotorEnv(hover, 1, physics_step_s=0.003)
    slow = RandomizationTable("slow", (Term("action_delay_s", Constant(0.2), "set", "test"),))
    with pytest.raises(ConfigError, match="latency budget"):
        MultirotorEnv(hover, 1, table=slow)
    with pytest.raises(ConfigError, match="unknown task"):
        load_flight_task("swim")
