"""The task for all airframes draws what the publication does, and references that all of them can follow."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agility import thrust_margin
from sim.airframes import torque_to_inertia
from sim.envs.multirotor import MultirotorEnv
from sim.randomization import sample
from sim.registry import load_task
from sim.spec import GRAVITY
from sim.trajectories import parse_trajectory

TASK = load_task("any_airframe")


@pytest.fixture(scope="module")
def flight():
    return sample(TASK.EVALUATION_TABLE, TASK.NOMINAL, np.random.default_rng(3), 2000).flight


def test_airframes_fill_the_published_ranges(flight):
    single_rotor = flight.thrust_curve.sum(axis=1)
    drawn = {
        (0.02, 5.0): flight.mass,
        (1.5, 5.0): 4.0 * single_rotor / (flight.mass * GRAVITY),
        (40.0, 1200.0): torque_to_inertia(flight),
        (0.03, 0.10): flight.motor_rise_s,
        (0.03, 0.30): flight.motor_fall_s,
        (0.005, 0.05): flight.torque_per_thrust,
    }
    for (low, high), values in drawn.items():
        assert low * 0.999 < values.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < values.max() < high * 1.001


def test_size_not_mass_is_even(flight):
    share = (np.cbrt(flight.mass) - np.cbrt(0.02)) / (np.cbrt(5.0) - np.cbrt(0.02))
    assert share.mean() == pytest.approx(0.5, abs=0.02)
    assert np.median(flight.mass) < 1.2


def test_inertias_are_those_of_real_bodies(flight):
    x, y, z = flight.inertia.T
    assert (x + y > z).all()
    assert (y + z > x).all()
    assert (z + x > y).all()


def test_every_airframe_has_the_margin_for_the_judged_figure_eight(flight):
    curve = parse_trajectory("figure8:period=5.5")
    peak = np.linalg.norm(curve.sample(np.arange(0.0, 13.0, 0.01)).acceleration_w, axis=1).max()
    assert thrust_margin(flight.thrust_to_weight(), peak).min() > 1.2


def test_references_begin_at_rest_and_ask_for_little():
    time = np.arange(0.0, 12.0, 0.02)
    for curve in TASK.sample_references(np.random.default_rng(0), 40):
        reference = curve.sample(time)
        np.testing.assert_allclose(reference.position_w[0], 0.0, atol=1e-6)
        np.testing.assert_allclose(reference.velocity_w[0], 0.0, atol=1e-6)
        assert np.linalg.norm(reference.acceleration_w, axis=1).max() < 8.0  # the ramp may ask for more than the curve


def test_policy_is_told_nothing_of_the_airframe_and_the_critic_everything():
    told = {term.name for term in TASK.TASK.actor_terms}
    assert not told & {"mass", "inertia", "thrust_to_weight", "log_torque_to_inertia", "motor_time_constants"}
    env = MultirotorEnv(TASK, 3, seed=1)
    assert env.critic_observation().shape == (3, TASK.TASK.critic_size)
    assert np.isfinite(env.critic_observation()).all()
