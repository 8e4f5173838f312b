"""The virtual arm: it goes where set-points say, holds, lets go, and suffers what it is told to."""

import math

import numpy as np
import pytest

from hardware.virtual.arm.faults import KINDS
from hardware.virtual.arm.robot import VirtualArm
from hardware.virtual.faults import read_fault
from sim.errors import ConfigError


@pytest.fixture
def arm():
    return VirtualArm("peg_placement", seed=1, cameras=())


def test_it_goes_to_the_set_point_and_stays(arm):
    before = arm.measure()
    goal = before.tool + np.array([0.0, 0.02, 0.03, 0, 0, 0, 0])
    arm.command(goal)
    arm.advance(1500)
    after = arm.measure()
    np.testing.assert_allclose(after.tool[:3], goal[:3], atol=3e-3)  # the elbow is still on its way home
    np.testing.assert_allclose((after.object - before.object)[:3], (after.tool - before.tool)[:3], atol=2e-3)  # held
    np.testing.assert_allclose(after.force.sum(axis=1)[:, 2], -5.0, atol=1.0)  # pressed as hard as the fingers press
    assert arm.following


def test_what_is_no_set_point_moves_nothing(arm):
    goal = arm.measure().tool
    for bad in (goal[:6], [math.nan, *goal[1:]], [*goal[:3], 0, 0, 0, 0.1]):
        arm.command(bad)
    assert not arm.following
    assert arm.events.counters["refused"] == 3
    arm.emergency_stop()
    arm.command(goal)
    assert not arm.following


def test_it_holds_when_told_to_and_a_repeated_set_point_is_no_stream(arm):
    goal = tuple(arm.measure().tool)
    arm.command(goal)
    arm.safe_stop("hold")
    arm.command(goal)
    assert not arm.following
    arm.command((goal[0] + 1e-3, *goal[1:]))
    assert arm.following
    with pytest.raises(ConfigError, match="cannot 'land'"):
        arm.safe_stop("land")


def test_it_lets_go(arm):
    arm.open_hand()
    arm.advance(600)
    assert not arm.measure().force.any()
    assert arm.judge()[0] > 0.02  # it fell beside its place


def test_faults_are_what_their_names_say(arm):
    for text in ("nan-pose@0.1:0.1", "jump=0.05@0.3:0.1", "pads-stall@0.5:0.1", "state-stall@0.7"):
        arm.inject(read_fault(text, KINDS))
    arm.advance(150)
    assert np.isnan(arm.measure().tool).all()
    arm.advance(200)
    jumped = arm.measure().tool
    arm.advance(200)
    np.testing.assert_allclose((jumped - arm.measure().tool)[:3], [0.05, 0.0, 0.0], atol=5e-3)
    assert arm.pads_stalled
    arm.advance(200)
    assert (arm.pads_stalled, arm.stalled) == (False, True)
