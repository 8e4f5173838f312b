import numpy as np
import pytest

from calibration.recording.record import STREAM_UNITS, WIDTHS, Recording, Stream, make_stream
from sim.errors import ConfigError


def test_bad_rows_are_left_out_and_times_rise():
    stream = make_stream("gyro", np.array([0.0, 1.0, 1.0, 0.5, 2.0, 3.0]), np.arange(18.0).reshape(6, 3))
    assert stream.time_s.tolist() == [0.0, 1.0, 2.0, 3.0]
    broken = np.zeros((3, 3))
    broken[1, 2] = np.nan
    assert make_stream("gyro", np.arange(3.0), broken).time_s.tolist() == [0.0, 2.0]
    assert (stream.unit, stream.frame) == STREAM_UNITS["gyro"]


@pytest.mark.parametrize(
    ("time_s", "values"),
    [([0.0, 0.0], [[1.0], [2.0]]), ([0.0, 1.0], [[1.0], [np.nan]]), ([0.0, 1.0], [[1.0]])],
)
def test_a_stream_refuses_what_it_cannot_be(time_s, values):
    with pytest.raises(ConfigError):
        Stream(np.array(time_s), np.array(values), "m", "world")


def test_a_recording_refuses_other_names_and_widths():
    rows = make_stream("gyro", np.arange(3.0), np.zeros((3, 3)))
    with pytest.raises(ConfigError, match="unknown stream 'gyroscope'; choose one of: gyro"):
        Recording("crazyflie", None, {"gyroscope": rows}, (), "x", "")
    with pytest.raises(ConfigError, match="'attitude' has 3 columns, expected 4"):
        Recording("crazyflie", None, {"attitude": rows}, (), "x", "")
    with pytest.raises(ConfigError, match="holds no 'position'; it holds: gyro"):
        Recording("crazyflie", None, {"gyro": rows}, (), "x", "").stream("position")
    assert set(WIDTHS) < set(STREAM_UNITS)


def test_between_cuts_all_streams(flight):
    cut = flight.between(5.0, 7.5)
    assert cut.start_s == pytest.approx(5.0, abs=0.02)
    assert cut.duration_s == pytest.approx(2.5, abs=0.02)
    assert set(cut.streams) == set(flight.streams)
