"""The controller on board in the batch: signs, trims, and the same law as the virtual robot's."""

import dataclasses

import numpy as np
import pytest

from hardware.virtual.multirotor.estimator import Estimate
from hardware.virtual.multirotor.setpoint import Mode, Setpoint
from hardware.virtual.multirotor.stock_controller import StockController
from sim.envs.multirotor import MultirotorEnv
from sim.envs.onboard import CascadedPid, Direct, onboard_controller
from sim.errors import ConfigError
from sim.flight import cascade, crazyflie_pid
from sim.randomization import NOMINAL_TABLE, RandomizationTable, sample
from sim.tasks import _offboard as offboard
from sim.tasks import hover, hover_attitude, hover_position, hover_rates, hover_velocity

NOMINAL = hover_attitude.NOMINAL
HOVER = np.float32(hover_attitude.TASK.action.nominal)


def level_start(n):
    start = np.zeros((n, 17), np.float32)
    start[:, 3], start[:, 13:] = 1.0, NOMINAL.hover_command
    return start


def fly(command, seconds=0.5, table=NOMINAL_TABLE, n=1):
    env = MultirotorEnv(hover_attitude, n, table=table, threads=1)
    env.begin(np.arange(n), sample(table, NOMINAL, np.random.default_rng(0), n), level_start(n))
    for _ in range(round(seconds / 0.02)):
        env.step(np.tile(HOVER + np.float32(command), (n, 1)))
    return env


@pytest.mark.parametrize(
    ("command", "moves"),
    [
        ((0.2, 0.0, 0.0, 0.0), {"y": -1}),
        ((0.0, 0.2, 0.0, 0.0), {"x": 1}),
        ((0.0, 0.0, 0.0, 0.1), {"z": 1}),
    ],
)
def test_signs_roll_to_the_right_pitch_ahead_thrust_up(command, moves):
    velocity = dict(zip("xyz", fly(command).state[0, 7:10]))
    for axis, value in velocity.items():
        wanted = moves.get(axis, 0)
        assert np.sign(value) == wanted if wanted else abs(value) < 0.15
    assert max(abs(value) for value in velocity.values()) > 0.2


def test_a_positive_yaw_rate_turns_counter_clockwise():
    quaternion = fly((0.0, 0.0, 1.0, 0.0), seconds=1.5).state[0, 3:7]
    assert 0.3 < 2.0 * np.arctan2(quaternion[3], quaternion[0]) < 1.6


def rates(p, q, r, thrust):
    return Setpoint(tilt=Mode.VELOCITY, yaw=Mode.VELOCITY, roll_rate=p, pitch_rate=q, yaw_rate=r, thrust=thrust)


def attitude(roll, pitch, yaw_rate, thrust):
    return Setpoint(tilt=Mode.ABSOLUTE, yaw=Mode.VELOCITY, roll=roll, pitch=pitch, yaw_rate=yaw_rate, thrust=thrust)


def velocity(ahead, left, up, yaw_rate):
    return Setpoint(
        Mode.VELOCITY, Mode.VELOCITY, yaw=Mode.VELOCITY,
        velocity=(ahead, left, up), velocity_in_body=True, yaw_rate=yaw_rate,
    )  # fmt: skip


def position(x, y, z, yaw):
    return Setpoint(Mode.ABSOLUTE, Mode.ABSOLUTE, yaw=Mode.ABSOLUTE, position_w=(x, y, z), heading=yaw)


@pytest.mark.parametrize(
    ("task", "setpoint"),
    [(hover_rates, rates), (hover_attitude, attitude), (hover_velocity, velocity), (hover_position, position)],
)
def test_it_is_the_law_of_the_virtual_robot_step_by_step(task, setpoint):
    rng = np.random.default_rng(3)
    drawn, action = sample(NOMINAL_TABLE, NOMINAL, rng, 1), task.TASK.action
    batch, single = CascadedPid(action.level, NOMINAL, 1, 0.002), StockController(NOMINAL)
    batch.restart(np.arange(1), np.zeros((1, 4), np.float32), drawn)
    worst, place = 0.0, np.float32([[0.3, -0.2, 0.1]])
    for _ in range(200):
        rigid = task.sample_start(rng, 1)[:, :13]
        rigid[0, 10:13] = rng.normal(size=3)
        command = rng.uniform(action.low, action.high).astype(np.float32)
        parts = (tuple(rigid[0, part].tolist()) for part in (slice(0, 3), slice(7, 10), slice(3, 7), slice(10, 13)))
        sent = command.tolist()
        if task is hover_position:
            yaw = np.arctan2(*(2 * rigid[0, [6, 5]] @ rigid[0, [3, 4]], 1 - 2 * (rigid[0, [5, 6]] ** 2).sum()))
            turned = complex(*sent[:2]) * np.exp(1j * yaw)
            sent = [place[0, 0] + turned.real, place[0, 1] + turned.imag, place[0, 2] + sent[2], sent[3]]
        expected = single.step(0.002, Estimate(*parts), setpoint(*sent), level_out=False)
        worst = max(worst, np.abs(batch.motors(rigid, command[None], place)[0] - expected).max())
    assert worst < 1e-4


def test_an_unbalanced_airframe_begins_trimmed():
    table = RandomizationTable("unbalanced", tuple(
        term for term in offboard.AIRFRAME if term.parameter in ("motor_gain", "centre_of_mass_xy")
    ))  # fmt: skip
    env = fly((0.0,) * 4, seconds=1.0, table=table, n=50)
    cosine = 1.0 - 2.0 * (env.state[:, 4] ** 2 + env.state[:, 5] ** 2)
    assert np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))).max() < 6.0
    torque = cascade.unequal_rotors(env.sample)[:, :2] / np.array(NOMINAL.inertia[:2])
    assert np.abs(torque).max() > 30.0, "there was something to trim"


def test_at_full_thrust_torque_goes_before_thrust():
    constants, command = crazyflie_pid.constants(NOMINAL), np.zeros(4)
    memory = crazyflie_pid.memory(4, 1.0)
    crazyflie_pid.rates_to_motors(
        0.001, NOMINAL.max_thrust, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, constants, memory, command
    )
    assert command.max() == 1.0
    left, right = command[[2, 3]], command[[0, 1]]
    assert np.all(left > right + 0.025), "the difference that the rates ask for; cut at 1 it would be half of it"


def test_the_integral_is_bounded_and_nan_is_not_hidden():
    constants, memory, command = crazyflie_pid.constants(NOMINAL), crazyflie_pid.memory(4), np.zeros(4)
    for _ in range(3000):
        crazyflie_pid.rates_to_motors(0.01, 0.2, 6.0, -6.0, 2.0, 0.0, 0.0, 0.0, 1.0, constants, memory, command)
    assert memory[crazyflie_pid.TRIM_ROLL] == crazyflie_pid.MAX_TRIM == -memory[crazyflie_pid.TRIM_PITCH]
    assert np.all((command >= crazyflie_pid.MIN_COMMAND) & (command <= 1.0))
    assert np.isnan(crazyflie_pid.clip(np.nan, 1.0))


def test_each_level_has_its_controller():
    assert isinstance(onboard_controller(hover.TASK, NOMINAL, 1, 0.005), Direct)
    for task in (hover_rates, hover_attitude, hover_velocity, hover_position):
        assert onboard_controller(task.TASK, NOMINAL, 1, 0.002).level == cascade.CASCADE[task.TASK.action.level]
    action = dataclasses.replace(hover.TASK.action, level="joint_position")
    with pytest.raises(ConfigError, match="joint_position"):
        onboard_controller(dataclasses.replace(hover.TASK, action=action), NOMINAL, 1, 0.005)


def test_loop_gains_reach_the_loops():
    drawn = sample(NOMINAL_TABLE, NOMINAL, np.random.default_rng(0), 2)
    drawn.attitude_gain[1] = 1.5
    batch = CascadedPid("attitude_thrust", NOMINAL, 2, 0.002)
    batch.restart(np.arange(2), np.full((2, 4), NOMINAL.hover_command, np.float32), drawn)
    rigid = level_start(2)[:, :13]
    motors = batch.motors(rigid, np.tile(HOVER + np.float32([0.05, 0, 0, 0]), (2, 1)), np.zeros((2, 3), np.float32))
    spread = motors[:, 3] - motors[:, 0]
    assert spread[1] == pytest.approx(1.5 * spread[0], rel=0.02)
