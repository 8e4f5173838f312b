"""Action levels: commands as fractions of their range, and the plant each of them moves."""

import dataclasses

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.flight import cascade
from sim.flight.levels import fractions, level_of
from sim.flight.plant import CascadePlant, RotorPlant
from sim.randomization import NOMINAL_TABLE, sample
from sim.tasks import hover, hover_attitude, hover_position, hover_rates, hover_velocity

TASKS = pytest.mark.parametrize(
    "task", [hover, hover_rates, hover_attitude, hover_velocity, hover_position], ids=lambda task: task.TASK.name
)


@TASKS
def test_ends_of_the_range_are_zero_and_one_and_rotor_commands_stay_what_they_are(task):
    action = task.TASK.action
    np.testing.assert_array_equal(fractions(action.low, action), np.zeros(4))
    np.testing.assert_array_equal(fractions(action.high, action), np.ones(4))
    command = np.random.default_rng(0).random((5, 4)).astype(np.float32)
    np.testing.assert_array_equal(fractions(command, hover.TASK.action), command)


@TASKS
def test_the_hover_command_holds_the_nominal_airframe_still(task):
    level, nominal, spec = level_of(task.TASK), task.NOMINAL, task.TASK
    drawn = sample(NOMINAL_TABLE, nominal, np.random.default_rng(0), 2)
    state = np.zeros((2, 17), np.float32)
    state[:, 3], state[:, 13:] = 1.0, nominal.hover_command
    level.begin(state, nominal)
    command = np.tile(fractions(level.hover_action(nominal), spec.action), (2, 1))
    np.testing.assert_allclose(level.trim(drawn, nominal), np.tile(level.hover_action(nominal), (2, 1)), rtol=1e-5)
    packed = level.pack(drawn, nominal, spec)
    for _ in range(100):
        state = level.step(state, command, packed)
    assert np.abs(state[:, :3]).max() < 1e-3
    assert spec.action.nominal == pytest.approx(level.hover_action(nominal))


def test_plants():
    assert isinstance(level_of(hover.TASK).plant(np.zeros((2, 57), np.float32)), RotorPlant)
    assert level_of(hover_attitude.TASK).plant is CascadePlant


def test_an_airframe_too_heavy_to_hover_has_no_trim():
    drawn = sample(NOMINAL_TABLE, hover.NOMINAL, np.random.default_rng(0), 3)
    drawn.flight.mass[1] *= 3.0
    for task in (hover, hover_rates, hover_velocity):
        trim = level_of(task.TASK).trim(drawn, task.NOMINAL)
        assert np.isnan(trim).any(axis=1).tolist() == [False, True, False]


def test_rotor_speeds_become_thrust():
    state = np.zeros((3, 17), np.float32)
    state[:, 13:] = np.float32([[0.0], [hover.NOMINAL.hover_command], [1.0]])
    cascade.begin(state, hover.NOMINAL)
    assert state[:, 16] == pytest.approx([0.0, 1.0 / hover.NOMINAL.thrust_to_weight, 1.0], rel=1e-5)
    assert np.all(state[:, 13:16] == 0.0)


def test_a_level_without_a_plant_is_refused():
    action = dataclasses.replace(hover.TASK.action, level="joint_position")
    with pytest.raises(
        ConfigError, match=r"'joint_position'.*motor, rates_thrust, attitude_thrust, velocity, position"
    ):
        level_of(dataclasses.replace(hover.TASK, action=action))
