"""The identification's multirotor against the flight kernel, which has the same airframe in other coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.multirotor import body
from calibration.multirotor.quantities import Quantities
from calibration.multirotor.simulated import rotations
from sim.flight import layout
from sim.flight.kernel import step
from tests.support.hidden_multirotors import NOMINAL, hidden_flights, truth

SECONDS = 0.3


@pytest.fixture(scope="module")
def flights():
    return hidden_flights(3, seed=5, duration_s=5.0)


@pytest.mark.parametrize("robot", range(3))
def test_it_flies_as_the_kernel_does(flights, robot):
    quantities = Quantities(NOMINAL)
    c = quantities.coefficients(truth(quantities, flights, robot))
    rng = np.random.default_rng(robot)
    command = rng.uniform(0.4, 0.9, (31, 4)).astype(np.float32)
    volt = float(flights.flight.battery_voltage[robot])

    packed = flights.flight.take([robot]).packed(0.001)
    kernel = np.zeros((1, 17), np.float32)
    kernel[0, 3], kernel[0, layout.VELOCITY_W], kernel[0, layout.ANGULAR_VELOCITY_B] = 1.0, (1, -2, 0.5), (2, -3, 4)
    kernel[0, layout.ROTOR_SPEED] = 0.6
    state = body.rest_state(4, 0.6 / volt)
    state[4:7], state[11:14] = (2, -3, 4), (1, -2, 0.5)

    delay = round(1e3 * c[body.LATENCY])
    for k in range(round(1e3 * SECONDS)):
        step(kernel, command[[max(0, (k - delay) // 10)]], packed, out=kernel)
    body.advance(state, c, 0.01 * np.arange(31), command.astype(np.float64), 0, 0.0, SECONDS)

    assert state[4:7] == pytest.approx(kernel[0, layout.ANGULAR_VELOCITY_B], abs=2e-2)
    assert rotations(state[None, 7:11]) == pytest.approx(rotations(kernel[:, layout.QUATERNION]), abs=5e-3)
    assert state[11:14] == pytest.approx(kernel[0, layout.VELOCITY_W], abs=5e-3)
    assert state[14:17] == pytest.approx(kernel[0, layout.POSITION_W], abs=5e-4)
    assert volt * state[:4] == pytest.approx(kernel[0, layout.ROTOR_SPEED], abs=1e-4)


def test_the_delay_moves_the_flight_smoothly():
    quantities = Quantities(NOMINAL)
    values = quantities.values(np.zeros(len(quantities)))
    command = np.random.default_rng(0).uniform(0.4, 0.9, (21, 4))

    def end(latency: float) -> np.ndarray:
        values[quantities.index("latency_s")] = latency
        state = body.rest_state(4, 0.6)
        body.advance(state, quantities.coefficients(values), 0.01 * np.arange(21), command, 0, 0.0, 0.2)
        return state

    slope = (end(0.0104) - end(0.0102)) / 2e-4
    assert (end(0.010301) - end(0.010299)) / 2e-6 == pytest.approx(slope, rel=1e-2, abs=1e-2)


def test_an_accelerometer_off_the_centre_of_mass_feels_the_turning():
    quantities = Quantities(NOMINAL)
    values = quantities.values(np.zeros(len(quantities)))
    values[quantities.index("centre_of_mass_x")] = 0.005
    state, out = body.rest_state(4, 0.0), np.empty(9)
    state[4:7] = (0.0, 0.0, 10.0)
    body.outputs(state, quantities.coefficients(values), 4, 0.0, out)
    assert out[3:6] == pytest.approx([100.0 * 0.005, 0.0, 0.0])  # w^2 r towards the axis, which is in front of it
    assert out[6:] == pytest.approx([-0.005, 0.0, 0.0])
