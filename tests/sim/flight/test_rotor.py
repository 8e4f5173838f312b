"""The closed-form rotor lag against numerical integration of its differential equation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sim.errors import ConfigError
from sim.flight.kernel import step
from sim.flight.rotor import lag_coefficients, mean_thrust, mean_thrust_slopes
from sim.flight.rotor_bank import RotorBank
from tests.sim.flight.batches import random_commands, random_parameters, random_states


@pytest.mark.parametrize("dt", [0.001, 0.01, 0.3])
def test_speed_and_mean_thrust_match_the_differential_equation(dt):
    rng = np.random.default_rng(0)
    p = random_parameters(rng, 6)
    speed, command = random_states(rng, 6)[:, 13:].copy(), random_commands(rng, 6)
    thrust, following = RotorBank(p, dt).advance(speed, command)
    for n in range(6):
        c0, c1, c2 = p.thrust_curve[n].astype(float)
        for i in range(4):
            target = float(command[n, i])

            def rate(_, y, n=n, target=target, c=(c0, c1, c2)):
                tau = float(p.motor_rise_s[n] if target > y[0] else p.motor_fall_s[n])
                return [(target - y[0]) / tau, c[0] + c[1] * y[0] + c[2] * y[0] ** 2]

            truth = solve_ivp(rate, (0.0, dt), [float(speed[n, i]), 0.0], rtol=1e-10, atol=1e-13).y[:, -1]
            assert following[n, i] == pytest.approx(truth[0], abs=2e-6)
            assert thrust[n, i] == pytest.approx(p.motor_gain[n, i] * truth[1] / dt, rel=3e-6, abs=1e-8)


def test_two_half_intervals_make_one():
    rng = np.random.default_rng(1)
    p = random_parameters(rng, 100)
    speed, command = random_states(rng, 100)[:, 13:].copy(), random_commands(rng, 100)
    whole_thrust, whole_speed = RotorBank(p, 0.01).advance(speed, command)
    half = RotorBank(p, 0.005)
    first, between = half.advance(speed, command)
    second, following = half.advance(between, command)
    np.testing.assert_allclose(following, whole_speed, atol=3e-7)
    np.testing.assert_allclose((first + second) / 2.0, whole_thrust, rtol=3e-6, atol=1e-7)


def test_kernel_and_rotor_bank_turn_the_rotors_alike():
    rng = np.random.default_rng(2)
    p = random_parameters(rng, 50)
    state, command = random_states(rng, 50), random_commands(rng, 50)
    _, speed = RotorBank(p, 0.01).advance(state[:, 13:].copy(), command)
    np.testing.assert_allclose(step(state, command, p.packed(0.01))[:, 13:], speed, atol=1e-7)


def test_mean_thrust_slopes_are_its_derivatives():
    rng = np.random.default_rng(3)
    reached, mean, mean_square = lag_coefficients(0.01, np.array([0.07]))[0]
    assert 0.0 < mean < reached < 1.0
    for u, c in rng.uniform(0.0, 1.0, (20, 2)):
        args = (mean, mean_square, 0.01, 0.03, 0.09)
        by_speed, by_command = mean_thrust_slopes(u, c, mean, mean_square, 0.03, 0.09)
        e = 1e-5
        assert by_speed == pytest.approx((mean_thrust(u + e, c, *args) - mean_thrust(u - e, c, *args)) / (2 * e))
        assert by_command == pytest.approx(
            (mean_thrust(u, c + e, *args) - mean_thrust(u, c - e, *args)) / (2 * e), rel=1e-5
        )


@pytest.mark.parametrize("ratio", [1e-6, 1e-3, 1.0, 30.0])
def test_lag_coefficients_match_their_series_and_limits(ratio):
    reached, mean, mean_square = lag_coefficients(ratio, np.array([1.0]))[0]
    nodes, weights = np.polynomial.legendre.leggauss(60)
    way = -np.expm1(-ratio * (nodes + 1.0) / 2.0)
    assert reached == pytest.approx(-np.expm1(-ratio))
    assert mean == pytest.approx((weights * way).sum() / 2.0, rel=1e-8)
    assert mean_square == pytest.approx((weights * way**2).sum() / 2.0, rel=1e-3)


def test_nan_command_gives_nan_thrust_in_that_rotor_only():
    rng = np.random.default_rng(4)
    p = random_parameters(rng, 2)
    command = random_commands(rng, 2)
    command[1, 2] = np.nan
    thrust, following = RotorBank(p, 0.01).advance(random_states(rng, 2)[:, 13:].copy(), command)
    for value in (thrust, following):
        assert np.isnan(value[1, 2])
        assert np.isnan(value).sum() == 1


def test_wrong_shape_is_named():
    rng = np.random.default_rng(5)
    with pytest.raises(ConfigError, match=r"'rotor_speed' must have shape \(3, 4\), got \(2, 4\)"):
        RotorBank(random_parameters(rng, 3), 0.01).advance(np.zeros((2, 4), np.float32), np.zeros((2, 4), np.float32))
