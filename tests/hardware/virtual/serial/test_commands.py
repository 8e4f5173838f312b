"""Which messages the robot acts on: sessions, sequences, counts, ranges; and who is refused, and how."""

import contextlib
import math
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.framing import Frame, encode
from hardware.serial.hello import HelloRequest, encode_hello_request
from hardware.serial.messages import Command, decode_nack, encode_command
from hardware.serial.protocol import MAX_SEQUENCE_STEP, VERSION, MessageType, ProtocolError, Refusal
from hardware.serial.states import Flag, Mode
from hardware.virtual.serial.gate import CommandGate
from hardware.virtual.serial.session import SILENT_MS

HALF = (0.5,) * 4


@pytest.fixture
def armed(bench):
    bench.hello()
    bench.arm()
    bench.robot.advance(1)
    return bench


def test_the_hello_says_what_the_robot_is(bench):
    hello = bench.hello()
    assert (hello.robot, hello.kind, hello.level) == ("crazyflie", "flight", "motor")
    assert (hello.channels, hello.period_us, hello.session) == (("m1", "m2", "m3", "m4"), 10_000, bench.session)
    assert bench.report.head.mode is Mode.OFF, "and a state follows at once"


def test_without_a_hello_nobody_is_served(bench):
    for kind in (MessageType.ARM, MessageType.DISARM, MessageType.HEARTBEAT):
        assert bench.refusal(kind) is Refusal.NO_SESSION
    assert decode_nack(bench.command(*HALF).payload).refusal is Refusal.NO_SESSION
    bench.wait(0.1)
    assert bench.report is None


def test_a_hello_of_another_version_is_refused_with_the_robots_own(bench):
    answer = bench.ask(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(1, version=VERSION + 1)))
    nack = decode_nack(answer.payload)
    assert (nack.refusal, nack.detail) == (Refusal.VERSION, VERSION)


def test_a_command_moves_the_motors_in_the_next_millisecond(armed):
    assert armed.command(0.1, 0.2, 0.3, 0.4) is None
    armed.robot.advance(1)
    assert armed.robot.motors == pytest.approx((0.1, 0.2, 0.3, 0.4))
    armed.wait(0.01)
    assert armed.report.head.command_sequence == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1e-6, 1.0001, 3e38])
def test_a_channel_out_of_range_refuses_the_whole_command(armed, value):
    expected = Refusal.OUT_OF_RANGE if math.isfinite(value) else Refusal.NOT_A_NUMBER
    assert decode_nack(armed.command(0.5, 0.5, value, 0.5).payload).refusal is expected
    armed.robot.advance(1)
    assert armed.robot.motors == (0.0,) * 4
    assert armed.command(*HALF) is None, "its number was not used up"


@pytest.mark.parametrize("count", [0, 1, 3, 5, 64])
def test_another_number_of_channels_is_refused_with_the_right_one(armed, count):
    nack = decode_nack(armed.command(*(0.5,) * count).payload)
    assert (nack.refusal, nack.detail) == (Refusal.CHANNEL_COUNT, 4)


@pytest.mark.parametrize(
    ("sequence", "accepted"), [(101, True), (100, False), (99, False), (0, False), (100 + MAX_SEQUENCE_STEP, True),
                               (101 + MAX_SEQUENCE_STEP, False), ((1 << 32) - 1, False)],
)  # fmt: skip
def test_old_repeated_and_absurd_sequence_numbers_are_refused(armed, sequence, accepted):
    assert armed.command(*HALF, sequence=100) is None
    answer = armed.command(0.1, 0.1, 0.1, 0.1, sequence=sequence)
    assert (answer is None) == accepted
    if answer is not None:
        assert decode_nack(answer.payload).refusal is Refusal.OLD_SEQUENCE
    armed.robot.advance(1)
    assert armed.robot.motors == pytest.approx((0.1,) * 4 if accepted else HALF)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60))
def test_what_the_gate_lets_through_only_grows(numbers):
    gate, passed = CommandGate([0.0], [1.0]), []
    for number in numbers:
        with contextlib.suppress(ProtocolError):
            gate.check(Command(1, number, (0.5,)))
            passed.append(number)
    assert passed == sorted(set(passed))
    assert all(number <= max(passed, default=0) or number == 0 for number in numbers)


def test_a_recorded_session_cannot_be_replayed(armed):
    recorded = encode(Frame(MessageType.COMMAND, 1, encode_command(Command(armed.session, 1, HALF))))
    assert armed.line(recorded) == []
    assert decode_nack(armed.line(recorded)[0].payload).refusal is Refusal.OLD_SEQUENCE
    armed.hello()  # the same session again, as a repeated request does it
    assert decode_nack(armed.line(recorded)[0].payload).refusal is Refusal.OLD_SEQUENCE


def test_commands_before_arming_are_refused(bench):
    bench.hello()
    assert decode_nack(bench.command(*HALF).payload).refusal is Refusal.NOT_ARMED


def test_unknown_and_empty_messages_are_refused(armed):
    assert armed.refusal(0x42, b"") is Refusal.UNKNOWN_TYPE
    for kind in (*range(1, 8),):
        assert armed.refusal(kind, b"") is Refusal.MALFORMED
        assert armed.refusal(kind, bytes(40)) in (Refusal.MALFORMED, Refusal.VERSION)


def test_the_robots_own_messages_are_never_answered(armed):
    for kind in (*range(0x80, 0x90), 0xFF):
        assert armed.ask(kind, bytes(9)) is None
    echo = b"".join(encode(frame) for frame in armed.answers)
    assert armed.line(echo) == [], "a line looped back does not talk to itself"


def test_a_stranger_is_refused_while_the_host_lives_and_both_sides_learn_it(armed, second):
    assert second.refusal(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(second.session))) is Refusal.BUSY
    for kind in (MessageType.ARM, MessageType.DISARM, MessageType.HEARTBEAT):
        assert second.refusal(kind) is Refusal.NO_SESSION
    assert decode_nack(second.command(*HALF).payload).refusal is Refusal.NO_SESSION
    assert decode_nack(second.safe("off").payload).refusal is Refusal.NO_SESSION
    assert armed.robot.supervisor.armed
    armed.wait(0.02)
    assert Flag.INTRUDER in armed.report.head.flags
    assert armed.robot.events.first("refused_controller") is not None
    assert armed.robot.events.counters["refused_controller"] == 6
    assert sum(event["event"] == "refused_controller" for event in armed.robot.events.events) == 1


def test_a_stranger_on_the_same_line_is_refused_too(armed):
    assert decode_nack(armed.command(*HALF, session=7).payload).refusal is Refusal.NO_SESSION
    hello = armed.ask(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(7)))
    assert decode_nack(hello.payload).refusal is Refusal.BUSY


def test_anybody_may_stop_the_robot(armed, second):
    assert second.ask(MessageType.EMERGENCY_STOP).type == MessageType.ACK
    assert armed.robot.supervisor.locked


def test_a_silent_host_may_be_replaced_and_a_disarmed_robot_changes_hands(armed, second):
    armed.command(*HALF)
    armed.robot.advance(SILENT_MS + 1)
    assert second.hello().session == second.session
    assert armed.refusal(MessageType.HEARTBEAT) is Refusal.NO_SESSION
    assert second.ask(MessageType.DISARM).type == MessageType.ACK
    assert armed.hello().session == armed.session
    assert armed.command(*HALF, sequence=1) is not None, "not armed any more"


def test_states_go_to_the_port_of_the_session(armed, second):
    armed.wait(0.05)
    second.listen()
    assert second.report is None
    armed.ask(MessageType.DISARM)
    second.hello()
    armed.report = None
    second.wait(0.05)
    armed.listen()
    assert (armed.report, second.report.head.mode) == (None, Mode.OFF)


def test_states_end_some_seconds_after_the_host_fell_silent(bench):
    bench.hello()
    bench.wait(5.1)
    bench.report = None
    bench.wait(0.5)
    assert bench.report is None
    bench.ask(MessageType.HEARTBEAT)
    bench.wait(0.05)
    assert bench.report is not None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_whatever_raise_or_move_a_motor(shared, chunks):
    for chunk in chunks:
        shared.line(chunk)
    shared.line(b"\x00")
    shared.robot.advance(1)
    assert shared.robot.motors == (0.0,) * 4


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 255), st.binary(max_size=40))
def test_no_undamaged_frame_whatever_raises(shared, kind, payload):
    shared.line(encode(Frame(kind, 0, payload)))
    shared.robot.advance(1)
    assert shared.robot.body.healthy


@pytest.fixture(scope="module")
def shared(policy):
    from hardware.virtual.serial.build import build_virtual_serial_robot
    from tests.hardware.virtual.serial.conftest import Bench

    return Bench(build_virtual_serial_robot(), policy)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(*[st.floats(0.0, 1.0, width=32)] * 4), st.data())
def test_one_flipped_bit_anywhere_refuses_the_command(shared, channels, data):
    shared.hello()
    shared.arm()
    shared.robot.advance(1)
    before = shared.robot.events.counters["commands"]
    frame = bytearray(encode(Frame(MessageType.COMMAND, 1, encode_command(Command(shared.session, 1 << 10, channels)))))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    shared.line(bytes(frame) + b"\x00")
    assert shared.robot.events.counters["commands"] == before


def test_the_command_layout_is_the_documented_one():
    payload = encode_command(Command(0x11223344, 5, (0.25, 0.5)))
    assert payload == bytes.fromhex("44332211 05000000 02") + struct.pack("<2f", 0.25, 0.5)
