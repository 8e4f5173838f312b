"""``sim2metal calibrate collect`` and ``fit`` of a multirotor: from a flight to the robot's file."""

from __future__ import annotations

import json

import numpy as np
import pytest

import sim2metal
from calibration.multirotor.aloft import in_flight
from calibration.multirotor.collect import Shaker
from calibration.multirotor.excitation import Excitation
from calibration.recording.record import Recording, make_stream
from hardware.states import FlightState
from sim.errors import ConfigError
from sim.tasks.hover import TASK
from tests.support.hidden_multirotors import hidden_flights
from tests.support.log_writers import write_crazyflie_csv


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    (recording,) = hidden_flights(1, seed=21, duration_s=8.0).recordings
    return write_crazyflie_csv(tmp_path_factory.mktemp("log") / "blocks", recording)


def test_fit_writes_what_it_prints(log, tmp_path, capsys):
    result, figure = tmp_path / "result.json", tmp_path / "figure.png"
    argv = ["calibrate", "fit", str(log), "--robot", "crazyflie", "--mass", "0.027", "--serial", "cf21"]
    argv += ["--units", str(tmp_path / "units"), "--figure", str(figure), "--json", str(result)]
    assert sim2metal.main(argv) == 0
    said = json.loads(result.read_text())
    kept = json.loads((tmp_path / "units" / "cf21.json").read_text())
    assert kept["parameters"]["motor_rise_s"] == said["parameters"]["motor_rise_s"]
    assert "inertia_x" in kept["parameters"]
    assert figure.read_bytes()[:4] == b"\x89PNG"
    text = capsys.readouterr().out
    assert "motor_rise_s" in text
    assert "predicts what was not fitted" in text


def test_a_log_that_contradicts_itself_is_not_fitted(log, tmp_path, capsys):
    text = (log / "motor_command.csv").read_text().replace("motor.m1,motor.m2", "motor.m2,motor.m1")
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    for part in log.iterdir():
        (swapped / part.name).write_text(text if part.name == "motor_command.csv" else part.read_text())
    assert sim2metal.main(["calibrate", "fit", str(swapped), "--robot", "crazyflie"]) != 0
    assert "--trust" in capsys.readouterr().err


def test_only_the_time_aloft_is_fitted():
    time_s = 0.01 * np.arange(2000)
    height = np.clip(time_s - 5.0, 0.0, 1.0) * (time_s < 15.0)
    position = make_stream("position", time_s, np.stack([0 * time_s, 0 * time_s, height], axis=1))
    command = make_stream("motor_command", time_s, np.where(height > 0.0, 0.6, 0.0)[:, None] * np.ones(4))
    flown = in_flight(Recording("crazyflie", None, {"position": position, "motor_command": command}, (), "a", ""))
    assert flown.start_s == pytest.approx(5.4, abs=0.02)
    assert flown.end_s == pytest.approx(14.7, abs=0.02)
    still = position.values * 0.0
    resting = Recording(
        "crazyflie", None,
        {"position": make_stream("position", time_s, still), "motor_command": command}, (), "a.mcap", "",
    )  # fmt: skip
    with pytest.raises(ConfigError, match="never rises"):
        in_flight(resting)


def state(height, tilt=0.0):
    pose = (np.cos(tilt / 2.0), np.sin(tilt / 2.0), 0.0, 0.0)
    return FlightState(
        received_ns=0, robot_ms=0, position_w=(0.0, 0.0, height), velocity_w=(0.0,) * 3, orientation_wxyz=pose,
        angular_velocity_b=(0.0,) * 3, battery_v=4.0, armed=True, crashed=False, policy_fault=False,
        dead_man=False, landed=False, onboard_mode=0, motors=(0.6,) * 4,
    )  # fmt: skip


def test_motors_are_shaken_only_aloft_and_level():
    excitation = Excitation(10.0, quiet_s=0.0)
    shaker = Shaker(excitation, TASK.action, floor_m=0.0, quiet_s=0.0)
    hover = np.full(4, 0.6)
    shaken = [shaker(hover, state(0.8)) for _ in range(200)]
    assert np.abs(np.array(shaken) - hover - excitation.motors[:200]).max() < 1e-12
    assert np.array_equal(shaker(hover, state(0.1)), hover)
    assert np.array_equal(shaker(hover, state(0.8, tilt=1.0)), hover)
    assert (shaker(np.full(4, 0.99), state(0.8)) <= 1.0).all()
    low_room = Shaker(excitation, TASK.action, floor_m=0.0, quiet_s=0.0, ceiling_m=1.0)
    assert all(np.array_equal(low_room(hover, state(0.8)), hover) for _ in range(100))
    waiting = Shaker(excitation, TASK.action, floor_m=0.0, quiet_s=1.0)
    assert all(np.array_equal(waiting(hover, state(0.8)), hover) for _ in range(100))


@pytest.mark.slow
def test_a_virtual_crazyflie_flies_and_is_identified(tmp_path):
    log, result = tmp_path / "flight.mcap", tmp_path / "result.json"
    argv = ["calibrate", "collect", "crazyflie", "--uri", "sim://crazyflie", "--duration", "15", "--log", str(log)]
    assert sim2metal.main(argv) == 0
    assert sim2metal.main(["calibrate", "fit", str(log), "--mass", "0.027", "--json", str(result)]) == 0
    found = {name: entry["value"] for name, entry in json.loads(result.read_text())["parameters"].items()}
    assert found["motor_rise_s"] == pytest.approx(0.15, rel=0.03)
    assert found["inertia_x"] == pytest.approx(3.85e-6, rel=0.05)
    assert found["latency_s"] == pytest.approx(0.001, abs=0.0005)
