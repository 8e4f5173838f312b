"""Tasks flown by other robots: their motors, their lengths, their starts, in MuJoCo."""

from __future__ import annotations

import numpy as np
import pytest

from sim.envs.multirotor import MultirotorEnv
from sim.envs.other_robot import with_robot
from sim.envs.task import draw_starts, load_flight_task
from sim.errors import ConfigError
from sim.randomization import NOMINAL_TABLE, sample
from sim.registry import load_robot, robot_names
from sim.spec import MultirotorParameters

OTHERS = [
    name
    for name in robot_names()
    if name != "crazyflie" and isinstance(load_robot(name).parameters(), MultirotorParameters)
]


@pytest.mark.parametrize("name", OTHERS)
def test_hover_command_holds_every_robot(name):
    task = load_flight_task("hover", name)
    env = MultirotorEnv(task, 2, table=NOMINAL_TABLE)
    robot = load_robot(name).parameters()
    start = np.zeros((2, 13 + robot.num_rotors), np.float32)
    start[:, 3], start[:, 13:] = 1.0, robot.hover_speed
    env.begin(np.arange(2), sample(NOMINAL_TABLE, robot, np.random.default_rng(0), 2), start)
    for _ in range(50):
        observation = env.step(np.tile(np.array(task.TASK.action.nominal, np.float32), (2, 1)))
    assert np.abs(env.position_w).max() < 1e-3
    assert observation.shape == (2, 18 + robot.num_rotors)
    assert env.critic_observation().shape == (2, task.TASK.critic_size)


def test_lengths_of_the_tables_grow_with_the_robot():
    own, other = load_flight_task("hover"), load_flight_task("hover", "x500")
    arms = 0.174 / 0.028
    for name in ("centre_of_mass_xy", "torque_per_weight"):
        before, after = own.EVALUATION_TABLE.term(name), other.EVALUATION_TABLE.term(name)
        for field in vars(before.distribution):
            assert getattr(after.distribution, field) == pytest.approx(arms * getattr(before.distribution, field))
    assert other.EVALUATION_TABLE.term("mass") == own.EVALUATION_TABLE.term("mass")
    assert other.EVALUATION_TABLE.hash() != own.EVALUATION_TABLE.hash()


def test_own_robot_changes_nothing():
    task = load_flight_task("hover")
    assert with_robot(task, "crazyflie") is task


def test_starts_have_a_speed_per_rotor():
    task = load_flight_task("hover", "hexarotor")
    flight = sample(task.EVALUATION_TABLE, task.NOMINAL, np.random.default_rng(0), 30).flight
    start = draw_starts(task, np.random.default_rng(1), flight)
    assert start.shape == (30, 19)
    np.testing.assert_array_equal(start[:, 13:], 0.5)


def test_task_for_all_airframes_takes_the_spread_of_one():
    task = load_flight_task("any_airframe", "x500")
    assert task.EVALUATION_TABLE.term("size") is None
    assert task.EVALUATION_TABLE.as_data() == load_flight_task("hover", "x500").EVALUATION_TABLE.as_data()
    assert load_flight_task("any_airframe", "crazyflie").NOMINAL.name == "l2f_paper"
    assert load_flight_task("any_airframe").NOMINAL.name == "any"


@pytest.mark.parametrize(
    ("task", "robot", "why"),
    [
        ("hover", "g1", "robot 'g1' does not fly"),
        ("hover", "x5000", r"unknown robot 'x5000' \(did you mean 'x500'\?\)"),
        ("hover_attitude", "x500", "commands the controller on board of robot 'crazyflie'"),
        ("any_airframe", "hexarotor", "is for 4 rotors; robot 'hexarotor' has 6"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(task, robot, why):
    with pytest.raises(ConfigError, match=why):
        load_flight_task(task, robot)
