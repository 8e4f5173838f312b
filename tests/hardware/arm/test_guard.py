"""What ends an arm's episode in a hold: out of its workspace, a jump, a joint beyond its range."""

import dataclasses
import math

import pytest

from hardware.arm.guard import ArmGuard, Workspace
from sim.errors import ConfigError
from tests.hardware.arm.samples import HEALTHY
from tests.support.reach_policy import reach_info

BOX = Workspace((0.2, -0.4, 0.0), (0.8, 0.4, 0.6))
PERIOD_NS = 16_666_667


@pytest.fixture
def guard():
    guard = ArmGuard(reach_info(), BOX)
    assert guard.check(HEALTHY) is None
    return guard


def after(periods, **changes):
    return dataclasses.replace(HEALTHY, received_ns=HEALTHY.received_ns + round(periods * PERIOD_NS), **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tool_position": (0.5, 0.0, -0.01)}, "workspace: the tool is at (0.500, 0.000, -0.010) m"),
        ({"tool_position": (math.nan, 0.0, 0.2)}, "workspace"),
        ({"joint_position": (*HEALTHY.joint_position[:8], 0.1)}, "joint_range: 'right_finger' reads 0.100"),
        ({"joint_position": (math.nan, *HEALTHY.joint_position[1:])}, "joint_range: 'joint1'"),
        ({"tool_position": (0.52, 0.0, 0.2)}, "jump: the tool's pose went 20 mm"),
        ({"tool_wxyz": (0.1, math.sqrt(0.99), 0.0, 0.0)}, "jump: the tool's pose went 0 mm and 11 degrees"),
        ({"fixture_position": (0.55, 0.03, 0.0)}, "jump: the fixture's pose went 30 mm"),
    ],
)
def test_what_is_wrong_is_said_in_words(guard, changes, words):
    assert words in guard.check(after(1, **changes))


def test_the_last_good_state_is_what_jumps_count_from(guard):
    there = (0.55, 0.0, 0.2)
    assert "50 mm" in guard.check(after(1, tool_position=there))
    assert "50 mm" in guard.check(after(2, tool_position=there))
    assert guard.check(after(3, tool_position=there)) is None  # after so long, it may have gone there
    guard.reset()
    assert guard.check(after(4, tool_position=(0.3, 0.3, 0.5))) is None


def test_a_sign_of_a_quaternion_is_no_jump(guard):
    assert guard.check(after(1, tool_wxyz=tuple(-x for x in HEALTHY.tool_wxyz))) is None


@pytest.mark.parametrize("corners", [((0, 0, 0), (1, 1, 0)), ((0, 0), (1, 1)), ((math.nan, 0, 0), (1, 1, 1))])
def test_a_workspace_that_is_none_is_refused(corners):
    with pytest.raises(ConfigError, match="workspace needs three numbers"):
        Workspace(*corners)
