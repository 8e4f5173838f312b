"""Laws of mechanics the kernel must keep: energy, momentum and angular momentum."""

from __future__ import annotations

import numpy as np
import pytest

from sim.flight.kernel import step
from sim.flight.parameters import FlightParameters
from sim.flight.rotation import rotation_matrix
from sim.registry import load_robot
from sim.spec import GRAVITY
from tests.sim.flight.batches import random_parameters, random_states

DT, STEPS = 0.01, 200


def without_thrust(parameters: FlightParameters) -> FlightParameters:
    parameters.thrust_curve[:] = 0.0
    parameters.force_w[:] = 0.0
    parameters.torque_b[:] = 0.0
    return parameters


def fly(state, parameters, steps=STEPS, command=0.0):
    packed = parameters.packed(DT)
    held = np.full((parameters.num_envs, parameters.num_rotors), command, np.float32)
    for _ in range(steps):
        state = step(state, held, packed)
    return state.astype(np.float64)


@pytest.fixture
def falling():
    rng = np.random.default_rng(0)
    parameters = without_thrust(random_parameters(rng, 50))
    return random_states(rng, 50), parameters


def test_free_fall_keeps_energy_and_horizontal_momentum(falling):
    start, parameters = falling
    end = fly(start, parameters)

    def energy(state):
        return 0.5 * (state[:, 7:10].astype(np.float64) ** 2).sum(1) + GRAVITY * state[:, 2]

    np.testing.assert_allclose(energy(end), energy(start), atol=5e-3)  # of about 200 J/kg exchanged
    np.testing.assert_array_equal(end[:, 7:9], start[:, 7:9])
    np.testing.assert_allclose(end[:, 9], start[:, 9] - GRAVITY * DT * STEPS, atol=1e-4)


def test_without_torque_angular_momentum_and_rotational_energy_are_kept(falling):
    start, parameters = falling
    inertia = parameters.inertia.astype(np.float64)
    end = fly(start, parameters)

    def momentum_w(state):
        return np.einsum("nij,nj->ni", rotation_matrix(state[:, 3:7].astype(np.float64)), inertia * state[:, 10:13])

    def energy(state):
        return 0.5 * (inertia * state[:, 10:13].astype(np.float64) ** 2).sum(1)

    size = np.linalg.norm(momentum_w(start), axis=1, keepdims=True)
    turned = np.linalg.norm(end[:, 10:13] - start[:, 10:13], axis=1)
    assert np.median(turned) > 0.5, "the bodies must tumble for this to say anything"
    np.testing.assert_allclose(momentum_w(end) / size, momentum_w(start) / size, atol=1e-3)
    np.testing.assert_allclose(energy(end), energy(start), rtol=1e-4)


def test_constant_force_changes_momentum_by_force_times_time(falling):
    start, parameters = falling
    parameters.force_w[:] = np.random.default_rng(1).normal(0.0, 0.1, (50, 3))
    end = fly(start, parameters)
    gained = parameters.mass[:, None] * (end[:, 7:10] - start[:, 7:10])
    expected = DT * STEPS * (parameters.force_w - parameters.mass[:, None] * np.array([0.0, 0.0, GRAVITY]))
    np.testing.assert_allclose(gained, expected, atol=1e-4)


def test_constant_torque_about_a_principal_axis_spins_up_linearly():
    parameters = without_thrust(FlightParameters.nominal(load_robot("crazyflie").parameters(), 3))
    parameters.torque_b[:] = 2e-5 * np.eye(3)
    start = random_states(np.random.default_rng(0), 3)
    start[:, 10:13] = 0.0
    end = fly(start, parameters, steps=50)
    np.testing.assert_allclose(end[:, 10:13], 0.5 * parameters.torque_b / parameters.inertia, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("parameter_set", sorted(load_robot("crazyflie").parameter_sets))
def test_hover_command_hovers(parameter_set):
    nominal = load_robot("crazyflie").parameters(parameter_set)
    parameters = FlightParameters.nominal(nominal, 1)
    start = np.zeros((1, 17), np.float32)
    start[:, 3], start[:, 13:] = 1.0, nominal.hover_command
    end = fly(start, parameters, command=nominal.hover_command)
    np.testing.assert_allclose(end, start, atol=1e-3)  # float32 rounding of the torques, integrated four times
