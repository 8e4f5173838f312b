"""Frames against cyclonedds' own encoder, and the checksum against its published loop and known values."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.dds.crc import crc32_words
from hardware.dds.frames import GoLowCmd, GoLowState, HgLowCmd, HgLowState

FRAMES = (HgLowCmd, HgLowState, GoLowCmd, GoLowState)
PACKED = {
    # The struct formats of unitree_sdk2_python's crc.py: an independent statement of the C layout.
    HgLowCmd: "<2B2x" + "B3x5fI" * 35 + "5I",
    HgLowState: "<2I2B2xI" + "13fh2x" + "B3x4f2hf7I" * 35 + "40B5I",
    GoLowCmd: "<4B4IH2x" + "B3x5f3I" * 20 + "4B" + "55Bx2I",
    GoLowState: "<4B4IH2x" + "13fB3x" + "B3x7fB3x3I" * 20 + "4BiH4B15H" + "8hI41B3xf2B2x2f4H2I",
}


def slow_crc(words):
    """Bit by bit, as the example programs of unitree_sdk2 do it."""
    crc = 0xFFFFFFFF
    for word in words:
        for bit in range(31, -1, -1):
            high = crc >> 31
            crc = (crc << 1) & 0xFFFFFFFF
            if high:
                crc ^= 0x04C11DB7
            if word >> bit & 1:
                crc ^= 0x04C11DB7
    return crc


def random_frame(kind, seed=0):
    """A frame with every byte of every field set, floats finite."""
    rng = np.random.default_rng(seed)
    frame = kind()
    _fill(frame.record, frame.dtype, rng)
    return frame


def _fill(record, dtype, rng):
    for name in dtype.names:
        field = dtype.fields[name][0]
        base, shape = field.subdtype or (field, ())
        if base.names:
            for element in np.atleast_1d(record[name]) if shape else [record[name]]:
                _fill(element, base, rng)
        elif base.kind == "f":
            record[name] = rng.normal(size=shape)
        else:
            record[name] = rng.integers(0, np.iinfo(base).max, shape, dtype=base)


def as_message(value, message):
    """The same content as the published dataclass."""
    if isinstance(value, np.void):
        fields = {}
        for name, hint in message.__annotations__.items():
            kind = hint if isinstance(hint, type) else getattr(hint.__metadata__[0], "subtype", None)
            fields[name] = as_message(value[name], kind)
        return message(**fields)
    if isinstance(value, np.ndarray):
        return [as_message(element, message) for element in value]
    return value.item()


@pytest.mark.parametrize("kind", FRAMES)
def test_wire_format_is_that_of_cyclonedds(kind):
    frame = random_frame(kind)
    message = as_message(frame.record, kind.message)
    assert frame.serialize() == message.serialize(use_version_2=False)
    for version_2 in (False, True):
        decoded = kind.deserialize(message.serialize(use_version_2=version_2))
        assert decoded.image.tobytes() == frame.image.tobytes()


@pytest.mark.parametrize("kind", FRAMES)
def test_struct_layout_is_that_of_the_sdk(kind):
    frame = random_frame(kind)
    assert struct.calcsize(PACKED[kind]) == frame.dtype.itemsize
    flat = list(struct.unpack(PACKED[kind], frame.image.tobytes()))
    assert struct.pack(PACKED[kind], *flat) == frame.image.tobytes()
    assert flat[-1] == frame.record["crc"]


@pytest.mark.parametrize(
    ("words", "expected"),
    # Values of the CRC unit of the STM32 (RM0008, AN4187): the same sum on the same words.
    [((0x00000000,), 0xC704DD7B), ((0xFFFFFFFF,), 0x00000000), ((0x12345678,), 0xDF8A8A2B)],
)
def test_known_checksums(words, expected):
    assert slow_crc(words) == expected
    assert crc32_words(np.frombuffer(np.asarray(words, "<u4").tobytes(), np.uint8)) == expected


@given(st.lists(st.integers(0, 2**32 - 1), max_size=40))
def test_checksum_equals_the_published_loop(words):
    assert crc32_words(np.frombuffer(np.asarray(words, "<u4").tobytes(), np.uint8)) == slow_crc(words)


@pytest.mark.parametrize("kind", FRAMES)
def test_any_flipped_bit_breaks_the_seal(kind):
    frame = random_frame(kind)
    frame.seal()
    assert frame.intact
    rng = random.Random(1)
    covered = kind.wire[1].struct  # padding is not sent
    for _ in range(300):
        damaged = frame.copy()
        damaged.image[rng.choice(covered)] ^= 1 << rng.randrange(8)
        assert not damaged.intact


@pytest.mark.parametrize("kind", FRAMES)
@settings(max_examples=60)
@given(data=st.data())
def test_no_bytes_upset_the_decoder(kind, data):
    size = kind.wire[1].size + 4
    noise = data.draw(st.one_of(st.binary(max_size=64), st.binary(min_size=size - 6, max_size=size + 6)))
    if data.draw(st.booleans()):
        noise = b"\x00\x01\x00\x00" + noise[4:]
    assert not kind.deserialize(noise).intact


def test_truncated_and_oversized_frames_are_not_intact():
    good = random_frame(HgLowState)
    good.seal()
    wire = good.serialize()
    assert HgLowState.deserialize(wire).intact
    for damaged in (wire[:-4], wire + bytes(4), b"\x00\x00" + wire[2:], b"", b"\x00\x01\x00\x00"):
        assert not HgLowState.deserialize(damaged).intact


def test_a_frame_of_zeros_is_not_intact():
    """An all-zero struct must not pass for a sealed one."""
    for kind in FRAMES:
        assert not kind().intact
