"""Frames on a byte stream between a computer and a microcontroller: COBS, sequence number, CRC-32.

A frame is COBS-encoded (Cheshire and Baker, "Consistent Overhead Byte Stuffing", 1999) and ends with a
zero byte, so that a receiver finds the next frame after any damage. Decoded it is, little-endian:

    protocol version (1 byte) | message type (1) | sequence number (2) | payload | CRC-32 as zlib's (4)

The C side is ``firmware_export/targets/common/framing.c``.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from sim.errors import LinkError

PROTOCOL_VERSION = 1
DELIMITER = b"\x00"
OVERHEAD = 8
"""Bytes of header and check value in a decoded frame."""
LARGEST_FRAME = 1 << 16
"""Encoded bytes after which a receiver gives a frame up, so that noise cannot fill its memory."""

_BROKEN_STUFFING = "frame is damaged: its byte stuffing is broken; check the cable and the baud rate"
_HEADER = struct.Struct("<BBH")
_CRC = struct.Struct("<I")


class FramingError(LinkError):
    """Bytes that are no frame: damaged, truncated, or of another protocol version."""


@dataclass(frozen=True)
class Frame:
    """One message."""

    type: int
    """Message type, 0 to 255."""
    sequence: int
    """Number that an answer shares with its request, 0 to 65535."""
    payload: bytes


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame, its delimiter included."""
    body = _HEADER.pack(PROTOCOL_VERSION, frame.type, frame.sequence) + frame.payload
    return cobs_encode(body + _CRC.pack(zlib.crc32(body))) + DELIMITER


def decode(data: bytes) -> Frame:
    """Return the frame of encoded bytes, given without the delimiter.

    Raises:
        FramingError: if they are damaged, truncated or of another protocol version.
    """
    body = cobs_decode(data)
    if len(body) < OVERHEAD:
        raise FramingError(f"frame of {len(body)} bytes is truncated: at least {OVERHEAD} expected")
    content, (expected,) = body[:-4], _CRC.unpack(body[-4:])
    if zlib.crc32(content) != expected:
        raise FramingError("frame is damaged: its CRC-32 does not fit; check the cable and the baud rate")
    version, kind, sequence = _HEADER.unpack_from(content)
    if version != PROTOCOL_VERSION:
        raise FramingError(
            f"frame has protocol version {version}, this program speaks {PROTOCOL_VERSION}; flash the firmware again"
        )
    return Frame(kind, sequence, content[_HEADER.size :])


def cobs_encode(data: bytes) -> bytes:
    """Return ``data`` without zero bytes: groups of up to 254 bytes, each led by its length plus one."""
    out = bytearray()
    pieces = data.split(DELIMITER)
    for position, piece in enumerate(pieces):
        last = position == len(pieces) - 1
        while len(piece) >= 254 and not (len(piece) == 254 and last):
            out += b"\xff" + piece[:254]
            piece = piece[254:]
        out.append(len(piece) + 1)
        out += piece
    return bytes(out)


def cobs_decode(data: bytes) -> bytes:
    """Undo ``cobs_encode``; every other spelling of the same bytes is refused.

    Raises:
        FramingError: if ``data`` is not what ``cobs_encode`` makes of anything.
    """
    if not data or DELIMITER in data:
        raise FramingError(_BROKEN_STUFFING)
    out = bytearray(data)
    full_groups: list[int] = []  # where the length codes stand that no zero byte takes the place of
    size, position, before, code = len(data), 0, 0, 0
    while position < size:
        before, code = code, data[position]
        out[position] = 0
        position += code
        if code == 255:
            full_groups.append(position)
    if position != size:
        raise FramingError(_BROKEN_STUFFING)
    if code == 1 and before == 255:  # an empty last group after a full one: the only second spelling there is
        raise FramingError("frame is damaged: its byte stuffing is not the shortest; check the cable")
    for place in reversed(full_groups):
        if place < size:
            del out[place]
    return bytes(memoryview(out)[1:])


@dataclass
class FrameReader:
    """Collects bytes as they arrive and hands out whole frames; damaged ones are counted and dropped."""

    largest: int = LARGEST_FRAME
    """Encoded bytes after which a frame is given up."""
    rejected: int = 0
    """Frames dropped so far."""
    last_error: FramingError | None = None
    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes from the line and return the frames they complete, in order."""
        frames: list[Frame] = []
        if DELIMITER in data:
            first, *others = data.split(DELIMITER)
            complete, rest = [bytes(self._buffer + first), *others[:-1]], others[-1]
            self._buffer = bytearray(rest)
            for encoded in complete:
                if encoded:  # delimiters in a row: idle line
                    self._decode(encoded, frames)
        else:
            self._buffer += data
        if len(self._buffer) > self.largest:
            self.rejected += 1
            self._buffer.clear()
        return frames

    def _decode(self, encoded: bytes, frames: list[Frame]) -> None:
        try:
            frames.append(decode(encoded))
        except FramingError as error:
            self.rejected += 1
            self.last_error = error
