import numpy as np
import pytest

from calibration.recording.align import align
from calibration.recording.clocks import fit_line, measure_lag, unwrap_counter
from calibration.recording.suspicions import pose_lag


def test_the_line_between_two_clocks_is_found_through_late_packets():
    rng = np.random.default_rng(0)
    theirs = np.arange(6000) * 0.01
    ours = 12.5 + (1.0 + 300e-6) * theirs + 1e-3 * rng.standard_normal(6000)
    late = rng.random(6000) < 0.1
    ours[late] += rng.exponential(0.2, late.sum())
    line = fit_line(theirs, ours)
    assert line.drift == pytest.approx(300e-6, abs=5e-6)
    assert line.ours(np.array([30.0]))[0] == pytest.approx(12.5 + 30.0 * (1.0 + 300e-6), abs=3e-4)
    assert line.residual_s == pytest.approx(1e-3, rel=0.2)


def test_a_counter_goes_on_over_its_wrap():
    counter = np.arange(0, 3 << 24, 1 << 22) + 7
    assert np.array_equal(unwrap_counter(counter & ((1 << 24) - 1), 24), counter)


def test_lag_and_drift_between_two_signals_are_measured():
    rng = np.random.default_rng(1)
    time_s = np.arange(6000) * 0.01
    tones, phases = rng.uniform(2.0, 15.0, (6, 3)), rng.uniform(0.0, 6.0, (6, 3))

    def signal(at):
        return np.sin(at[:, None, None] * tones + phases).sum(axis=1)

    second = signal(time_s - (0.03 + 1e-3 * (time_s - 30.0))) + 0.1 * rng.standard_normal((6000, 3))
    lag = measure_lag(time_s, signal(time_s), second, 0.3)
    assert lag.offset_s == pytest.approx(0.03, abs=1e-3)
    assert lag.drift == pytest.approx(1e-3, abs=5e-5)
    assert abs(lag.drift - 1e-3) < 5.0 * lag.drift_std
    assert measure_lag(time_s, signal(time_s), rng.standard_normal((6000, 3)), 0.3) is None


@pytest.mark.parametrize(("offset_s", "drift"), [(0.045, 0.0), (-0.02, 0.0), (0.0, 2e-3)])
def test_a_pose_on_another_clock_is_put_on_the_gyros(flights, offset_s, drift):
    for flight in flights[:3]:
        poses = ("position", "velocity", "attitude")
        moved = flight.with_streams(**{name: flight.streams[name].shifted(offset_s, drift) for name in poses})
        back = align(moved)
        shift = back.streams["position"].time_s - flight.streams["position"].time_s
        assert np.abs(shift).max() < 2.5e-3
        assert len(back.warnings) == len(moved.warnings) + 1
        assert abs(pose_lag(back).offset_s) < 1e-3
