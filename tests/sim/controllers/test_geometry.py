"""Attitude on SO(3), against scipy's rotations and against finite differences."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sim.controllers.geometry import attitude_error, desired_attitude, desired_rates, into_body, limit_tilt
from sim.trajectories import parse_trajectory

GRAVITY_W = np.array([0.0, 0.0, -9.81])


def error_between(rotation, desired):
    out = np.empty(3)
    attitude_error(rotation.ravel(), desired.ravel(), out)
    return out


def attitude_for(force, yaw):
    out = np.empty(9)
    desired_attitude(*force, yaw, out)
    return out.reshape(3, 3)


@pytest.mark.parametrize("axis", np.eye(3))
@pytest.mark.parametrize("angle", [-1.2, 0.3, np.pi / 2])
def test_attitude_error_is_the_sine_about_the_axis(axis, angle):
    desired = Rotation.from_euler("xyz", [0.4, -0.2, 1.0])
    turned = desired * Rotation.from_rotvec(angle * axis)
    assert error_between(turned.as_matrix(), desired.as_matrix()) == pytest.approx(np.sin(angle) * axis, abs=1e-12)


def test_attitude_error_is_lees_equation():
    rng = np.random.default_rng(1)
    for rotation, desired in Rotation.random(20, random_state=rng).as_matrix().reshape(10, 2, 3, 3):
        skew = 0.5 * (desired.T @ rotation - rotation.T @ desired)  # eq. (10)
        assert error_between(rotation, desired) == pytest.approx([skew[2, 1], skew[0, 2], skew[1, 0]], abs=1e-12)


def test_desired_attitude_points_and_heads_as_asked():
    rng = np.random.default_rng(2)
    for force, yaw in zip(rng.normal(size=(20, 3)), rng.uniform(-3, 3, 20)):
        wanted = attitude_for(force, yaw)
        assert wanted @ wanted.T == pytest.approx(np.eye(3), abs=1e-12)
        assert np.linalg.det(wanted) == pytest.approx(1.0)
        assert wanted[:, 2] == pytest.approx(force / np.linalg.norm(force))
        heading = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        assert wanted[:, 1] @ heading == pytest.approx(0.0, abs=1e-12)
        assert wanted[:, 0] @ heading > 0.0


@pytest.mark.parametrize("force", [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0)])
def test_desired_attitude_is_a_rotation_where_it_is_not_defined(force):
    wanted = attitude_for(force, 0.0)
    assert wanted @ wanted.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(wanted) == pytest.approx(1.0)


def test_desired_rates_are_the_slope_of_the_attitude():
    trajectory, dt = parse_trajectory("figure8:period=3.5"), 1e-5
    for time in (2.3, 3.1, 4.0):
        here = trajectory.sample([time, time + dt])
        force = here.acceleration_w - GRAVITY_W
        first, second = (attitude_for(f, 0.0) for f in force)
        reference = np.concatenate([np.zeros(9), here.jerk_w[0], [0.0, 0.0]])
        rates = np.empty(3)
        desired_rates(first.ravel(), np.linalg.norm(force[0]), reference, rates)
        turned = Rotation.from_matrix(first.T @ second).as_rotvec() / dt
        # The heading's share of the rate about z is left out by the law, as in the firmware.
        assert rates[:2] == pytest.approx(turned[:2], abs=1e-3)
        assert np.abs(rates[:2]).max() > 0.3


def test_into_body_turns_vectors_of_the_desired_frame():
    rotation, desired = Rotation.random(2, random_state=np.random.default_rng(3)).as_matrix()
    vector, out = np.array([0.3, -1.0, 2.0]), np.empty(3)
    into_body(rotation.ravel(), desired.ravel(), vector, out)
    assert out == pytest.approx(rotation.T @ desired @ vector)


def test_tilt_is_limited_by_the_horizontal_force():
    assert limit_tilt(3.0, 4.0, 2.0, 1.0) == pytest.approx((1.2, 1.6, 2.0))
    assert limit_tilt(0.3, 0.4, 2.0, 1.0) == pytest.approx((0.3, 0.4, 2.0))
    assert limit_tilt(0.0, 0.0, -5.0, 1.0)[2] > 0.0
