"""New weights by radio: the bytes of every packet, as ``firmware_export/onboard/s2m_weights.h`` takes them.

A request is a command, its body and a check: the lower half of the CRC-32 of all before it. A CRTP packet
over UDP has no checksum of its own, and over radio one that an app on board never sees fail.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

CHUNK = 24
"""Bytes of the image in one packet: with header and check a CRTP packet of 30 bytes."""
STATUS, BEGIN, DATA, COMMIT, DROP = range(0x50, 0x55)
_ANSWER = 0x80
_CHECK = struct.Struct("<H")
_BODY = struct.Struct("<BBBBHII8sfH")


class State(IntEnum):
    """``s2m_weights_state_t``: which weights are flown."""

    FLASH = 0
    RECEIVING = 1
    ACTIVE = 2
    REFUSED = 3


class Error(IntEnum):
    """``s2m_weights_error_t``: why a request was refused."""

    NONE = 0
    ARMED = 1
    SIZE = 2
    ARCHITECTURE = 3
    SESSION = 4
    INCOMPLETE = 5
    CHECKSUM = 6
    SELF_TEST = 7
    BUSY = 8
    REQUEST = 9
    GAP = 10


@dataclass(frozen=True)
class Answer:
    """What the robot says to every request.

    Attributes:
        command: that it answers.
        session: number of the present upload, 0 to 255.
        state: which weights are flown.
        error: of this request; of a ``STATUS``, why the last weights were refused.
        received: bytes of the image that are there, the offset of the next.
        size: bytes that an image must have.
        crc: that was announced for the image.
        architecture: of the code on board, 8 bytes.
        self_test_error: largest of the last self-test, relative to each value's range.
        wrong: values that it found wrong.
    """

    command: int
    session: int
    state: State
    error: Error
    received: int
    size: int
    crc: int
    architecture: bytes
    self_test_error: float
    wrong: int


def status_request() -> bytes:
    """Ask for an answer and change nothing."""
    return _checked(bytes((STATUS,)))


def begin_request(size: int, crc: int, architecture: bytes) -> bytes:
    """Announce an image; that of an upload under way goes on where it is."""
    return _checked(struct.pack("<BII8s", BEGIN, size, crc, architecture))


def data_request(session: int, offset: int, data: bytes) -> bytes:
    """Send up to ``CHUNK`` bytes of the image."""
    return _checked(struct.pack("<BBH", DATA, session, offset) + data)


def commit_request(session: int) -> bytes:
    """Have the image proven and taken over."""
    return _checked(bytes((COMMIT, session)))


def drop_request() -> bytes:
    """Go back to the weights in flash."""
    return _checked(bytes((DROP,)))


def decode_answer(packet: bytes) -> Answer | None:
    """Return an answer; ``None`` for anything else, or one that was damaged on its way."""
    if len(packet) != _BODY.size + _CHECK.size or packet != _checked(packet[: _BODY.size]):
        return None
    command, session, state, error, received, size, crc, architecture, largest, wrong = _BODY.unpack_from(packet)
    try:
        known = State(state), Error(error)
    except ValueError:
        return None
    return Answer(command ^ _ANSWER, session, *known, received, size, crc, architecture, largest, wrong)


def _checked(packet: bytes) -> bytes:
    return packet + _CHECK.pack(zlib.crc32(packet) & 0xFFFF)
