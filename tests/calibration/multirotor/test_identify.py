"""Multirotors whose parameters only the test knows are identified, and what a flight does not hold is not stated."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from calibration.multirotor.excitation import Excitation
from calibration.multirotor.fit import derivative
from calibration.multirotor.identify import NOT_WEIGHED, Weight, identify_multirotor
from calibration.multirotor.prediction import Predictor
from calibration.multirotor.quantities import Quantities
from calibration.multirotor.samples import read_flight
from calibration.multirotor.simulated import Sensors, fly
from calibration.recording.record import make_stream
from sim.errors import ConfigError
from sim.randomization import sample
from tests.support.hidden_multirotors import NOMINAL, TABLE, hidden_flights, truth

QUANTITIES = Quantities(NOMINAL)


@pytest.fixture(scope="module")
def flights():
    return hidden_flights(2, seed=11, duration_s=12.0)


@pytest.fixture(scope="module")
def found(flights):
    weight = Weight(float(flights.flight.mass[0]), 2e-5)
    return identify_multirotor(flights.recordings[0], NOMINAL, weight)


def test_twelve_seconds_tell_what_a_crazyflie_is(flights, found):
    real = dict(zip(QUANTITIES.names, truth(QUANTITIES, flights, 0)))
    for name, share in {
        "thrust_over_mass": 0.04, "inertia_over_mass_x": 0.05, "inertia_over_mass_y": 0.05, "motor_rise_s": 0.05,
        "torque_constant_mass_over_yaw_inertia": 0.05, "motor_fall_s": 0.05,
    }.items():  # fmt: skip
        assert found.estimate.value(name) == pytest.approx(real[name], rel=share), name
    assert found.estimate.value("latency_s") == pytest.approx(real["latency_s"], abs=0.001)


def test_no_error_is_far_beyond_what_is_stated(flights, found):
    real = truth(QUANTITIES, flights, 0)
    stated = [name for name in QUANTITIES.names if name in found.estimate.names]
    errors = [(found.estimate.value(n) - real[QUANTITIES.index(n)]) / found.estimate.standard_error(n) for n in stated]
    assert len(stated) == len(QUANTITIES)
    assert np.abs(errors).max() < 4.5
    assert 0.5 < np.sqrt(np.mean(np.square(errors))) < 1.6


def test_a_weighed_mass_gives_newtons(flights, found):
    robot = flights.flight
    volt, gain = robot.battery_voltage[0], robot.motor_gain[0]
    thrust = float(robot.thrust_curve[0].sum() * volt**2 * gain.sum())
    assert found.estimate.value("thrust") == pytest.approx(thrust, rel=0.04)
    assert found.estimate.value("inertia_x") == pytest.approx(float(robot.inertia[0, 0]), rel=0.05)
    ratio = found.estimate.standard_error("inertia_over_mass_x") / found.estimate.value("inertia_over_mass_x")
    weighed = 2e-5 / float(robot.mass[0])
    error = found.estimate.standard_error("inertia_x") / found.estimate.value("inertia_x")
    assert error == pytest.approx(np.hypot(ratio, weighed))


def test_what_was_not_fitted_is_predicted_five_times_better(found):
    holdout = found.estimate.holdout
    assert holdout["nominal.position_m.0.5s"] > 5.0 * holdout["position_m.0.5s"] > 0.0


def test_without_a_weighed_mass_there_are_only_ratios(flights):
    estimate = identify_multirotor(flights.recordings[1].between(0.0, 6.0), NOMINAL).estimate
    for name in ("mass", "thrust", "inertia_x", "torque_constant_over_yaw_inertia"):
        assert estimate.unknown[name] == NOT_WEIGHED
        assert name not in estimate.names
    assert "thrust_over_mass" in estimate.names


def test_a_quiet_hover_does_not_tell_what_it_cannot():
    still = Excitation(6.0, thrust=0.0, roll=0.0, pitch=0.0, yaw=0.0, step=0.0, sway_m=0.0, turn_rad=0.0)
    flights = hidden_flights(1, seed=3, excitation=still)
    estimate = identify_multirotor(flights.recordings[0], NOMINAL, Weight(0.027, 1e-4)).estimate
    for name in ("drag_over_mass_x", "thrust_linear_share", "inertia_over_mass_z", "inertia_z", "battery_sag"):
        assert name in estimate.unknown, name
        assert name not in estimate.names
    assert "speed along that axis" in estimate.unknown["drag_over_mass_x"]
    with pytest.raises(ConfigError, match="'drag_over_mass_x' is not known"):
        estimate.value("drag_over_mass_x")


def test_a_term_that_the_model_lacks_is_noticed():
    near = hidden_flights(1, seed=11, duration_s=9.0, floor_m=-0.2)
    found = identify_multirotor(near.recordings[0], NOMINAL)
    assert any("a term is missing" in note for note in found.estimate.notes)
    assert found.estimate.diagnostics["widening"] > 1.5


def test_gains_held_fixed_predict_what_the_filter_did(flights):
    predictor = Predictor(QUANTITIES, read_flight(flights.recordings[0], 4), 0.0)
    z = QUANTITIES.coordinates(truth(QUANTITIES, flights, 0))
    assert predictor.tune(z) == pytest.approx(predictor.residuals(z), abs=1e-8)


def test_commands_from_before_the_log_do_not_shift_a_late_robot():
    perfect = Sensors(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1, 0.0, 0.0)
    late = hidden_flights(1, seed=4, duration_s=8.0, sensors=perfect, late_s=0.02)
    predictor = Predictor(QUANTITIES, read_flight(late.recordings[0], 4), 0.0)
    z = QUANTITIES.coordinates(truth(QUANTITIES, late, 0))
    residual = predictor.tune(z, np.array([0.02, 0.23, 0.001, 0.1, 0.005, 1e-5])).reshape(-1)
    columns = derivative(predictor, z)
    covariance = np.linalg.inv(columns.T @ columns + np.eye(len(z)))
    assert np.abs(covariance @ (columns.T @ residual) / np.sqrt(np.diag(covariance))).max() < 0.8


def test_innovations_at_the_truth_are_white_and_of_unit_size(flights):
    predictor = Predictor(QUANTITIES, read_flight(flights.recordings[0], 4), 0.0)
    z = QUANTITIES.coordinates(truth(QUANTITIES, flights, 0))
    residual = predictor.tune(z, np.array([0.02, 0.23, 0.001, 0.1, 0.005, 1e-4]))
    assert np.sqrt((residual[50:] ** 2).mean(axis=0)) == pytest.approx(np.ones(9), abs=0.12)
    assert np.abs((residual[1:] * residual[:-1]).mean(axis=0)).max() < 0.09
    columns = derivative(predictor, z)
    assert np.isfinite(columns).all()
    assert (np.abs(columns).max(axis=0) > 0.0).all()


def test_a_log_without_thrust_is_refused(flights):
    streams = flights.recordings[0].streams
    deaf = dataclasses.replace(
        flights.recordings[0], streams={name: streams[name] for name in ("gyro", "motor_command")}
    )
    with pytest.raises(ConfigError, match="nothing tells the thrust"):
        identify_multirotor(deaf, NOMINAL)
    with pytest.raises(ConfigError, match="less than 5 s"):
        identify_multirotor(flights.recordings[0].between(0.0, 3.0), NOMINAL)
    time_s = streams["motor_command"].time_s
    six = make_stream("motor_command", time_s, np.zeros((len(time_s), 6)))
    with pytest.raises(ConfigError, match="6 motor commands for 4 rotors"):
        identify_multirotor(flights.recordings[0].with_streams(motor_command=six), NOMINAL)


def test_a_mass_that_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="weighed mass"):
        Weight(0.0, 1e-4)


def test_a_flight_that_no_model_follows_is_refused(flights):
    beginning = flights.recordings[0].between(0.0, 6.0)
    gyro = beginning.stream("gyro")
    wild = beginning.with_streams(gyro=dataclasses.replace(gyro, values=1e3 * gyro.values))
    with pytest.raises(ConfigError, match="no model follows this flight: if it ended in a crash"):
        identify_multirotor(wild, NOMINAL)


@pytest.mark.slow
def test_predictions_that_run_away_from_a_tumbling_robot_are_no_figures():
    """A late and heavy robot, under a controller tuned for the nominal one, ends in somersaults."""
    rng = np.random.default_rng(31)
    drawn = sample(TABLE, NOMINAL, rng, 2)
    drawn.flight.mass *= 1.25
    drawn.flight.thrust_curve *= 0.85
    flights = fly(drawn.flight, drawn.action_delay_s + 0.02, NOMINAL, Excitation(60.0), rng)
    assert flights.farthest_m[0] > 1000.0
    holdout = identify_multirotor(flights.recordings[0], NOMINAL).estimate.holdout
    assert np.isfinite(list(holdout.values())).all()
