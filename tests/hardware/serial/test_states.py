"""States of the serial protocol: round trips, broken estimates that must be seen, nonsense that must not."""

import contextlib
import dataclasses
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.serial.protocol import MAX_CHANNELS, MAX_PAYLOAD, ProtocolError
from hardware.serial.states import (
    Flag,
    FlightReport,
    Head,
    JointReport,
    Mode,
    decode_flight_report,
    decode_joint_report,
    encode_flight_report,
    encode_joint_report,
)

U32 = st.integers(0, (1 << 32) - 1)
NUMBER = st.floats(-1e6, 1e6, width=32)
QUATERNION = st.sampled_from([(1.0, 0.0, 0.0, 0.0), (0.5, -0.5, 0.5, -0.5), (0.0, 0.0, 1.0, 0.0)])
HEADS = st.builds(Head, U32, U32, NUMBER, st.integers(0, 127).map(Flag), st.integers(0, 65535), st.sampled_from(Mode))


def numbers(count):
    return st.tuples(*[NUMBER] * count)


FLIGHTS = st.builds(
    FlightReport,
    HEADS,
    numbers(3),
    numbers(3),
    QUATERNION,
    numbers(3),
    st.integers(1, 8).flatmap(numbers),
)
JOINTS = st.integers(1, 29).flatmap(
    lambda n: st.builds(JointReport, HEADS, QUATERNION, numbers(3), numbers(n), numbers(n), numbers(n), numbers(n))
)
HEAD = Head(1000, 7, 3.9, Flag.ARMED, 0, Mode.COMMANDS)
FLIGHT = FlightReport(HEAD, (1.0, 2.0, 3.0), (0.0,) * 3, (1.0, 0.0, 0.0, 0.0), (0.0,) * 3, (0.5,) * 4)
JOINT = JointReport(HEAD, (1.0, 0.0, 0.0, 0.0), (0.0,) * 3, (0.25,) * 2, (0.5,) * 2, (1.5,) * 2, (40.0,) * 2)


@given(FLIGHTS)
def test_flight_round_trip(report):
    payload = encode_flight_report(report)
    assert decode_flight_report(payload, len(report.motors)) == report
    assert len(payload) <= MAX_PAYLOAD


@given(JOINTS)
def test_joint_round_trip(report):
    payload = encode_joint_report(report)
    assert decode_joint_report(payload, len(report.position)) == report
    assert len(payload) <= MAX_PAYLOAD


@given(st.binary(max_size=300), st.integers(-1, MAX_CHANNELS + 1))
def test_whatever_bytes_give_a_state_or_the_declared_error(payload, channels):
    for decode in (decode_flight_report, decode_joint_report):
        with contextlib.suppress(ProtocolError):
            assert decode(payload, channels).head.mode in Mode


@given(st.integers(0, 200))
def test_a_state_of_another_length_is_refused(length):
    payload = (encode_flight_report(FLIGHT) + bytes(200))[:length]
    if length != len(encode_flight_report(FLIGHT)):
        with pytest.raises(ProtocolError):
            decode_flight_report(payload, 4)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_an_estimate_that_broke_is_passed_on_for_the_supervisor_to_see(value):
    broken = dataclasses.replace(FLIGHT, position_w=(value, 0.0, 0.0))
    state = decode_flight_report(encode_flight_report(broken), 4).state(5)
    assert not state.finite
    quaternion = dataclasses.replace(FLIGHT, orientation_wxyz=(value,) * 4)
    assert not decode_flight_report(encode_flight_report(quaternion), 4).state(5).finite


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"position_w": (1.1e6, 0.0, 0.0)}, "beyond"),
        ({"orientation_wxyz": (0.5, 0.0, 0.0, 0.0)}, "quaternion of length 0.5"),
        ({"orientation_wxyz": (0.0, 0.0, 0.0, 0.0)}, "quaternion of length 0"),
        ({"head": dataclasses.replace(HEAD, battery_v=1e7)}, "beyond"),
    ],
)
def test_numbers_beyond_reason_are_refused(change, hint):
    with pytest.raises(ProtocolError, match=hint):
        decode_flight_report(encode_flight_report(dataclasses.replace(FLIGHT, **change)), 4)


def test_another_number_of_channels_than_the_hello_said_is_refused():
    with pytest.raises(ProtocolError, match="4 channels, the robot's hello said 6"):
        decode_flight_report(encode_flight_report(FLIGHT), 6)


def test_an_unknown_mode_is_refused():
    payload = bytearray(encode_flight_report(FLIGHT))
    payload[16] = len(Mode)
    with pytest.raises(ProtocolError, match="unknown mode"):
        decode_flight_report(bytes(payload), 4)


@pytest.mark.parametrize(
    ("flag", "field"),
    [
        (Flag.ARMED, "armed"),
        (Flag.CRASHED, "crashed"),
        (Flag.POLICY_FAULT, "policy_fault"),
        (Flag.FAILSAFE, "dead_man"),
        (Flag.LANDED, "landed"),
        (Flag.OPERATOR_STOP, "operator_stop"),
    ],
)
def test_every_flag_reaches_its_field_and_no_other(flag, field):
    fields = ("armed", "crashed", "policy_fault", "dead_man", "landed", "operator_stop")
    state = dataclasses.replace(FLIGHT, head=dataclasses.replace(HEAD, flags=flag)).state(99)
    assert [name for name in fields if getattr(state, name)] == [field]
    assert (state.received_ns, state.robot_ms, state.battery_v, state.onboard_mode) == (99, 1000, 3.9, Mode.COMMANDS)
    if field != "landed":
        joint = dataclasses.replace(JOINT, head=dataclasses.replace(HEAD, flags=flag)).state(99)
        assert [name for name in fields if name != "landed" and getattr(joint, name)] == [field]


def test_joints_keep_their_order():
    report = dataclasses.replace(JOINT, position=(1.0, 2.0), velocity=(3.0, 4.0), torque=(5.0, 6.0))
    payload = encode_joint_report(report)
    assert struct.unpack("<15f", payload[20:])[7:] == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 40.0, 40.0)
    state = decode_joint_report(payload, 2).state(0)
    assert (state.position, state.velocity, state.torque) == ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0))
