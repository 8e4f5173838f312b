"""Joint targets: the ramp, the policy, and limits that hold whatever is asked for and wherever the joints are."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hardware.deploy import Args
from hardware.joints.job import JointJob
from hardware.joints.observation import JointObservation, gravity_direction
from hardware.joints.pilot import JointPilot, TargetLimiter
from hardware.states import JointState
from policies.bundle import save_bundle
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError
from tests.hardware.joints.samples import HEALTHY, LIMITS

KP, KD = (100.0, 20.0), (5.0, 1.0)
VALUES = arrays(np.float64, 2, elements=st.floats(-10.0, 10.0))


@pytest.fixture(scope="module")
def policy(pose_bundle):
    return OnnxPolicy(pose_bundle)


@pytest.fixture(scope="module")
def standing(policy):
    """The robot a little off its default pose."""
    nominal = np.asarray(policy.bundle.info.action.nominal)
    n = nominal.size
    zeros = (0.0,) * n
    return JointState(
        0, 0, tuple(nominal + 0.03), zeros, zeros, (30.0,) * n, (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 52.0, True
    )


@given(targets=VALUES, position=VALUES, velocity=VALUES)
@settings(deadline=None, derandomize=True)
def test_whatever_is_asked_the_target_is_in_range_and_asks_for_no_more_torque_than_allowed(targets, position, velocity):
    state = dataclasses.replace(HEALTHY, position=tuple(position), velocity=tuple(velocity))
    limited = TargetLimiter(LIMITS, KP, KD).limit(targets, state)
    low, high = np.asarray(LIMITS.position_low_rad), np.asarray(LIMITS.position_high_rad)
    assert ((limited >= low) & (limited <= high)).all()
    torque = np.asarray(KP) * (limited - position) - np.asarray(KD) * velocity
    at_the_end_of_its_range = (limited == low) | (limited == high)
    allowed = np.abs(torque) <= np.asarray(LIMITS.torque_n_m) + 1e-9
    assert (allowed | at_the_end_of_its_range).all()


def test_the_ramp_starts_where_the_joints_are_and_ends_in_the_default_pose(policy, standing):
    pilot = JointPilot(policy)
    assert np.allclose(pilot.command((0.0, 0.0, 0.0, 0.0), standing), standing.position)
    assert pilot.observation is None, "the policy waits"
    halfway = np.asarray(pilot.command((0.5, 0.0, 0.0, 0.0), standing))
    nominal = np.asarray(policy.bundle.info.action.nominal)
    np.testing.assert_allclose(halfway, nominal + 0.015, atol=1e-9)
    pilot.command((1.0, 0.0, 0.0, 0.0), standing)
    assert pilot.reset
    assert pilot.observation is not None


def test_the_ramp_starts_with_the_torque_that_the_joints_have(policy, standing):
    kp = np.asarray(policy.bundle.info.robot.constants["kp"])
    leaning = dataclasses.replace(standing, torque=(2.0,) * len(kp))
    start = np.asarray(JointPilot(policy).command((0.0, 0.0, 0.0, 0.0), leaning))
    np.testing.assert_allclose(kp * (start - np.asarray(standing.position)), 2.0)
    unknown = dataclasses.replace(standing, torque=(math.nan,) * len(kp))
    assert np.allclose(JointPilot(policy).command((0.0, 0.0, 0.0, 0.0), unknown), standing.position)


def test_what_comes_back_as_applied_is_what_was_really_sent(policy, standing):
    """A joint far from its target: the torque limit moves the target, and the policy is told so."""
    pilot = JointPilot(policy)
    far = dataclasses.replace(standing, position=tuple(np.asarray(standing.position) - 0.4))
    for blend in (0.0, 1.0):
        command = pilot.command((blend, 0.0, 0.0, 0.0), far)
    assert not np.allclose(command, policy.bundle.info.action.nominal, atol=0.05), "the limit was in force"
    pilot.command((1.0, 0.0, 0.0, 0.0), far)
    n = policy.action_size
    np.testing.assert_allclose(pilot.observation[-n:], command, atol=1e-6)


@pytest.mark.parametrize("state", [None, "nan"])
def test_without_a_usable_state_nothing_is_commanded(policy, standing, state):
    pilot = JointPilot(policy)
    broken = dataclasses.replace(standing, velocity=(math.nan,) * policy.action_size) if state else None
    assert pilot.command((1.0, 0.0, 0.0, 0.0), broken) is None
    assert not pilot.failed


def test_the_observation_is_in_the_order_of_the_bundle(policy, standing):
    observe = JointObservation(policy.bundle.info)
    n = policy.action_size
    state = dataclasses.replace(standing, angular_velocity_b=(0.1, 0.2, 0.3), velocity=tuple(np.arange(n) / 10.0))
    observation = observe(state, (1.0, 0.0, 0.0, 0.0), np.full(n, 0.7))
    np.testing.assert_allclose(observation[:3], (0.0, 0.0, -1.0))
    np.testing.assert_allclose(observation[3:6], (0.1, 0.2, 0.3))
    np.testing.assert_allclose(observation[6 : 6 + n], 0.03)
    np.testing.assert_allclose(observation[6 + n : 6 + 2 * n], np.arange(n) / 10.0)
    np.testing.assert_allclose(observation[6 + 2 * n :], 0.7)


def test_gravity_points_down_in_the_body():
    pitched = (math.cos(math.pi / 8), 0.0, math.sin(math.pi / 8), 0.0)
    np.testing.assert_allclose(gravity_direction((1.0, 0.0, 0.0, 0.0)), (0.0, 0.0, -1.0))
    np.testing.assert_allclose(gravity_direction(pitched), (math.sqrt(0.5), 0.0, -math.sqrt(0.5)), atol=1e-12)


def test_a_term_that_no_robot_delivers_is_refused(policy, tmp_path):
    info = policy.bundle.info
    terms = tuple(
        dataclasses.replace(term, name="base_velocity") if term.name == "gravity_b" else term
        for term in info.observation
    )
    other = save_bundle(
        tmp_path / "other",
        dataclasses.replace(info, observation=terms),
        policy.bundle.read_policy(),
        policy.bundle.golden(),
    )
    with pytest.raises(ConfigError, match="base_velocity"):
        JointPilot(OnnxPolicy(other))


@pytest.mark.parametrize(
    ("options", "message"), [({"hold": -1.0}, "--hold"), ({"velocity": (0.5, 0.0, 0.0)}, "velocity_x 0.5 is outside")]
)
def test_options_that_make_no_run_are_refused_before_anything_moves(policy, options, message):
    with pytest.raises(ConfigError, match=message):
        JointJob(Args(policy.bundle.path, **options), policy)
