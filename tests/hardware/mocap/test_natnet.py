"""NatNet: what the virtual server writes is read back, by our reader and byte by byte; what is broken is refused."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.mocap import natnet
from hardware.mocap.frame import MocapFrame, RigidBody
from hardware.mocap.natnet import MalformedNatNetError
from hardware.virtual.mocap import natnet_messages

VERSIONS = [(3, 0), (3, 1), (4, 0), (4, 1), (4, 2)]
NAMES = ("cf1", "big one", "cf3")
SEEN = MocapFrame(
    0,
    (
        RigidBody("cf1", (1.5, -2.0, 0.25), (0.5, -0.5, 0.5, 0.5)),
        RigidBody("cf3", (0.0, 0.0, 3.0), (1.0, 0.0, 0.0, 0.0)),
    ),
    712,
    7.12,
)
versions = pytest.mark.parametrize("version", VERSIONS)


def payload(datagram):
    return natnet.split(datagram)[1]


@versions
def test_a_frame_is_read_as_it_was_written(version):
    number, data = natnet.split(natnet_messages.frame(SEEN, NAMES, version))
    frame = natnet.decode_frame(data, version)
    assert number == natnet.FRAME
    assert (frame.number, frame.time_s, frame.models_changed) == (712, 7.12, False)
    assert [(ident, body.position_w, body.orientation_wxyz) for ident, body in frame.bodies] == [
        (1, (1.5, -2.0, 0.25), (0.5, -0.5, 0.5, 0.5)),
        (3, (0.0, 0.0, 3.0), (1.0, 0.0, 0.0, 0.0)),
    ], "the second body was not tracked"


@versions
def test_models_give_the_ids_their_names(version):
    assert natnet.decode_models(payload(natnet_messages.models(NAMES, version)), version) == dict(enumerate(NAMES, 1))


def test_a_frame_from_another_hand():
    """NatNet 3.0, every list filled, packed by hand after the SDK's depacketization sample."""
    data = struct.pack("<i", 9)
    data += struct.pack("<i", 1) + b"all\0" + struct.pack("<i3f", 1, 1, 2, 3)  # marker sets
    data += struct.pack("<i6f", 2, *range(6))  # other markers
    data += struct.pack("<ii7ffh", 1, 77, 1, 2, 3, 0.1, 0.2, 0.3, 0.4, 0.001, 1)
    data += struct.pack("<iii", 1, 5, 1) + struct.pack("<i7ffh", 1, *[0] * 7, 0, 1)  # one skeleton of one bone
    data += struct.pack("<i", 1) + struct.pack("<i4fhf", 3, 0, 0, 0, 0, 0, 0)  # labelled markers
    data += struct.pack("<iiii2f", 1, 4, 1, 2, 0, 0)  # a force plate: one channel of two values
    data += struct.pack("<iiiif", 1, 4, 1, 1, 0)  # a device
    data += struct.pack("<IIdQQQHi", 0, 0, 1.25, 1, 2, 3, 2, 0)
    frame = natnet.decode_frame(data, (3, 0))
    ((ident, body),) = frame.bodies
    assert (ident, frame.number, frame.time_s, frame.models_changed) == (77, 9, 1.25, True)
    assert body.position_w == (1.0, 2.0, 3.0)
    assert body.orientation_wxyz == pytest.approx((0.4, 0.1, 0.2, 0.3)), "the scalar comes last on the wire"


def test_a_server_says_who_it_is():
    info = natnet.decode_server_info(payload(natnet_messages.server_info((4, 1), 1511, None)))
    assert (info.version, info.data_port, info.multicast) == ((4, 1), 1511, None)
    assert info.name.startswith("sim2metal")
    assert (
        natnet.decode_server_info(payload(natnet_messages.server_info((3, 1), 1, "239.1.2.3"))).multicast == "239.1.2.3"
    )


@pytest.mark.parametrize("version", [(2, 10), (5, 0), (0, 0)])
def test_an_unknown_version_is_refused_with_the_known_ones(version):
    with pytest.raises(MalformedNatNetError, match=r"3\.0 to 4"):
        natnet.decode_server_info(payload(natnet_messages.server_info(version, 1, None)))


@versions
def test_no_cut_passes(version):
    frame, models = natnet_messages.frame(SEEN, NAMES, version), natnet_messages.models(NAMES, version)
    for end in range(len(frame) - 6):  # the last six bytes are flags, which are read, and a tag, which is not
        with pytest.raises(MalformedNatNetError):
            natnet.split(frame[:end])
        with pytest.raises(MalformedNatNetError):
            natnet.decode_frame(frame[4:end], version)
    for end in range(4, len(models)):
        with pytest.raises(MalformedNatNetError):
            natnet.decode_models(models[4:end], version)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8), st.sampled_from(VERSIONS))
def test_bytes_that_are_overwritten_never_do_more_than_raise(place, noise, version):
    for message, decode in (
        (natnet_messages.frame(SEEN, NAMES, version), natnet.decode_frame),
        (natnet_messages.models(NAMES, version), natnet.decode_models),
    ):
        data = bytearray(message[4:])
        data[place % len(data) : place % len(data) + len(noise)] = noise
        try:
            decode(bytes(data), version)
        except MalformedNatNetError:
            continue


@given(st.binary(max_size=200), st.sampled_from(VERSIONS))
def test_noise_is_refused(data, version):
    with pytest.raises(MalformedNatNetError):
        natnet.decode_server_info(data)
    if len(data) < 4 or int.from_bytes(data[2:4], "little") != len(data) - 4:
        with pytest.raises(MalformedNatNetError):
            natnet.split(data)
    for decode in (natnet.decode_frame, natnet.decode_models):
        try:
            decode(data, version)
        except MalformedNatNetError:
            continue


def test_numbers_that_are_none_pass_the_reader_and_stop_at_the_gate():
    broken = MocapFrame(0, (RigidBody("cf1", (math.nan, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)),), 1, 0.0)
    frame = natnet.decode_frame(payload(natnet_messages.frame(broken, NAMES, (4, 1))), (4, 1))
    assert math.isnan(frame.bodies[0][1].position_w[0])
