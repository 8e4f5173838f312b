"""Which poses pass: in order, in time, in range, unit quaternions, and where the body can have got to."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.mocap.frame import MocapFrame, RigidBody, turned_up
from hardware.mocap.gate import DISAGREEMENT_M, FORGET_S, LATE_S, CheckedPose, FrameGate, PoseGate
from tests.hardware.samples import HEALTHY, rolled

LEVEL = (1.0, 0.0, 0.0, 0.0)
NS = 1_000_000_000


def body(x=0.0, y=0.0, z=0.0, orientation=LEVEL):
    return RigidBody("cf1", (x, y, z), orientation)


def flying(at=(0.0, 0.0, 0.0), **changes):
    return dataclasses.replace(HEALTHY, position_w=at, armed=True, **changes)


def frame(arrival_s, number=None, time_s=None):
    return MocapFrame(round(arrival_s * NS), (), number, time_s)


def test_frames_in_order_pass_and_others_do_not():
    gate = FrameGate()
    refusals = [gate.refusal(frame(0.01 * i, number)) for i, number in enumerate((1, 2, 2, 1, 5, 4, 6))]
    assert refusals == [None, None, "frame out of order", "frame out of order", None, "frame out of order", None]


def test_a_system_that_was_restarted_counts_anew():
    gate = FrameGate()
    assert gate.refusal(frame(0.0, 900, 90.0)) is None
    assert gate.refusal(frame(0.1, 1, 0.0)) == "frame out of order"
    assert gate.refusal(frame(0.1 + FORGET_S + 0.1, 1, 0.0)) is None


def test_time_that_runs_backwards_or_is_none_is_refused():
    gate = FrameGate()
    assert gate.refusal(frame(0.0, 1, 5.0)) is None
    assert gate.refusal(frame(0.01, 2, 4.9)) == "time that runs backwards"
    assert gate.refusal(frame(0.02, 3, math.nan)) == "time that is not a number"
    assert gate.refusal(frame(0.03, 4, 5.03)) is None


def test_a_frame_that_waited_in_a_queue_is_refused_and_a_clock_that_drifts_is_not():
    gate = FrameGate()
    assert all(gate.refusal(frame(0.01 * i * 1.0005, i, 0.01 * i)) is None for i in range(100_000)), "500 ppm"
    now_s = 1000.5
    assert gate.refusal(frame(now_s + 0.02, 100_000, 1000.0)) is None
    assert gate.refusal(frame(now_s + 0.02 + LATE_S, 100_001, 1000.01)) == "frame that comes late"


@pytest.mark.parametrize(
    ("pose", "reason"),
    [
        (body(x=math.nan), "not a number"),
        (body(z=math.inf), "not a number"),
        (body(orientation=(math.nan, 0.0, 0.0, 0.0)), "not a number"),
        (body(y=50.1), "beyond"),
        (body(orientation=(0.0, 0.0, 0.0, 0.0)), "unit"),
        (body(orientation=(1.02, 0.0, 0.0, 0.0)), "unit"),
        (RigidBody("cf1", (0.0, 0.0), LEVEL), "not a number"),
    ],
)
def test_what_is_no_pose_is_refused(pose, reason):
    refusal = PoseGate().check(pose, 0)
    assert isinstance(refusal, str)
    assert reason in refusal


def test_an_orientation_is_normalised():
    pose = PoseGate().check(body(orientation=(1.005, 0.0, 0.0, 0.0)), 0)
    assert isinstance(pose, CheckedPose)
    assert pose.orientation_wxyz == LEVEL


def test_a_jump_is_refused_until_the_body_was_away_long_enough_to_have_been_carried():
    gate = PoseGate()
    gate.check(body(), 0)
    assert gate.check(body(x=0.4), NS // 100) == "position that jumps"
    assert gate.check(body(orientation=rolled(math.pi / 2)), NS // 100) == "orientation that jumps"
    assert isinstance(gate.check(body(x=0.05), NS // 100), CheckedPose)
    assert isinstance(gate.check(body(x=3.0), 2 * NS), CheckedPose)


def test_the_negative_quaternion_is_the_same_orientation():
    gate = PoseGate()
    gate.check(body(), 0)
    assert isinstance(gate.check(body(orientation=(-1.0, 0.0, 0.0, 0.0)), NS // 100), CheckedPose)


def test_in_flight_a_jump_stays_refused_however_long_it_lasts():
    gate = PoseGate()
    gate.check(body(), 0, flying())
    for step in range(1, 300):
        at_ns = step * NS // 100
        refusal = gate.check(body(x=DISAGREEMENT_M + 0.05), at_ns, flying(received_ns=at_ns))
        assert isinstance(refusal, str), step
    turned = gate.check(body(orientation=rolled(math.pi)), 4 * NS, flying(received_ns=4 * NS))
    assert turned == "orientation that contradicts the robot's own"


@given(st.floats(-3.0, 3.0), st.floats(0.0, 0.1), st.floats(0.0, 0.03))
def test_fast_flight_passes(speed, age_s, delay_s):
    """The robot's report is up to 0.1 s old, the pose shows where it was up to 30 ms ago."""
    now_s = 1.0
    gate = PoseGate()
    gate.check(body(x=speed * (now_s - 0.01 - delay_s)), round((now_s - 0.01) * NS))
    state = flying(
        at=(speed * (now_s - age_s), 0.0, 0.0), velocity_w=(speed, 0.0, 0.0), received_ns=round((now_s - age_s) * NS)
    )
    assert isinstance(gate.check(body(x=speed * (now_s - delay_s)), NS, state), CheckedPose)


def test_y_up_becomes_z_up():
    """A step to the right, one up and one towards the viewer, as OptiTrack's y-up world has them."""
    assert turned_up(body(1.0, 2.0, 3.0), "y").position_w == (1.0, -3.0, 2.0)
    half = math.sqrt(0.5)
    heading = turned_up(body(orientation=(half, 0.0, half, 0.0)), "y").orientation_wxyz
    assert heading == pytest.approx((half, 0.0, 0.0, half)), "a turn about y is one about z"
    assert turned_up(body(1.0, 2.0, 3.0), "z") == body(1.0, 2.0, 3.0)
