"""NatNet, the protocol of OptiTrack's Motive: what its datagrams hold, read with every length checked.

Message numbers and layout: the bitstream of versions 3.0 to 4.x as NaturalPoint documents it by the
direct-depacketization samples of the NatNet SDK and as ``libmotioncapture`` (``src/optitrack.cpp``) reads
it. All numbers are little-endian; strings end with a zero byte; lengths in m; quaternions are xyzw.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from hardware.mocap.frame import MalformedFrameError, RigidBody

CONNECT, SERVER_INFO, REQUEST_MODELS, MODELS, FRAME, KEEP_ALIVE = 0, 1, 4, 5, 7, 10
"""Message numbers."""
HEADER = struct.Struct("<HH")
"""Message number, bytes that follow."""
VERSIONS = range(3, 5)
"""Major versions read here: Motive 2.0 of 2017 and newer."""
MOST_ITEMS = 4096
"""More of anything than this in one datagram is noise."""
LONGEST_NAME = 256
TRACKED = 1
"""Bit of a rigid body's flags: it was seen in this frame."""
MODELS_CHANGED = 2
"""Bit of a frame's flags: the list of models is another one now."""

_SERVER_INFO = struct.Struct("<256s4B4BQH?4s")
_INT, _SHORT = struct.Struct("<i"), struct.Struct("<H")
_MARKER_SET, _RIGID_BODY = 0, 1
"""Kinds of models."""
_MODEL = struct.Struct("<ii3f")
"""Id, id of the parent, offset from it."""
_POSE = struct.Struct("<i7ffh")
"""Id, position, quaternion xyzw, mean marker error, flags."""
_POINT, _MARKER = 12, 26
"""Bytes of a position, and of a labelled marker: id, position, size, flags, residual."""
_TIMES = struct.Struct("<IId")
"""SMPTE time code, its sub-frame, seconds since the streaming began."""
_TICKS, _PRECISION = 24, 8
"""Bytes of three times in the server's ticks, and since 4.1 of the time of a grandmaster clock."""


class MalformedNatNetError(MalformedFrameError):
    """A datagram that is no NatNet message of a known version."""


@dataclass(frozen=True)
class ServerInfo:
    """A server's answer to ``CONNECT``."""

    name: str
    version: tuple[int, int]
    """Of the bitstream."""
    data_port: int
    multicast: str | None
    """Group that frames are sent to; ``None``: they come to whoever asked."""


@dataclass(frozen=True)
class NatNetFrame:
    """A frame of data; bodies carry ids, names come with the models."""

    number: int
    time_s: float
    bodies: tuple[tuple[int, RigidBody], ...]
    """Tracked ones, by id."""
    models_changed: bool


class Reader:
    """Reads numbers one after another; what is not there is an error, never a guess."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, layout: struct.Struct) -> tuple:
        """Return the next values."""
        self._at += layout.size
        if self._at > len(self._data):
            raise MalformedNatNetError("a NatNet message that is cut short")
        return layout.unpack_from(self._data, self._at - layout.size)

    def skip(self, size: int) -> None:
        """Go on by ``size`` bytes."""
        if not 0 <= size <= len(self._data) - self._at:
            raise MalformedNatNetError("a NatNet message with a length that goes beyond its end")
        self._at += size

    def section(self) -> bytes:
        """Return the bytes of a section, which begins with its size."""
        (size,) = self.take(_INT)
        self.skip(size)
        return self._data[self._at - size : self._at]

    def count(self) -> int:
        """Return the number of items that follow."""
        (number,) = self.take(_INT)
        if not 0 <= number <= MOST_ITEMS:
            raise MalformedNatNetError(f"a NatNet message with {number} items")
        return number

    def text(self) -> str:
        """Return a string."""
        end = self._data.find(b"\0", self._at, self._at + LONGEST_NAME)
        if end < 0:
            raise MalformedNatNetError("a NatNet message with a string without end")
        raw = self._data[self._at : end]
        self._at = end + 1
        return raw.decode("utf-8", "replace")


def message(number: int, payload: bytes = b"") -> bytes:
    """Return a datagram."""
    return HEADER.pack(number, len(payload)) + payload


def split(datagram: bytes) -> tuple[int, bytes]:
    """Return message number and payload of a datagram.

    Raises:
        MalformedNatNetError: if its length is not the one it says.
    """
    if len(datagram) < HEADER.size:
        raise MalformedNatNetError("a datagram too short for NatNet")
    number, size = HEADER.unpack_from(datagram)
    if size != len(datagram) - HEADER.size:
        raise MalformedNatNetError(f"a NatNet message of {len(datagram) - HEADER.size} bytes that says {size}")
    return number, datagram[HEADER.size :]


def decode_server_info(payload: bytes) -> ServerInfo:
    """Read a server's answer; longer ones of newer servers are read as far as they are known.

    Raises:
        MalformedNatNetError: if it is too short or of an unknown version.
    """
    name, *rest = Reader(payload).take(_SERVER_INFO)
    major, minor = rest[4], rest[5]
    if major not in VERSIONS:
        raise MalformedNatNetError(f"NatNet {major}.{minor}: expected 3.0 to 4.x (Motive 2.0 or newer)")
    group = ".".join(map(str, rest[-1])) if rest[-2] else None
    text = name.split(b"\0")[0].decode("utf-8", "replace")
    return ServerInfo(text, (major, minor), rest[-3], group)


def decode_models(payload: bytes, version: tuple[int, int]) -> dict[int, str]:
    """Return the names of the rigid bodies by id.

    Raises:
        MalformedNatNetError: if a length is wrong.
    """
    reader, names = Reader(payload), {}
    for _ in range(reader.count()):
        kind = reader.count()
        body = Reader(reader.section()) if version >= (4, 1) else reader
        if kind == _RIGID_BODY:
            ident, name = _model(body, version)
            names[ident] = name
        elif body is not reader:
            continue  # its section is behind us already
        elif kind == _MARKER_SET:
            reader.text()
            for _ in range(reader.count()):
                reader.text()
        else:
            break  # before 4.1 nothing says how long another kind is, and rigid bodies come before them
    return names


def _model(reader: Reader, version: tuple[int, int]) -> tuple[int, str]:
    name = reader.text()
    ident = reader.take(_MODEL)[0]
    markers = reader.count()
    reader.skip(16 * markers)  # a place and a label each
    if version[0] >= 4:
        for _ in range(markers):
            reader.text()
    return ident, name


def decode_frame(payload: bytes, version: tuple[int, int]) -> NatNetFrame:
    """Read a frame of data.

    Args:
        payload: of a message ``FRAME``.
        version: of the bitstream, from ``ServerInfo``.

    Raises:
        MalformedNatNetError: if a length is wrong.
    """
    reader = Reader(payload)
    sized = version >= (4, 1)
    (number,) = reader.take(_INT)
    _skip(reader, sized, _marker_set)
    _skip(reader, sized, _point)
    bodies = _bodies(reader, sized)
    _skip(reader, sized, _skeleton)
    if sized:
        _skip(reader, sized, _point)  # assets: only their section's size counts
    _skip(reader, sized, _labelled_marker)
    for _ in ("force plates", "devices"):
        _skip(reader, sized, _analogue)
    *_, time_s = reader.take(_TIMES)
    reader.skip(_TICKS + (_PRECISION if sized else 0))
    (flags,) = reader.take(_SHORT)
    return NatNetFrame(number, time_s, bodies, bool(flags & MODELS_CHANGED))


def _bodies(reader: Reader, sized: bool) -> tuple[tuple[int, RigidBody], ...]:
    count = reader.count()
    if sized:
        section = reader.section()
        if len(section) != count * _POSE.size:
            raise MalformedNatNetError(f"{count} NatNet rigid bodies in {len(section)} bytes")
        reader = Reader(section)
    poses = [reader.take(_POSE) for _ in range(count)]
    return tuple(
        (ident, RigidBody("", (x, y, z), (qw, qx, qy, qz)))
        for ident, x, y, z, qx, qy, qz, qw, _error, flags in poses
        if flags & TRACKED
    )


def _skip(reader: Reader, sized: bool, skip_item: Callable[[Reader], None]) -> None:
    """Go past a list: since 4.1 it says its size, before that only its items do."""
    count = reader.count()
    if sized:
        reader.section()
        return
    for _ in range(count):
        skip_item(reader)


def _marker_set(reader: Reader) -> None:
    reader.text()
    reader.skip(_POINT * reader.count())


def _point(reader: Reader) -> None:
    reader.skip(_POINT)


def _skeleton(reader: Reader) -> None:
    reader.take(_INT)
    reader.skip(_POSE.size * reader.count())


def _labelled_marker(reader: Reader) -> None:
    reader.skip(_MARKER)


def _analogue(reader: Reader) -> None:
    """A force plate or a device: channels of numbers."""
    reader.take(_INT)
    for _ in range(reader.count()):
        reader.skip(4 * reader.count())
