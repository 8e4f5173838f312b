"""Frames: round trip, refusal of everything damaged, and agreement of the C side with the Python side."""

import ctypes
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_export.toolchain import STRICT_C99
from hardware.framing import Frame, FrameReader, FramingError, cobs_decode, cobs_encode, decode, encode

COMMON = Path(__file__).parents[2] / "firmware_export" / "targets" / "common"
PAYLOADS = st.one_of(
    st.binary(max_size=600),
    st.integers(0, 600).map(lambda n: b"\x01" * n),  # full groups of 254 and their neighbours
    st.integers(0, 600).map(bytes),
)
FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 65535), PAYLOADS)
PENDING, READY, BAD = range(3)
HARNESS = """
#include "framing.h"
#include <stdlib.h>
static uint8_t out[4096]; static size_t used;
static void put(uint8_t byte) { if (used < sizeof out) out[used++] = byte; }
size_t send(uint8_t type, uint16_t sequence, const uint8_t *payload, size_t length, uint8_t **bytes) {
  static frame_sender_t sender;
  used = 0U; frame_begin(&sender, put, type, sequence);
  for (size_t i = 0U; i < length; ++i) frame_put(&sender, &payload[i], 1U);
  frame_end(&sender); *bytes = out; return used;
}
static uint8_t buffer[1024]; static frame_receiver_t receiver;
void reset(size_t capacity) { frame_receiver_init(&receiver, buffer, capacity); }
int take(uint8_t byte, uint8_t **data, size_t *length) {
  const int status = (int)frame_receive(&receiver, byte);
  *data = buffer; *length = receiver.length; return status;
}
"""


@pytest.fixture(scope="module")
def c_side(tmp_path_factory):
    folder = tmp_path_factory.mktemp("framing")
    (folder / "harness.c").write_text(HARNESS)
    strict = ["gcc", *STRICT_C99, "-O1", "-fPIC", "-c", COMMON / "framing.c", "-o", folder / "framing.o"]
    subprocess.run(strict, check=True)
    link = ["gcc", "-shared", "-fPIC", f"-I{COMMON}", folder / "harness.c", folder / "framing.o"]
    subprocess.run([*link, "-o", folder / "framing.so"], check=True)
    return ctypes.CDLL(str(folder / "framing.so"))


def c_encode(library, frame):
    out = ctypes.POINTER(ctypes.c_uint8)()
    library.send.restype = ctypes.c_size_t
    arguments = (frame.type, frame.sequence, frame.payload, ctypes.c_size_t(len(frame.payload)), ctypes.byref(out))
    return bytes(out[: library.send(*arguments)])


def c_receive(library, data, capacity=1024):
    """Status after each delimiter, and the frames that were ready."""
    library.reset(ctypes.c_size_t(capacity))
    bytes_out, length = ctypes.POINTER(ctypes.c_uint8)(), ctypes.c_size_t()
    results = []
    for byte in data:
        status = library.take(byte, ctypes.byref(bytes_out), ctypes.byref(length))
        if status == READY:
            content = bytes(bytes_out[: length.value])
            results.append(Frame(content[1], int.from_bytes(content[2:4], "little"), content[4:]))
        elif status == BAD:
            results.append(None)
    return results


@given(FRAMES)
def test_round_trip(frame):
    encoded = encode(frame)
    assert encoded.count(0) == 1
    assert encoded[-1] == 0
    assert decode(encoded[:-1]) == frame


@given(st.binary(max_size=800))
def test_cobs_round_trip_and_overhead(data):
    encoded = cobs_encode(data)
    assert cobs_decode(encoded) == data
    assert len(encoded) <= len(data) + 1 + len(data) // 254


GROUPS = st.sampled_from([b"\x01", b"\x02\x07", b"\xff" + b"\x07" * 254, b"\xfe" + b"\x07" * 253])


@settings(max_examples=400)
@given(st.one_of(st.binary(max_size=20), st.lists(GROUPS, max_size=4).map(b"".join)))
def test_cobs_accepts_exactly_what_the_encoder_makes(data):
    try:
        decoded = cobs_decode(data)
    except FramingError:
        decoded = None
    if decoded is not None:
        assert cobs_encode(decoded) == data
    else:  # no bytes encode to it: the plain reading of the groups, encoded again, gives something else
        assert cobs_encode(plain_decode(data)) != data


def plain_decode(data):
    """COBS as its paper reads it, without a check."""
    out, position = bytearray(), 0
    while position < len(data):
        code = max(data[position], 1)
        out += data[position + 1 : position + code]
        position += code
        if code < 255 and position < len(data):
            out.append(0)
    return bytes(out)


@settings(max_examples=300)
@given(FRAMES, st.data())
def test_every_corruption_is_rejected(frame, data):
    encoded = bytearray(encode(frame)[:-1])
    kind = data.draw(st.sampled_from(["change", "remove", "insert", "truncate"]))
    position = data.draw(st.integers(0, len(encoded) - 1))
    if kind == "change":
        encoded[position] ^= data.draw(st.integers(1, 255))
    elif kind == "remove":
        del encoded[position]
    elif kind == "insert":
        encoded.insert(position, data.draw(st.integers(0, 255)))
    else:
        encoded = encoded[:position]
    damaged = bytes(encoded)
    if damaged == encode(frame)[:-1]:
        return  # one of several equal bytes in a row was doubled and another taken for it
    with pytest.raises(FramingError):
        decode(damaged)


@given(st.lists(FRAMES, max_size=5), st.integers(1, 50), st.binary(max_size=20))
def test_reader_finds_frames_after_noise_in_any_chunks(frames, size, noise):
    stream = noise + b"\x00" + b"".join(encode(frame) for frame in frames)
    reader = FrameReader()
    found = [f for i in range(0, len(stream), size) for f in reader.feed(stream[i : i + size])]
    assert found == frames
    assert (reader.rejected > 0) == (noise.strip(b"\x00") != b"")


def test_reader_gives_up_an_endless_frame():
    reader = FrameReader()
    for _ in range(70):
        reader.feed(b"\x01" * 1000)
    assert reader.rejected == 1


def test_reader_holds_no_more_than_it_was_allowed():
    reader, good = FrameReader(largest=100), encode(Frame(1, 2, b"ok"))
    for _ in range(50):
        assert reader.feed(b"\x01" * 40) == []
        assert len(reader._buffer) <= 100
    assert reader.feed(b"\x00" + good) == [Frame(1, 2, b"ok")]


def test_another_protocol_version_is_named():
    body = bytes([9, 1, 0, 0])
    with pytest.raises(FramingError, match="version 9"):
        decode(cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")))


@settings(deadline=None)
@given(FRAMES)
def test_c_encodes_as_python(c_side, frame):
    assert c_encode(c_side, frame) == encode(frame)


@settings(deadline=None)
@given(st.lists(FRAMES, max_size=4))
def test_c_decodes_what_python_encodes(c_side, frames):
    assert c_receive(c_side, b"\x00" + b"".join(encode(frame) for frame in frames)) == frames


@settings(deadline=None, max_examples=300)
@given(FRAMES, st.data())
def test_c_rejects_what_python_rejects(c_side, frame, data):
    encoded = bytearray(encode(frame)[:-1])
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] ^= data.draw(st.integers(1, 255))
    parts = [part for part in bytes(encoded).split(b"\x00") if part]
    assert c_receive(c_side, bytes(encoded) + b"\x00") == [None] * len(parts)


def test_c_refuses_a_redundant_empty_group(c_side):
    body = bytes([1, 2, 3, 4]) + b"\x07" * 242 + b"\x00" * 0
    for filler in range(60):  # a body without zeros whose encoding is exactly one full group
        content = body + bytes([filler + 1]) * 4
        whole = content + zlib.crc32(content).to_bytes(4, "little")
        if len(whole) == 254 and 0 not in whole:
            break
    assert c_receive(c_side, cobs_encode(whole) + b"\x00") != [None]
    assert c_receive(c_side, cobs_encode(whole) + b"\x01\x00") == [None]


def test_c_refuses_a_frame_longer_than_its_buffer_and_takes_the_next(c_side):
    small = Frame(1, 2, b"ok")
    assert c_receive(c_side, encode(Frame(1, 1, bytes(100))) + encode(small), capacity=32) == [None, small]
