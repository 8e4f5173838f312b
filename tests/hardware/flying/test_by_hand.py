"""Flights by hand in the supervisor: who begins, what passes, and what every fault and every pause leads to."""

import math

import pytest

from hardware.behaviour import Mode
from hardware.flying.by_hand import HAND_SAFE_ACTIONS, Attitude, HandBehaviour, HandMission, Stick
from hardware.flying.faults import SAFE_ACTIONS
from hardware.flying.operator_mission import OperatorMission
from hardware.supervisor import Supervisor
from tests.hardware.samples import LIMITS, look

PERIOD_S = 0.01


class Clock:
    ns = 10**12

    def now_ns(self):
        return self.ns


class Hand:
    """An operator who streams, steps and looks."""

    def __init__(self):
        self.clock, self.operator = Clock(), OperatorMission()
        self.stick = Stick(self.clock)
        self.mission = HandMission(self.operator, self.stick)
        self.supervisor = Supervisor(HandBehaviour(LIMITS))

    def step(self, command=None, **seen):
        self.clock.ns += round(PERIOD_S * 1e9)
        if command is not None:
            self.stick.push(command)
        now_s = self.clock.ns / 1e9
        order = self.mission.step(now_s, self.supervisor.mode)
        return self.supervisor.step(now_s, order.request, look(command=order.target, **seen))

    def fly(self, thrust=0.5):
        self.operator.arm(True)
        for _ in range(200):
            if self.step(Attitude(0.0, 0.0, 0.0, 0.0)).mode is Mode.RUNNING:
                return self.step(Attitude(0.1, -0.1, 0.2, thrust))
        raise AssertionError(f"stuck in {self.supervisor.mode}")


def test_the_stick_passes_as_it_is():
    assert Hand().fly().command == (0.1, -0.1, 0.2, 0.5)


def test_nothing_is_armed_before_the_operator_asks():
    hand = Hand()
    for _ in range(50):
        assert hand.step(Attitude(0.0, 0.0, 0.0, 0.0)).mode is Mode.IDLE


def test_a_stream_that_pauses_levels_and_descends_after_half_a_second():
    hand = Hand()
    hand.fly()
    modes = [hand.step(state={"position_w": (0.0, 0.0, 1.0)}).mode for _ in range(60)]
    assert modes[:49] == [Mode.RUNNING] * 49
    assert modes[-1] is Mode.DESCENDING
    assert hand.step(Attitude(0.0, 0.0, 0.0, 0.5)).command is None, "a stream that comes back flies no more"


@pytest.mark.parametrize("ask", [lambda operator: operator.land(), lambda operator: operator.arm(False)])
def test_the_operator_ends_it(ask):
    hand = Hand()
    hand.fly()
    ask(hand.operator)
    assert hand.step(Attitude(0.0, 0.0, 0.0, 0.5), state={"position_w": (0.0, 0.0, 1.0)}).mode is Mode.DESCENDING


def test_no_safe_action_needs_a_position():
    assert set(HAND_SAFE_ACTIONS) == set(SAFE_ACTIONS)
    assert set(HAND_SAFE_ACTIONS.values()) == {"level_and_descend", "off"}


@pytest.mark.parametrize(
    ("seen", "mode"),
    [
        ({"state": {"position_w": (3.0, 0.0, 1.0)}}, Mode.DESCENDING),
        ({"state": {"velocity_w": (3.5, 0.0, 0.0)}}, Mode.DESCENDING),
        ({"external_age_s": 0.2}, Mode.DESCENDING),
        ({"connected": False}, Mode.DESCENDING),
        ({"state": {"battery_v": 2.9}}, Mode.DESCENDING),
        ({"state": {"crashed": True}}, Mode.OFF),
        ({"kill": True}, Mode.EMERGENCY_STOP),
    ],
)
def test_the_supervisor_watches_a_hand_too(seen, mode):
    seen = dict(seen)
    hand = Hand()
    hand.fly()
    state = {"position_w": (0.0, 0.0, 1.0), **seen.pop("state", {})}
    output = hand.step(Attitude(0.0, 0.0, 0.0, 0.5), state=state, **seen)
    assert (output.mode, output.command) == (mode, None)


def test_a_refused_command_leaves_the_one_before_to_grow_old():
    hand = Hand()
    hand.fly()
    for bad in (Attitude(math.nan, 0, 0, 0), Attitude(1.0, 0, 0, 0), Attitude(0, 0, 9.0, 0), Attitude(0, 0, 0, 1.1)):
        with pytest.raises(Exception, match=r"none|degrees|largest"):
            hand.stick.push(bad)
    assert hand.step().command == (0.1, -0.1, 0.2, 0.5)
