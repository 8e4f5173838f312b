"""Airframes of every size: similarity, the published measure of agility, thrust curves; and where they may start."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agility import SLIP_M, fit_start, largest_start_tilt, righting_time, thrust_margin
from sim.airframes import torque_to_inertia
from sim.distributions import Constant, Uniform
from sim.flight.kernel import step
from sim.flight.parameters import FlightParameters
from sim.randomization import RandomizationTable, Term, sample
from sim.registry import load_robot
from sim.spec import GRAVITY
from sim.tasks.hover import sample_start

NOMINAL = load_robot("crazyflie").parameters("l2f_v2")


def draw(n: int = 1, **terms) -> FlightParameters:
    modes = {"torque_to_inertia": "set", "thrust_linear_share": "set", "force_per_weight": "add"}
    table = RandomizationTable(
        "t", tuple(Term(name, value, modes.get(name, "scale"), "test") for name, value in terms.items())
    )
    return sample(table, NOMINAL, np.random.default_rng(0), n).flight


def test_a_larger_airframe_is_a_similar_one():
    small, large = draw(), draw(size=Constant(3.0))
    assert large.mass[0] == pytest.approx(27.0 * small.mass[0])
    assert large.thrust_to_weight()[0] == pytest.approx(small.thrust_to_weight()[0])
    assert large.arm_scale[0] == pytest.approx(3.0)
    assert large.hover_command()[0] == pytest.approx(small.hover_command()[0])


def test_similar_airframes_turn_alike_in_their_own_time():
    """Lengths s times, times sqrt(s) times as long: the similar craft, flown so, does the same in its units."""
    size, dt = 4.0, 0.002
    small, large = draw(), draw(size=Constant(size))
    large.motor_rise_s *= size**0.5
    large.motor_fall_s *= size**0.5
    large.torque_per_thrust *= size
    command = np.array([[0.9, 0.7, 0.8, 0.85]], np.float32)
    one = np.zeros((1, 17), np.float32)
    one[:, 3], one[:, 13:] = 1.0, 0.8
    other = one.copy()
    for _ in range(100):
        one = step(one, command, small.packed(dt))
        other = step(other, command, large.packed(dt * size**0.5))
    np.testing.assert_allclose(other[:, :3], size * one[:, :3], rtol=2e-3, atol=1e-5)
    np.testing.assert_allclose(other[:, 3:7], one[:, 3:7], atol=2e-4)
    np.testing.assert_allclose(other[:, 10:13] * size**0.5, one[:, 10:13], rtol=2e-3, atol=1e-4)


def test_torque_to_inertia_is_what_the_table_says_at_any_size():
    flight = draw(50, size=Uniform(0.8, 6.0), torque_to_inertia=Uniform(40.0, 1200.0), thrust=Uniform(1.0, 3.0))
    drawn = torque_to_inertia(flight)
    assert drawn.min() > 39.9
    assert drawn.max() < 1200.1
    assert drawn.std() > 200.0
    # By hand: 0.028 m over body x and y, the curve's end, the inertia about x.
    by_hand = 0.028 * 2**0.5 * flight.arm_scale[7] * flight.thrust_curve[7].sum() / flight.inertia[7, 0]
    assert drawn[7] == pytest.approx(by_hand, rel=1e-5)


def test_bent_curve_keeps_the_full_thrust():
    straight, bent = draw(), draw(thrust_linear_share=Constant(0.5))
    assert bent.thrust_curve.sum() == pytest.approx(straight.thrust_curve.sum())
    assert bent.thrust_curve[0, 1] == pytest.approx(0.5 * bent.thrust_curve.sum())


def test_disturbances_are_in_drawn_weights():
    flight = draw(20, size=Uniform(1.0, 5.0), force_per_weight=Constant(0.1))
    np.testing.assert_allclose(flight.force_w[:, 0] / (flight.mass * GRAVITY), 0.1, rtol=1e-4)


def test_slow_and_heavy_airframes_start_less_steep():
    agile = FlightParameters.nominal(load_robot("micro35").parameters(), 1)
    slow = draw(size=Constant(5.0), torque_to_inertia=Constant(40.0))
    slow.motor_fall_s[:] = 0.3
    assert largest_start_tilt(agile)[0] == pytest.approx(np.pi / 2)
    steepest = largest_start_tilt(slow)
    assert 0.02 < steepest[0] < 0.7
    slip = GRAVITY * righting_time(slow, steepest)[0, 0] ** 2 * np.sin(steepest[0] / 2)
    assert slip <= SLIP_M


def test_fitted_starts_keep_heading_and_shrink_tilt_alike():
    slow = draw(200, size=Constant(5.0), torque_to_inertia=Constant(40.0))
    state = sample_start(np.random.default_rng(1), 200)
    fitted = state.copy()
    fit_start(fitted, slow)
    np.testing.assert_allclose(np.linalg.norm(fitted[:, 3:7], axis=1), 1.0, atol=1e-5)
    share = largest_start_tilt(slow)[0] / (np.pi / 2)
    np.testing.assert_allclose(tilt(fitted), share * tilt(state), atol=2e-3)
    np.testing.assert_allclose(np.arctan2(fitted[:, 6], fitted[:, 3]), np.arctan2(state[:, 6], state[:, 3]), atol=1e-4)
    np.testing.assert_array_equal(fitted[:, 7:], state[:, 7:])


def tilt(state: np.ndarray) -> np.ndarray:
    return np.arccos(np.clip(1.0 - 2.0 * (state[:, 4] ** 2 + state[:, 5] ** 2), -1.0, 1.0))


def test_thrust_margin_of_level_curves():
    assert thrust_margin(np.array([2.0]), 0.0)[0] == 2.0
    assert thrust_margin(np.array([2.0]), GRAVITY)[0] == pytest.approx(2.0 / 2**0.5)
