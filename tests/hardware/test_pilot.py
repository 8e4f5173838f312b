"""Who flies: the policy on the host sees, returns and is limited exactly as the one on board."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.flying.observation import POSITION_ERROR_LIMIT_M, FlightObservation, rotation_matrix
from hardware.limiter import CommandLimiter
from hardware.pilot import HostPilot, OnboardPilot
from policies.bundle import save_bundle
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError
from sim.spec import ActionSpec
from tests.hardware.samples import HEALTHY

PERIOD = 0.01
NEAR = (0.0, 0.0, 0.02, 0.0)


def action_spec(slew=20.0):
    return ActionSpec(
        "motor", ("m1", "m2"), "fraction", (0.0, -1.0), (1.0, 1.0), (0.5, 0.0), (slew, slew), "level_and_descend"
    )


@pytest.fixture(scope="module")
def policy(pd_bundle):
    return OnnxPolicy(pd_bundle)


@pytest.fixture
def pilot(policy):
    return HostPilot(policy, FlightObservation(policy.bundle.info))


@given(st.lists(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 2), min_size=1, max_size=30))
@settings(deadline=None, derandomize=True)
def test_whatever_is_wanted_the_command_keeps_to_range_and_slew(wanted):
    limiter = CommandLimiter(action_spec(), PERIOD)
    last = limiter.applied
    for values in wanted:
        command = limiter.limit(values)
        if command is None:
            assert not all(map(math.isfinite, values))
            assert (limiter.applied == last).all(), "what is no number changes nothing"
            continue
        assert ((command >= (0.0, -1.0)) & (command <= (1.0, 1.0))).all()
        assert (np.abs(command - last) <= 20.0 * PERIOD + 1e-12).all()
        last = command


def test_a_command_of_another_size_is_none():
    assert CommandLimiter(action_spec(), PERIOD).limit([0.5]) is None


def random_states(rng, count):
    for _ in range(count):
        quaternion = rng.normal(size=4)
        yield dataclasses.replace(
            HEALTHY,
            position_w=tuple(rng.uniform(-1.0, 1.0, 3)),
            velocity_w=tuple(rng.uniform(-1.0, 1.0, 3)),
            orientation_wxyz=tuple(quaternion / np.linalg.norm(quaternion)),
            angular_velocity_b=tuple(rng.uniform(-5.0, 5.0, 3)),
        )


def test_the_host_flies_as_the_controller_on_board(policy, pilot):
    """The same states and set-points through the C on board and through the host give the same motor commands."""
    from firmware_export.onboard import MODES, SETPOINT_POSITION
    from hardware.virtual.crazyflie.build import load_onboard

    onboard = load_onboard(policy.bundle)
    onboard.config.warm_up_ms = 0
    onboard.restart()
    onboard.estimate.attitude[:] = (1.0, 0.0, 0.0, 0.0)
    onboard.step(0, True)
    target = (0.2, -0.3, 0.6)
    for number, state in enumerate(random_states(np.random.default_rng(0), 200)):
        tick = 1 + 10 * number
        for name, values in (
            ("position_w", state.position_w),
            ("velocity_w", state.velocity_w),
            ("attitude", state.orientation_wxyz),
            ("angular_velocity_b", state.angular_velocity_b),
        ):
            getattr(onboard.estimate, name)[:] = values
        onboard.setpoint.mode, onboard.setpoint.tick_ms = SETPOINT_POSITION, tick
        onboard.setpoint.position_w[:] = target
        assert MODES[onboard.step(tick, True)] == "policy"
        command = pilot.command((*target, 0.0), state)
        assert pilot.reset == (number == 0)
        np.testing.assert_allclose(pilot.observation, onboard.observation, atol=2e-6)
        np.testing.assert_allclose(command, onboard.motors, atol=2e-5)


def test_a_far_setpoint_looks_half_a_metre_away(pilot):
    pilot.command((10.0, -10.0, 0.1, 0.0), HEALTHY)
    np.testing.assert_allclose(pilot.observation[:3], (-POSITION_ERROR_LIMIT_M, POSITION_ERROR_LIMIT_M, -0.1))


def test_the_policy_remembers_nothing_of_the_flight_before(pilot):
    first = pilot.command(NEAR, HEALTHY)
    second = pilot.command(NEAR, HEALTHY)
    assert first != second, "its memory matters"
    assert pilot.command(None, HEALTHY) is None
    assert pilot.command(NEAR, HEALTHY) == first


@pytest.mark.parametrize("state", [None, dataclasses.replace(HEALTHY, velocity_w=(math.nan, 0.0, 0.0))])
def test_without_a_usable_state_nothing_is_commanded_and_the_policy_is_not_to_blame(pilot, state):
    assert pilot.command((0.0, 0.0, 0.5, 0.0), state) is None
    assert not pilot.failed
    assert pilot.observation is None


def test_a_reference_that_is_no_number_makes_the_policy_fail_and_nothing_leaves(pilot):
    assert pilot.command((math.nan, 0.0, 0.5, 0.0), HEALTHY) is None
    assert pilot.failed
    assert pilot.command((0.0, 0.0, 0.5, 0.0), HEALTHY) is not None


def test_a_policy_on_board_gets_the_reference():
    assert OnboardPilot().command((1.0, 2.0, 3.0, 0.0), HEALTHY) == (1.0, 2.0, 3.0, 0.0)
    assert OnboardPilot().command(None, HEALTHY) is None


@pytest.mark.parametrize("change", [{"name": "thrust_from_tea_leaves"}, {"name": "velocity_w"}])
def test_a_term_that_no_flight_delivers_is_refused(policy, tmp_path, change):
    info = policy.bundle.info
    terms = tuple(dataclasses.replace(term, **change) if term.size == 9 else term for term in info.observation)
    other = save_bundle(
        tmp_path / "other",
        dataclasses.replace(info, observation=terms),
        policy.bundle.read_policy(),
        policy.bundle.golden(),
    )
    with pytest.raises(ConfigError, match=change["name"]):
        FlightObservation(other.info)


def test_the_rotation_matrix_turns_body_axes_into_world_axes():
    half = math.radians(90.0) / 2.0
    yaw_left = rotation_matrix((math.cos(half), 0.0, 0.0, math.sin(half)))
    np.testing.assert_allclose(np.reshape(yaw_left, (3, 3)) @ (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), atol=1e-12)
