import json

import numpy as np

import sim2metal
from calibration.estimate import Estimate
from calibration.recording.record import Recording
from calibration.units_folder import identified, write_unit
from tests.support.log_writers import write_crazyflie_csv, write_project_log
from tests.support.recorded_flights import fly
from tests.support.wrong_logs import MISTAKES


def test_show_says_what_a_log_holds_and_what_is_wrong(tmp_path, capsys):
    (flight,) = fly(1, 8.0, seed=4)
    result = tmp_path / "result.json"
    log = write_project_log(tmp_path / "a.mcap", flight)
    assert sim2metal.main(["calibrate", "show", str(log), "--json", str(result)]) == 0
    said = json.loads(result.read_text())
    assert said["robot"] == "crazyflie"
    assert said["streams"]["gyro"]["rate_hz"] > 90.0
    assert said["suspicions"] == []
    wrong = MISTAKES["gyro in degrees"].make(flight, np.random.default_rng(0))
    log = write_crazyflie_csv(tmp_path / "blocks", wrong)
    assert sim2metal.main(["calibrate", "show", str(log), "--json", str(result)]) == 0
    assert [found["name"] for found in json.loads(result.read_text())["suspicions"]] == ["gyro in degrees"]
    assert "wrong the gyro turns the attitude only if it is read in degrees per second" in capsys.readouterr().out


def test_show_refuses_in_a_line(tmp_path, capsys):
    assert sim2metal.main(["calibrate", "show", str(tmp_path / "none.mcap")]) == 9
    assert capsys.readouterr().err == f"error: no such log: {tmp_path / 'none.mcap'}\n"


def test_units_lists_the_robots(tmp_path, capsys):
    assert sim2metal.main(["calibrate", "units", "--units", str(tmp_path)]) == 0
    assert "no robot has been identified yet" in capsys.readouterr().out
    log = Recording("crazyflie", None, {}, (), "a.mcap", "ab" * 32)
    found = Estimate(("mass",), ("kg",), np.array([0.031]), np.array([[1e-8]]), unknown={"drag": "too slow"})
    write_unit(tmp_path, identified(found, [log], "cf07"))
    assert sim2metal.main(["calibrate", "units", "--units", str(tmp_path)]) == 0
    assert "cf07" in capsys.readouterr().out
    assert sim2metal.main(["calibrate", "units", "cf07", "--units", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "0.031" in text
    assert "too slow" in text
