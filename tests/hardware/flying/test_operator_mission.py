"""The operator's mission: what each wish asks of the supervisor, and that no wish breaks it."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.behaviour import Mode
from hardware.flying.operator_mission import MOST_WISHES, STREAM_TIMEOUT_S, OperatorMission
from hardware.supervisor import Request
from sim.errors import ConfigError


def flying(height=0.5):
    """A mission that has climbed to its height over the origin."""
    mission = OperatorMission()
    mission.take_off((0.0, 0.0, 0.0), height)
    for mode in (Mode.IDLE, Mode.CHECKING, Mode.ARMING, Mode.RAMP):
        mission.step(0.0, mode)
    mission.step(0.0, Mode.RUNNING)
    return mission


def test_nothing_happens_unasked():
    mission = OperatorMission()
    assert all(mission.step(t, Mode.IDLE).request is Request.NONE for t in range(5))
    assert not mission.wanted


def test_take_off_walks_through_the_supervisor_s_modes():
    mission = OperatorMission()
    mission.take_off((1.0, 2.0, 0.1), 0.6)
    steps = [(Mode.IDLE, Request.CHECK), (Mode.CHECKING, Request.ARM), (Mode.ARMING, Request.START)]
    assert [mission.step(0.0, mode).request for mode, _ in steps] == [request for _, request in steps]
    order = mission.step(0.0, Mode.RAMP)
    assert order.request is Request.RUN
    assert order.target == pytest.approx((1.0, 2.0, 0.7, 0.0))


def test_arming_waits_for_a_take_off():
    mission = OperatorMission()
    mission.arm(True)
    assert mission.step(0.0, Mode.ARMING).request is Request.NONE
    mission.arm(False)
    assert mission.step(0.0, Mode.ARMING).request is Request.OFF


def test_go_to_moves_smoothly_and_arrives():
    mission = flying()
    mission.go_to((1.0, 0.0, 0.5), 0.5, 2.0, relative=False)
    xs = [mission.step(0.02 * i, Mode.RUNNING).target[0] for i in range(1, 130)]
    assert xs[0] == 0.0
    assert all(b >= a for a, b in itertools.pairwise(xs))
    assert xs[-1] == pytest.approx(1.0)
    mission.go_to((0.0, 0.0, 0.2), 0.0, 0.0, relative=True)
    mission.step(3.0, Mode.RUNNING)
    assert mission.step(3.1, Mode.RUNNING).target == pytest.approx((1.0, 0.0, 0.7, 0.5))


def test_a_stream_of_set_points_that_pauses_is_held():
    mission = flying()
    mission.set_point((0.3, 0.0, 0.5), 0.0)
    assert mission.step(1.0, Mode.RUNNING).request is Request.RUN
    order = mission.step(1.1 + STREAM_TIMEOUT_S, Mode.RUNNING)
    assert order.request is Request.HOLD
    assert order.target == pytest.approx((0.3, 0.0, 0.5, 0.0))
    mission.end_stream()
    assert mission.step(2.0, Mode.HOLDING).request is Request.RUN


def test_hover_moves_in_the_heading_s_frame_and_not_for_ever():
    mission = flying()
    mission.set_point((0.0, 0.0, 0.5), math.pi / 2.0)
    mission.step(1.0, Mode.RUNNING)
    mission.hover((0.2, 0.0), 0.0, 0.7)
    mission.step(1.0, Mode.RUNNING)
    x, y, z, yaw = mission.step(1.2, Mode.RUNNING).target
    assert (x, y, z, yaw) == pytest.approx((0.0, 0.04, 0.7, math.pi / 2.0), abs=1e-9)
    assert mission.step(60.0, Mode.RUNNING).target[1] == pytest.approx(0.2 * STREAM_TIMEOUT_S)


def test_land_wins_over_everything_in_flight():
    mission = flying()
    mission.land()
    mission.set_point((0.3, 0.0, 0.5), 0.0)
    assert mission.step(1.0, Mode.RUNNING).request is Request.END
    assert mission.step(1.0, Mode.RAMP).request is Request.END
    assert mission.step(1.0, Mode.LANDING).request is not Request.RUN


NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(st.tuples(st.integers(0, 5), NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=20))
def test_no_wish_makes_a_target_that_is_no_number(wishes):
    mission = flying()
    calls = (
        lambda a, b, c, d: mission.set_point((a, b, c), d),
        lambda a, b, c, d: mission.go_to((a, b, c), 0.0, d, relative=False),
        lambda a, b, c, d: mission.go_to((a, b, c), 0.0, d, relative=True),
        lambda a, b, c, d: mission.hover((a, b), c, d),
        lambda a, _b, _c, _d: mission.take_off((0.0, 0.0, 0.0), a),
        lambda *_: mission.end_stream(),
    )
    for i, (which, *numbers) in enumerate(wishes):
        words = ""
        try:
            calls[which](*numbers)
        except ConfigError as error:
            words = str(error)
        assert "\n" not in words
        target = mission.step(0.1 * i, Mode.RUNNING).target
        assert not any(math.isnan(value) for value in target)


def test_wishes_to_a_robot_on_the_ground_do_not_pile_up():
    mission = OperatorMission()
    for _ in range(10_000):
        mission.set_point((0.0, 0.0, 1.0), 0.0)
        mission.step(0.0, Mode.IDLE)
    assert len(mission._inbox) <= MOST_WISHES
