"""Batches of airframes: construction, selection, joining, and what the kernel gets of them."""

from __future__ import annotations

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.flight import layout
from sim.flight.parameters import FlightParameters
from sim.registry import load_robot
from sim.spec import GRAVITY
from tests.sim.flight.batches import random_parameters

ROBOT = load_robot("crazyflie")


@pytest.mark.parametrize("name", sorted(ROBOT.parameter_sets))
def test_nominal_repeats_the_parameter_set(name):
    constants = ROBOT.parameters(name)
    p = FlightParameters.nominal(constants, 3)
    assert (p.num_envs, p.num_rotors) == (3, constants.num_rotors)
    np.testing.assert_allclose(p.mass, constants.mass)
    np.testing.assert_allclose(p.inertia, [constants.inertia] * 3)
    np.testing.assert_allclose(p.hover_command(), constants.hover_command, rtol=1e-5)
    np.testing.assert_allclose(p.thrust_to_weight(), constants.thrust_to_weight, rtol=1e-5)
    assert all(value.dtype == np.float32 for value in vars(p).values())


def test_rows_of_nominal_are_apart():
    p = FlightParameters.nominal(ROBOT.parameters(), 2)
    p.mass[0] = 1.0
    assert p.mass[1] == np.float32(ROBOT.parameters().mass)


def test_too_heavy_has_no_hover_command():
    p = FlightParameters.nominal(ROBOT.parameters(), 2)
    p.mass[1] *= 3.0
    assert np.isfinite(p.hover_command()[0])
    assert np.isnan(p.hover_command()[1])


def test_take_and_concatenate_undo_each_other():
    p = random_parameters(np.random.default_rng(0), 7)
    joined = FlightParameters.concatenate([p.take(range(3)), p.take(np.arange(7) >= 3)])
    for name, value in vars(p).items():
        np.testing.assert_array_equal(getattr(joined, name), value)


def test_put_replaces_environments_and_packed_rows_follow():
    rng = np.random.default_rng(1)
    p, other = random_parameters(rng, 5), random_parameters(rng, 2)
    before, packed_other = p.packed(0.01), other.packed(0.01)
    p.put([3, 1], other)
    np.testing.assert_array_equal(p.packed(0.01)[[3, 1]], packed_other)
    np.testing.assert_array_equal(p.packed(0.01)[[0, 2, 4]], before[[0, 2, 4]])


def test_packed_columns_mean_what_layout_says():
    p = random_parameters(np.random.default_rng(2), 4, num_rotors=6)
    packed = p.packed(0.02)
    assert packed.shape == (4, layout.packed_size(6))
    assert packed.flags.c_contiguous
    assert packed.dtype == np.float32
    np.testing.assert_allclose(packed[:, layout.STEP_S], 0.02)
    np.testing.assert_allclose(packed[:, layout.RISE][:, 0], 1.0 - np.exp(-0.02 / p.motor_rise_s), rtol=1e-5)
    free = packed[:, layout.FREE_ACCELERATION_W] - p.force_w / p.mass[:, None]
    np.testing.assert_allclose(free, [[0.0, 0.0, -GRAVITY]] * 4, atol=1e-5)
    jx, jy, jz = p.inertia.T
    np.testing.assert_allclose(
        packed[:, layout.GYROSCOPIC], np.stack([(jy - jz) / jx, (jz - jx) / jy, (jx - jy) / jz], 1), rtol=1e-5
    )
    rotors = packed[:, layout.FIRST_ROTOR :].reshape(4, 6, layout.ROTOR_STRIDE)
    arm = p.rotor_position_b - p.centre_of_mass_b[:, None]
    torque = np.cross(arm, [0.0, 0.0, 1.0]) + p.torque_per_thrust[:, None, None] * p.yaw_sign[:, None] * [0.0, 0.0, 1.0]
    gain = p.motor_gain[..., None]
    np.testing.assert_allclose(rotors[..., :3] * p.mass[:, None, None], gain * [0.0, 0.0, 1.0], rtol=1e-5)
    np.testing.assert_allclose(rotors[..., 3:] * p.inertia[:, None], gain * torque, atol=1e-8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mass": np.ones(3)}, r"must have shape"),
        ({"inertia": np.ones((2, 2))}, r"'inertia' must have shape \(2, 3\), got \(2, 2\)"),
        ({"mass": np.array([1.0, 0.0])}, "'mass' must be positive"),
        ({"motor_fall_s": np.array([0.1, np.nan])}, "'motor_fall_s' must be positive"),
        ({"yaw_sign": np.ones(3)}, r"'motor_gain' must have shape \(2, 3\)"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(change, message):
    good = vars(FlightParameters.nominal(ROBOT.parameters(), 2))
    with pytest.raises(ConfigError, match=message):
        FlightParameters(**{**good, **change})


def test_refuses_to_join_different_rotor_geometry_or_nothing():
    rng = np.random.default_rng(3)
    with pytest.raises(ConfigError, match="must agree"):
        FlightParameters.concatenate([random_parameters(rng, 1), random_parameters(rng, 1, num_rotors=6)])
    with pytest.raises(ConfigError, match="nothing to concatenate"):
        FlightParameters.concatenate([])


@pytest.mark.parametrize("dt", [0.0, -0.01, float("nan")])
def test_time_step_must_be_positive(dt):
    with pytest.raises(ConfigError, match="time step must be positive"):
        FlightParameters.nominal(ROBOT.parameters(), 1).packed(dt)
