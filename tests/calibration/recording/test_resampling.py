import numpy as np
import pytest

from calibration.recording.gaps import find_gaps, gap_warnings, missing_rows
from calibration.recording.record import Recording, make_stream
from calibration.recording.resample import resample
from sim.errors import ConfigError
from sim.quaternions import from_rotation_vector, to_rotation_vector


def recording(**streams):
    made = {name: make_stream(name, *rows) for name, rows in streams.items()}
    return Recording("crazyflie", None, made, (), "x", "")


def without(time_s, start, end):
    return time_s[(time_s <= start) | (time_s >= end)]


def test_gaps_are_found_counted_and_said():
    time_s = without(np.arange(1000) * 0.01, 3.0, 3.5)
    log = recording(gyro=(time_s, np.zeros((len(time_s), 3))))
    (gap,) = find_gaps(log.stream("gyro"))
    assert (gap.start_s, gap.end_s) == pytest.approx((3.0, 3.5))
    assert missing_rows(log.stream("gyro")) == 49
    (text,) = gap_warnings(log)
    assert text == "gyro: 1 gap, the longest 0.50 s at 3.00 s; 4.9% of its rows are missing"
    even = recording(gyro=(np.arange(1000) * 0.01, np.zeros((1000, 3))))
    assert gap_warnings(even) == ()


def test_single_rows_that_are_missing_are_said():
    time_s = np.delete(np.arange(1000) * 0.01, [100, 200, 300])
    log = recording(gyro=(time_s, np.zeros((len(time_s), 3))))
    assert find_gaps(log.stream("gyro")) == []
    assert gap_warnings(log) == ("gyro: 3 single rows dropped out, 0.3%",)


def test_sensors_are_interpolated_commands_held_and_gaps_marked():
    slow, fast = np.arange(101) * 0.1, without(np.arange(1001) * 0.01, 4.0, 4.6)
    log = recording(
        position=(slow, np.stack([slow, 2.0 * slow, -slow], axis=1)),
        motor_command=(slow, np.floor(slow + 1e-9)[:, None].repeat(4, axis=1)),
        gyro=(fast, np.zeros((len(fast), 3))),
    )
    grid = resample(log, ("position", "motor_command", "gyro"))
    assert np.allclose(np.diff(grid.time_s), 0.01)
    assert np.allclose(grid["position"], np.stack([grid.time_s, 2.0 * grid.time_s, -grid.time_s], axis=1))
    inside = np.abs(grid.time_s - np.round(grid.time_s)) > 0.05  # away from the edges, where rounding decides
    assert np.array_equal(grid["motor_command"][inside, 0], np.floor(grid.time_s[inside]))
    marked = grid.time_s[~grid.valid]
    assert marked.min() > 4.0
    assert marked.max() < 4.6
    assert grid.statement.startswith(
        "resampled to 100 Hz from position 10 Hz, motor_command 10 Hz, gyro 100 Hz; 6.0% lies in"
    )


def test_quaternions_take_the_shorter_way():
    angle = np.linspace(0.0, 2.0, 21)
    rows = from_rotation_vector(angle[:, None] * np.array([0.6, 0.0, 0.8]))
    rows[::2] *= -1.0  # the same rotations
    log = recording(attitude=(angle, rows))
    grid = resample(log, ("attitude",), rate_hz=100.0)
    turned = np.linalg.norm(to_rotation_vector(grid["attitude"]), axis=1)
    assert np.allclose(turned, grid.time_s, atol=1e-4)


def test_streams_that_do_not_overlap_are_refused():
    log = recording(gyro=(np.arange(100) * 0.01, np.zeros((100, 3))), battery=(50.0 + np.arange(10), np.zeros(10)))
    with pytest.raises(ConfigError, match=r"gyro, battery overlap for 0\.00 s only"):
        resample(log, ("gyro", "battery"))
