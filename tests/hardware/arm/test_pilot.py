"""Set-points of a contact policy: within the bundle's motions and the workspace, one episode after the other."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.arm.guard import Workspace
from hardware.arm.observation import ArmObservation
from hardware.arm.pilot import ArmPilot, Phase
from hardware.arm.pose import angle_rad
from hardware.deploy import Args, make_job
from hardware.virtual.arm.robot import VirtualArm
from policies.learners.contact.inputs import flat_input, load_input
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError
from sim.spec import Episode
from tests.hardware.arm.samples import HEALTHY
from tests.support.reach_policy import build_reach_bundle, reach_info

BOX = Workspace((0.2, -0.4, 0.0), (0.8, 0.4, 0.25))
GO = (1.0,)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return OnnxPolicy(build_reach_bundle(tmp_path_factory.mktemp("reach") / "bundle", "field", Episode(6, 3, 5, 0.004)))


def test_the_observation_is_that_of_the_training():
    """What an arm measures becomes, to the last bit, what the task's environment shows a learner."""
    arm = VirtualArm("peg_placement", seed=3, cameras=())
    arm.advance(50)
    seen, inputs = arm.measure(), load_input("field")
    wanted = flat_input({**arm._env.observe(), "field": seen.force.reshape(1, 2, 14, 10, 3)}, inputs)[0]
    state = dataclasses.replace(
        HEALTHY,
        joint_position=tuple(seen.joint_position),
        tool_position=tuple(seen.tool[:3]),
        tool_wxyz=tuple(-seen.tool[3:]),  # ROS may say either sign
        fixture_position=tuple(seen.fixture[:3]),
        fixture_wxyz=tuple(seen.fixture[3:]),
        images={"field": seen.force.reshape(2, 14, 10, 3)},
    )
    np.testing.assert_array_equal(ArmObservation(reach_info())(state, (), np.zeros(6)), wanted)
    assert np.abs(wanted[23:]).max() > 0.01  # (it holds something)


def test_an_episode_acts_opens_rises_and_is_done(policy):
    pilot = ArmPilot(policy, BOX)
    phases, goals = [], []
    for _ in range(8):
        goals.append(np.array(pilot.command(GO, HEALTHY)))
        phases.append(pilot.phase)
    assert phases == [Phase.ACTING] * 3 + [Phase.RELEASING] * 3 + [Phase.DONE] * 2
    way = np.array(goals)[:, :3] - HEALTHY.tool_position
    np.testing.assert_allclose(way[:3], [[0.01, 0.01, -0.01]] * 3, atol=1e-9)  # clipped to the largest motion
    np.testing.assert_allclose(way[3:], [[0, 0, 0], [0, 0, 0], [0, 0, 0.004], [0, 0, 0.004], [0, 0, 0.004]], atol=1e-9)
    assert pilot.command(None, HEALTHY) is None
    assert pilot.setpoint == tuple(goals[-1])  # it outlives the episode: it is what to hold
    assert pilot.command(GO, HEALTHY) is not None
    assert (pilot.phase, pilot.reset) == (Phase.ACTING, True)


@settings(max_examples=50, deadline=None)
@given(
    tool=st.tuples(*[st.floats(-1.0, 1.0)] * 3),
    fixture=st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    force=st.floats(-1e9, 1e9),
    turn=st.floats(-3.0, 3.0),
)
def test_every_set_point_is_near_the_tool_or_in_the_workspace(policy, tool, fixture, force, turn):
    pilot = ArmPilot(policy, BOX)
    wxyz = (0.0, math.cos(turn), math.sin(turn), 0.0)
    images = {"field": np.full((2, 14, 10, 3), force, np.float32)}
    goal = pilot.command(
        GO, dataclasses.replace(HEALTHY, tool_position=tool, tool_wxyz=wxyz, fixture_position=fixture, images=images)
    )
    assert goal is not None
    assert BOX.holds(goal[:3])
    nearest = BOX.nearest((*tool, *wxyz))
    assert all(abs(g - n) <= 0.01 + 1e-9 for g, n in zip(goal[:3], nearest[:3]))
    assert angle_rad(goal[3:], wxyz) <= math.sqrt(3) * 0.05 + 1e-6


@pytest.mark.parametrize("broken", ["tool_position", "images"])
def test_nothing_is_commanded_by_what_is_no_number(policy, broken):
    value = (math.nan,) * 3 if broken == "tool_position" else {"field": np.full((2, 14, 10, 3), np.nan, np.float32)}
    state = dataclasses.replace(HEALTHY, **{broken: value})
    assert not state.finite
    assert ArmPilot(policy, BOX).command(GO, state) is None


def test_a_policy_that_wants_what_no_arm_delivers_is_refused():
    task_knows = reach_info("privileged")
    with pytest.raises(ConfigError, match=r"'socket_pose' .* no arm can deliver"):
        ArmObservation(task_knows)


def test_run_says_how_an_arm_is_run(policy):
    """Refused before any link is opened, with the command that does it."""
    with pytest.raises(ConfigError, match="ros launch arm bundle:="):
        make_job(Args(policy.bundle.path), policy)
