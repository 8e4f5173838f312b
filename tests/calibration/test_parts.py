"""The report's parts one by one."""

import numpy as np
import pytest

from calibration.reporting.html import Html, markup, table
from calibration.reporting.palette import DARK, LIGHT
from calibration.reporting.plotting import MAX_POINTS, thinned
from calibration.reporting.record import load_record
from calibration.reporting.run_folder import nest


def test_nest_keeps_details_beside_a_value():
    flat = {"parity.c_host.state": 2, "parity.c_host": 1, "a": {"b.c": 3}, "a.b.d": 4, "x": 5}
    assert nest(flat) == {"parity": {"c_host": 1, "c_host.state": 2}, "a": {"b": {"c": 3, "d": 4}}, "x": 5}


def test_markup_escapes_text_once():
    assert markup("<b>") == "&lt;b&gt;"
    assert markup(Html("<b>")) == "<b>"
    assert "&lt;b&gt;" in table(("<b>",), [["x"]])
    assert "&amp;lt;" not in table((markup("<b>"),), [])


def test_palette_has_the_same_roles_in_both_schemes_and_distinct_colours():
    assert LIGHT.keys() == DARK.keys()
    assert len(set(LIGHT.values())) == len(LIGHT)


def test_thinned_keeps_both_ends():
    values = np.arange(10_000)
    (thin,) = thinned(values)
    assert len(thin) <= MAX_POINTS
    assert (thin[0], thin[-1]) == (0, 9999)


def test_record_knows_phases_faults_and_error(tmp_path, write_flight):
    record = load_record(write_flight(tmp_path / "fault.mcap", fault=3.0))
    assert [phase.name for phase in record.phases] == ["ramp", "hold", "set-point 1", "descending"]
    assert record.phase_at(2.0) == "hold"
    assert record.phase_at(5.0) == "descending"
    assert [fault.name for fault in record.faults] == ["link_lost"]
    assert record.faults[0].time_s == pytest.approx(3.0, abs=0.02)
    assert np.isnan(record.error_m[record.time_s > 3.1]).all()
    assert np.nanmedian(record.error_m) < 0.03


def test_resampled_attitude_is_continuous_across_the_sign_of_a_quaternion(flight_log):
    record = load_record(flight_log)
    record.quaternion[::2] *= -1.0  # q and -q are one attitude
    _, quaternion, _ = record.resampled(np.linspace(1.0, 2.0, 500))
    assert np.abs(np.linalg.norm(quaternion, axis=1) - 1.0).max() < 1e-12
    assert np.abs(np.diff(quaternion, axis=0)).max() < 0.01
