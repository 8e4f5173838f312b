"""Smoothness of commands and recovery of throws, followed through made-up flights."""

import numpy as np
import pytest

from policies.flight_records import CommandChange, Recovery
from sim.spec import RecoveryCriterion
from sim.tasks import hover, hover_attitude

CRITERION = RecoveryCriterion(within_s=0.3, tilt_rad=np.radians(20.0), speed_m_s=1.0, angular_rate_rad_s=2.0)


def flight(count=1, **columns):
    """States of robots at rest, level, at the origin, with some columns replaced."""
    state = np.zeros((count, 17))
    state[:, 3] = 1.0
    for name, value in columns.items():
        state[:, int(name[1:])] = value
    return state


def recovered_s(states):
    record = Recovery(CRITERION, np.zeros(len(states[0])))
    for step, state in enumerate(states):
        record.add(0.1 * (step + 1), state)
    return record


def test_steady_commands_do_not_change_and_the_first_counts_from_the_nominal():
    record = CommandChange(hover.TASK.action, 1)
    nominal = np.array([hover.TASK.action.nominal], np.float32)
    for _ in range(4):
        record.add(nominal + np.float32(0.1), np.ones(1, bool))
    assert record.rms() == pytest.approx(0.1 / 2.0, rel=1e-5)  # one change of 0.1 in four steps


def test_changes_are_fractions_of_each_channel_s_range():
    action = hover_attitude.TASK.action
    record = CommandChange(action, 1)
    span = np.array(action.high) - np.array(action.low)
    record.add((np.array(action.nominal) + 0.2 * span)[None], np.ones(1, bool))
    assert record.rms() == pytest.approx(0.2, rel=1e-5)


def test_a_flight_that_ended_changes_its_commands_no_more():
    record = CommandChange(hover.TASK.action, 2)
    for value in (0.0, 1.0, 0.0, 1.0):
        record.add(np.full((2, 4), value, np.float32), np.array([True, False]))
    assert record.rms()[0] > 0.5
    assert record.rms()[1] == 0.0


@pytest.mark.parametrize(
    ("column", "value"),
    [("c4", np.sin(np.radians(10.1))), ("c5", -np.sin(np.radians(10.1))), ("c7", 1.01), ("c12", -2.01), ("c9", np.nan)],
)
def test_recovered_is_the_moment_after_the_last_that_broke_a_limit(column, value):
    calm, wild = flight(), flight(**{column: value})
    assert recovered_s([calm, calm]).recovered_s == 0.0
    assert recovered_s([wild, calm, calm]).recovered_s == pytest.approx(0.2)
    assert recovered_s([calm, wild, calm, wild, calm]).recovered_s == pytest.approx(0.5)
    assert recovered_s([calm, wild]).recovered_s == np.inf


def test_within_the_limits_is_recovered():
    sine = np.sin(np.radians(9.9))
    assert recovered_s([flight(c4=sine, c7=0.9, c10=1.9)]).recovered_s == 0.0


def test_in_time_or_too_late():
    wild, calm = flight(c7=2.0), flight()
    assert recovered_s([wild, wild, calm, calm]).in_time.tolist() == [True]
    assert recovered_s([wild, wild, wild, calm]).in_time.tolist() == [False]


def test_height_lost_is_the_deepest_below_the_start():
    record = Recovery(CRITERION, np.array([1.0, -2.0]))
    for height in (0.5, -0.25, 0.75):
        record.add(0.1, flight(2, c2=height))
    assert record.height_lost_m.tolist() == [1.25, 0.0]
