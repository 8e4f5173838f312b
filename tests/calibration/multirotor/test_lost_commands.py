"""Commands that a log lost are predicted from the past alone, with an honest error."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.multirotor.lost_commands import fill
from calibration.recording.record import make_stream

TIME_S = 0.01 * np.arange(3000)


def streams(lost=()):
    rng = np.random.default_rng(1)
    command = np.empty((3000, 2))
    command[0] = 0.5
    for k in range(1, 3000):
        command[k] = 0.5 + 0.9 * (command[k - 1] - 0.5) + 0.01 * rng.standard_normal(2)
    kept = ~np.isin(np.arange(3000), lost)
    gyro = make_stream("gyro", TIME_S, rng.standard_normal((3000, 3)))
    return make_stream("motor_command", TIME_S[kept], command[kept]), gyro, command


def test_a_whole_log_stays_as_it_is():
    logged, gyro, command = streams()
    time_s, values, error = fill(logged, gyro)
    assert np.array_equal(values, command)
    assert np.array_equal(time_s, TIME_S)
    assert not error.any()


def test_a_lost_command_is_the_expected_one_and_its_error_the_real_one():
    lost = [k + j for k in range(100, 2900, 40) for j in range(4)]
    logged, gyro, command = streams(lost)
    time_s, values, error = fill(logged, gyro)
    assert time_s == pytest.approx(TIME_S)
    lost = np.array(lost)
    wrong = values[lost] - command[lost]
    for lead in range(4):
        expected = 0.01 * np.sqrt((1.0 - 0.81 ** (lead + 1)) / (1.0 - 0.81))
        assert np.sqrt((wrong[lead::4] ** 2).mean()) == pytest.approx(expected, rel=0.2)
        assert error[lost[lead]] == pytest.approx(expected, rel=0.15)
    assert values[lost[0]] - 0.5 == pytest.approx(0.9 * (command[lost[0] - 1] - 0.5), abs=0.004)


def test_nothing_after_a_gap_is_used():
    lost = [1000, 1001]
    logged, gyro, command = streams(lost)
    before = fill(logged, gyro)[1][1000]
    later = np.where(TIME_S[:, None] > 10.015, 1.0 - command, command)[~np.isin(np.arange(3000), lost)]
    after = fill(make_stream("motor_command", logged.time_s, later), gyro)[1][1000]
    assert after == pytest.approx(before, abs=0.02)
