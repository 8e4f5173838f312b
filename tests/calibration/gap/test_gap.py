import dataclasses
import json

import numpy as np
import pytest

import sim2metal
from calibration.gap.measure import measure
from calibration.gap.replay import Variant, replay
from calibration.gap.segments import cut
from calibration.recording.record import make_stream
from hardware import deploy
from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.identified import write_identified
from sim.registry import load_robot
from tests.support import recorded_flights
from tests.support.identified import identified

NOMINAL = dataclasses.replace(load_robot("crazyflie").parameters("l2f_v2"), motor_fall_s=0.05545)
CHANGES = {
    "none": lambda flight, i: None,
    "mass": lambda flight, i: flight.mass.__setitem__(i, flight.mass[i] * 1.15),
    "roll and pitch inertia": lambda flight, i: flight.inertia.__setitem__((i, slice(2)), flight.inertia[i, :2] * 1.2),
    "motor time constants": lambda flight, i: (
        flight.motor_rise_s.__setitem__(i, flight.motor_rise_s[i] * 1.3),
        flight.motor_fall_s.__setitem__(i, flight.motor_fall_s[i] * 1.3),
    ),
    "thrust of all motors": lambda flight, i: flight.thrust_curve.__setitem__(i, flight.thrust_curve[i] * 0.9),
}
TRUE = {"mass": 0.15, "roll and pitch inertia": 0.2, "motor time constants": 0.3, "thrust of all motors": -0.1}


@pytest.fixture(scope="module")
def flown():
    """One flight for each change of the airframe."""
    rng = np.random.default_rng(0)
    flight = FlightParameters.nominal(NOMINAL, len(CHANGES))
    for i, change in enumerate(CHANGES.values()):
        change(flight, i)
    rows = recorded_flights._integrate(flight, NOMINAL, 15.0, rng, 0.03)
    sensors = recorded_flights.Sensors(lost=0.0)
    return {
        name: recorded_flights._recording(i, {key: value[:, i] for key, value in rows.items()}, rng, sensors)
        for i, name in enumerate(CHANGES)
    }


def test_a_simulated_flight_is_flown_again_to_the_bit_of_its_step(flown):
    """The same physics from the true state: what is left is the sensors' noise, which grows as it must."""
    segments = cut(flown["none"])
    errors = replay(segments, NOMINAL, [Variant()])[0]
    assert errors.shape == (len(segments.start_s), len(segments.offset_s), 12)
    assert np.abs(errors[:, 0]).max() < 1e-6
    gap = measure(flown["none"], NOMINAL)
    assert sum(found.share for found in gap.explanations) < 0.25
    position = gap.signals[0]
    assert position.rms[0.5] < 0.06


@pytest.mark.parametrize("name", TRUE)
def test_what_was_changed_is_what_is_likely_and_by_how_much(flown, name):
    gap = measure(flown[name], NOMINAL)
    best = gap.explanations[0]
    assert best.name == name
    assert best.change == pytest.approx(TRUE[name], rel=0.35)
    assert best.share > 0.5
    same = measure(flown["none"], NOMINAL)
    worse = [a.rms[0.5] / b.rms[0.5] for a, b in zip(gap.signals, same.signals)]
    assert max(worse) > 2.0
    assert any(signal.parts_after_s is not None and signal.parts_after_s < 0.3 for signal in gap.signals)


def test_the_place_in_the_log_where_it_parts_is_found(flown):
    """Something pushed the robot: its velocity jumps in the log, and the largest error is there."""
    flight = flown["none"]
    time_s, values = flight.streams["velocity"].time_s, flight.streams["velocity"].values.copy()
    values[time_s > 7.3] += [1.5, 0.0, 0.0]
    gap = measure(flight.with_streams(velocity=make_stream("velocity", time_s, values)), NOMINAL)
    velocity = next(signal for signal in gap.signals if signal.name == "velocity")
    assert 7.3 < velocity.worst_s < 7.9
    assert velocity.worst == pytest.approx(1.5, abs=0.3)


def test_too_little_flight_is_refused(flown):
    with pytest.raises(ConfigError, match=r"stretches of 0\.5 s in the air without a gap: 4 are needed"):
        cut(flown["none"].between(0.0, 2.0))
    streams = {name: stream for name, stream in flown["none"].streams.items() if name != "gyro"}
    with pytest.raises(ConfigError, match="holds no 'gyro'"):
        cut(dataclasses.replace(flown["none"], streams=streams))


@pytest.fixture(scope="module")
def log(pd_bundle, tmp_path_factory):
    """A flight of just the robot that the bundle was made for."""
    path = tmp_path_factory.mktemp("gap") / "flight.mcap"
    options = {"hold": 2.0, "dwell": 1.0, "settle": 0.5, "serial": "cf07"}
    deploy.run(deploy.Args(pd_bundle.path, uri="sim://crazyflie?seed=3", log=path, **options))
    return path


@pytest.fixture(scope="module")
def wrong_model(tmp_path_factory):
    """A file that says of that robot that its motors are a tenth weaker than they are."""
    path = tmp_path_factory.mktemp("units") / "cf07.json"
    paper = load_robot("crazyflie").parameters()
    write_identified(path, identified(thrust_over_mass=0.9 * paper.max_thrust / paper.mass))
    return path


def gap(tmp_path, log, bundle, *options):
    result = tmp_path / "result.json"
    assert sim2metal.main(["gap", str(log), str(bundle.path), "--json", str(result), *map(str, options)]) == 0
    return json.loads(result.read_text())


def test_a_right_model_has_no_gap_and_the_policy_acts_again_as_it_did(log, pd_bundle, tmp_path):
    found = gap(tmp_path, log, pd_bundle)
    assert found["policy"]["differs_from_s"] is None
    assert found["policy"]["steps"] > 500
    position, _, attitude, _ = found["signals"]
    assert position["rms"]["0.5s"] < 0.02
    assert attitude["rms"]["0.5s"] < 0.05


def test_a_wrong_model_is_named_and_the_report_draws_it(log, wrong_model, pd_bundle, tmp_path, capsys):
    right = gap(tmp_path, log, pd_bundle, "--out", tmp_path / "right.json")
    found = gap(tmp_path, log, pd_bundle, "--calibration", wrong_model)
    assert found["gap"] == str(log.with_name("flight.gap.json"))
    likely = found["explanations"][0]
    assert likely["parameter"] in ("thrust of all motors", "mass"), "in a hover one cannot be told from the other"
    assert likely["change"] == pytest.approx(0.11 if likely["parameter"] != "mass" else -0.1, abs=0.03)
    assert found["signals"][1]["rms"]["0.5s"] > 5.0 * right["signals"][1]["rms"]["0.5s"]
    page = tmp_path / "flight.html"
    assert sim2metal.main(["report", str(log), "--no-video", "--out", str(page)]) == 0
    assert "Simulation against the log" in page.read_text()
    assert likely["sentence"] in page.read_text()
    log.with_name("flight.gap.json").write_text('{"signals": 3}')
    assert sim2metal.main(["report", str(log), "--no-video", "--out", str(page)]) == 0
    assert "flight.gap.json is not what sim2metal gap writes" in capsys.readouterr().out
    assert "Simulation against the log" not in page.read_text()


def test_the_verb_refuses_in_a_line(log, pd_bundle, tmp_path, capsys):
    assert sim2metal.main(["gap", str(log), str(pd_bundle.path), "--length", "9"]) == 2
    assert capsys.readouterr().err == "error: --length 9.0: choose 0.1 to 5 seconds\n"
    write_identified(tmp_path / "x.json", identified(robot="x500", thrust_over_mass=20.0))
    assert sim2metal.main(["gap", str(log), str(pd_bundle.path), "--calibration", str(tmp_path / "x.json")]) == 2
    assert "is of a x500, the bundle of a crazyflie" in capsys.readouterr().err
