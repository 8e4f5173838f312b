"""Messages of the serial protocol: whole round trips, and one refusal with a reason for everything else."""

import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.serial.hello import (
    Hello,
    HelloRequest,
    check_names,
    decode_hello,
    decode_hello_request,
    encode_hello,
    encode_hello_request,
)
from hardware.serial.messages import (
    Command,
    Nack,
    decode_ack,
    decode_command,
    decode_nack,
    decode_safe_action,
    decode_session,
    encode_ack,
    encode_command,
    encode_nack,
    encode_safe_action,
    encode_session,
)
from hardware.serial.protocol import (
    KINDS,
    LEVELS,
    MAX_CHANNELS,
    MAX_NAME,
    MAX_PAYLOAD,
    REASONS,
    SAFE_ACTIONS,
    MessageType,
    ProtocolError,
    Refusal,
)

U32 = st.integers(0, (1 << 32) - 1)
FLOAT = st.floats(allow_nan=False, allow_infinity=False, width=32)
NAME = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=MAX_NAME)
HELLOS = st.builds(
    Hello,
    session=U32,
    kind=st.sampled_from(KINDS),
    level=st.sampled_from(LEVELS),
    channels=st.lists(NAME, min_size=1, max_size=MAX_CHANNELS).map(tuple),
    period_us=st.integers(1, (1 << 32) - 1),
    identity=st.binary(min_size=32, max_size=32),
    robot=NAME,
)
COMMANDS = st.builds(Command, U32, U32, st.lists(FLOAT, max_size=MAX_CHANNELS).map(tuple))
NACKS = st.builds(Nack, st.integers(0, 255), st.sampled_from(Refusal), st.integers(0, 65535))

CODECS = {
    "hello request": (st.builds(HelloRequest, U32), encode_hello_request, decode_hello_request),
    "hello": (HELLOS, encode_hello, decode_hello),
    "command": (COMMANDS, encode_command, decode_command),
    "session": (U32, encode_session, decode_session),
    "safe action": (
        st.tuples(U32, st.sampled_from(SAFE_ACTIONS)),
        lambda pair: encode_safe_action(*pair),
        decode_safe_action,
    ),
    "ack": (st.integers(0, 255), encode_ack, decode_ack),
    "nack": (NACKS, encode_nack, decode_nack),
}
EVERY = pytest.mark.parametrize("name", CODECS)


@EVERY
@given(data=st.data())
def test_round_trip(name, data):
    messages, encode, decode = CODECS[name]
    message = data.draw(messages)
    payload = encode(message)
    assert decode(payload) == message
    assert len(payload) <= MAX_PAYLOAD


@EVERY
@given(data=st.data())
def test_a_payload_cut_short_or_too_long_is_refused(name, data):
    messages, encode, decode = CODECS[name]
    payload = encode(data.draw(messages))
    cut = data.draw(st.integers(0, len(payload) - 1))
    for wrong in (payload[:cut], payload + data.draw(st.binary(min_size=1, max_size=5))):
        with pytest.raises(ProtocolError) as error:
            decode(wrong)
        assert "\n" not in str(error.value)


@EVERY
@given(payload=st.binary(max_size=200))
def test_whatever_bytes_give_a_message_or_the_declared_error(name, payload):
    _, encode, decode = CODECS[name]
    with contextlib.suppress(ProtocolError):
        assert encode(decode(payload)) == payload


@given(COMMANDS, st.sampled_from([math.nan, math.inf, -math.inf]), st.data())
def test_a_command_with_a_channel_that_is_no_number_is_refused(command, value, data):
    channels = list(command.channels) or [0.0]
    channels[data.draw(st.integers(0, len(channels) - 1))] = value
    with pytest.raises(ProtocolError) as error:
        decode_command(encode_command(Command(1, 1, tuple(channels))))
    assert error.value.refusal is Refusal.NOT_A_NUMBER


@pytest.mark.parametrize("value", [1e39, -1e300])
def test_a_number_too_large_for_the_line_is_refused_at_its_end(value):
    payload = encode_command(Command(1, 1, (0.5, value)))
    assert struct.unpack_from("<2f", payload, 9) == (0.5, math.copysign(math.inf, value))
    with pytest.raises(ProtocolError, match="not a number"):
        decode_command(payload)


def test_a_command_that_lies_about_its_channels_is_refused():
    payload = struct.pack("<IIB4f", 1, 1, 5, *(0.5,) * 4)
    with pytest.raises(ProtocolError, match="its 5 numbers need 29"):
        decode_command(payload)


@given(st.integers(2, 255), st.binary(max_size=60))
def test_a_hello_of_another_version_is_named_whatever_follows(version, rest):
    for decode in (decode_hello, decode_hello_request):
        with pytest.raises(ProtocolError, match=f"version {version}") as error:
            decode(bytes([version]) + rest)
        assert error.value.refusal is Refusal.VERSION


@pytest.mark.parametrize(("field", "value"), [(1, len(KINDS)), (2, len(LEVELS)), (3, 0), (3, MAX_CHANNELS + 1), (8, 0)])
def test_a_hello_out_of_range_is_refused(field, value):
    payload = bytearray(encode_hello(Hello(1, "flight", "motor", ("m1",), 1, bytes(32), "r")))
    payload[field] = value
    with pytest.raises(ProtocolError) as error:
        decode_hello(bytes(payload))
    assert error.value.refusal is Refusal.OUT_OF_RANGE


@pytest.mark.parametrize("name", ["", "a" * (MAX_NAME + 1), "tab\t", "bell\x07", "ü"])
def test_names_that_cannot_travel_are_refused(name):
    with pytest.raises(ProtocolError, match="printable ASCII"):
        check_names([name])


def test_every_refusal_has_a_sentence_and_every_type_a_side():
    assert set(REASONS) == set(Refusal)
    assert {kind for kind in MessageType if kind & 0x80} == {
        MessageType.HELLO, MessageType.FLIGHT_STATE, MessageType.JOINT_STATE, MessageType.ACK, MessageType.NACK,
        MessageType.TIME,
    }  # fmt: skip
