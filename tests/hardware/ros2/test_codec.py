"""Our CDR against rosbags' (written by others, used on real bags) over all types, and against broken bytes."""

import struct

import numpy as np
import pytest

from hardware.ros2.codec import codec
from hardware.ros2.definitions import typestore
from hardware.ros2.errors import CdrError, MessageError
from hardware.ros2.messages import message_class
from tests.hardware.ros2.random_messages import as_rosbags, random_message

NAMES = sorted(typestore().fielddefs)


def padded(data):
    return bytes(data) + bytes(-len(data) & 3)


def test_there_are_many_types():
    assert len(NAMES) > 250


@pytest.mark.parametrize("seed", range(3))
def test_bytes_equal_those_of_rosbags(seed):
    rng = np.random.default_rng(seed)
    for name in NAMES:
        message = random_message(rng, name)
        expected = padded(typestore().serialize_cdr(as_rosbags(message), name, little_endian=True))
        assert codec(name).encode(message) == expected, name


@pytest.mark.parametrize("little", [True, False])
def test_both_byte_orders_are_read(little):
    rng = np.random.default_rng(10)
    for name in NAMES:
        message = random_message(rng, name)
        data = padded(typestore().serialize_cdr(as_rosbags(message), name, little_endian=little))
        assert codec(name).decode(data) == message, name


def test_received_arrays_can_be_changed():
    name = "sensor_msgs/msg/Imu"
    message = codec(name).decode(codec(name).encode(message_class(name)()))
    message.orientation_covariance[0] = 1.0
    assert message.orientation_covariance.dtype == np.float64


def test_a_string_is_spelled_as_in_the_standard():
    message = message_class("std_msgs/msg/String")(data="hi")
    assert codec("std_msgs/msg/String").encode(message).hex() == "00010000" + "03000000" + "686900" + "00"


def test_mutated_bytes_are_read_or_refused_and_nothing_else():
    """Bit flips, cuts and insertions in samples of types with strings, sequences and nesting."""
    rng = np.random.default_rng(20)
    names = ["sensor_msgs/msg/JointState", "rcl_interfaces/msg/ParameterEvent", "sensor_msgs/msg/Image"]
    names += ["visualization_msgs/msg/MarkerArray", "diagnostic_msgs/msg/DiagnosticArray", "sensor_msgs/msg/CameraInfo"]
    refused = 0
    for round_number in range(4000):
        name = names[round_number % len(names)]
        data = bytearray(codec(name).encode(random_message(rng, name)))
        for _ in range(int(rng.integers(1, 4))):
            position = int(rng.integers(len(data)))
            kind = rng.integers(3)
            if kind == 0:
                data[position] ^= 1 << int(rng.integers(8))
            elif kind == 1:
                del data[position : position + int(rng.integers(1, 9))]
            else:
                data[position:position] = rng.bytes(4)
            if not data:
                break
        try:
            codec(name).decode(bytes(data))
        except CdrError:
            refused += 1
    assert refused > 1000


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "plain CDR"),
        (b"\x00\x01\x00", "plain CDR"),
        (b"\x00\x03\x00\x00" + bytes(8), "plain CDR"),
        (b"\x00\x01\x00\x00", "malformed"),
        (b"\x00\x01\x00\x00" + struct.pack("<I", 0), "no string"),
        (b"\x00\x01\x00\x00" + struct.pack("<I", 2**32 - 1) + b"a\0", "no string"),
        (b"\x00\x01\x00\x00" + struct.pack("<I", 2) + b"ab", "no string"),
        (b"\x00\x01\x00\x00" + struct.pack("<I", 3) + b"\xff\xfe\0", "utf-8"),
    ],
)
def test_bad_strings_are_refused(data, text):
    with pytest.raises(CdrError, match=text):
        codec("std_msgs/msg/String").decode(data)


@pytest.mark.parametrize(
    "name", ["std_msgs/msg/Float64MultiArray", "sensor_msgs/msg/JointState", "tf2_msgs/msg/TFMessage"]
)
def test_a_count_beyond_the_end_makes_no_giant_list(name):
    data = b"\x00\x01\x00\x00" + struct.pack("<I", 2**31) * 8
    with pytest.raises(CdrError):
        codec(name).decode(data)


def test_a_list_changed_behind_the_checks_is_refused_when_sent():
    message = message_class("sensor_msgs/msg/JointState")()
    message.name.append(3)
    with pytest.raises(MessageError, match="cannot encode sensor_msgs/msg/JointState"):
        codec("sensor_msgs/msg/JointState").encode(message)
    with pytest.raises(MessageError, match="zero character"):
        codec("std_msgs/msg/String").encode(message_class("std_msgs/msg/String")(data="a\0b"))
