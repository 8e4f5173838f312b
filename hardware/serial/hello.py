"""The first exchange on a serial line: who asks, and what the robot is."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from hardware.serial.protocol import (
    KINDS,
    LEVELS,
    MAX_CHANNELS,
    MAX_NAME,
    VERSION,
    Kind,
    ProtocolError,
    Refusal,
    unpack,
)
from sim.spec import ActionLevel

_HELLO = struct.Struct("<BBBBII32s")
_HELLO_REQUEST = struct.Struct("<BI")


@dataclass(frozen=True, slots=True)
class HelloRequest:
    """The host introduces itself: its protocol version and a random number that stands for its session."""

    session: int
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Hello:
    """What the robot is."""

    session: int
    """The host's, granted."""
    kind: Kind
    level: ActionLevel
    """What the channels of a command are."""
    channels: tuple[str, ...]
    """Names of the motors, joints or set-point components, in the order of a command."""
    period_us: int
    """Control period: how often a state comes and a command is expected, microseconds."""
    identity: bytes
    """32 bytes: the id of the bundle on board if ``level`` is ``"position"``, else of the firmware."""
    robot: str
    version: int = VERSION


def encode_hello_request(request: HelloRequest) -> bytes:
    """Return the payload of a HELLO_REQUEST."""
    return _HELLO_REQUEST.pack(request.version, request.session)


def decode_hello_request(payload: bytes) -> HelloRequest:
    """Read a HELLO_REQUEST; its first byte is the version in every version.

    Raises:
        ProtocolError: for another version or a wrong length.
    """
    if payload and payload[0] != VERSION:
        raise ProtocolError(Refusal.VERSION, f"hello of protocol version {payload[0]}, expected {VERSION}", VERSION)
    version, session = unpack(_HELLO_REQUEST, payload, "hello request")
    return HelloRequest(session, version)


def encode_hello(hello: Hello) -> bytes:
    """Return the payload of a HELLO."""
    head = _HELLO.pack(
        hello.version, KINDS.index(hello.kind), LEVELS.index(hello.level), len(hello.channels),
        hello.session, hello.period_us, hello.identity,
    )  # fmt: skip
    names = [name.encode("ascii") for name in (hello.robot, *hello.channels)]
    return head + b"".join(bytes((len(name),)) + name for name in names)


def decode_hello(payload: bytes) -> Hello:
    """Read a HELLO.

    Raises:
        ProtocolError: for another version, or anything that makes no sense.
    """
    if payload and payload[0] != VERSION:
        raise ProtocolError(
            Refusal.VERSION,
            f"the robot speaks version {payload[0]} of the protocol, this program version {VERSION};"
            " update its firmware or this program",
        )
    if len(payload) < _HELLO.size:
        raise ProtocolError(Refusal.MALFORMED, f"hello of {len(payload)} bytes, expected at least {_HELLO.size}")
    version, kind, level, count, session, period_us, identity = _HELLO.unpack_from(payload)
    if kind >= len(KINDS) or level >= len(LEVELS) or not 0 < count <= MAX_CHANNELS or period_us == 0:
        raise ProtocolError(
            Refusal.OUT_OF_RANGE, f"hello of kind {kind}, level {level}, {count} channels, period {period_us} us"
        )
    robot, *channels = _decode_names(payload[_HELLO.size :], 1 + count)
    return Hello(session, KINDS[kind], LEVELS[level], tuple(channels), period_us, identity, robot, version)


def check_names(names: Sequence[str]) -> None:
    """Refuse names that cannot travel.

    Raises:
        ProtocolError: if one is empty, too long or not printable ASCII.
    """
    for name in names:
        if not (0 < len(name) <= MAX_NAME and name.isascii() and name.isprintable()):
            raise ProtocolError(
                Refusal.MALFORMED, f"name {name!r} is not made of 1 to {MAX_NAME} printable ASCII characters"
            )


def _decode_names(data: bytes, count: int) -> list[str]:
    names: list[str] = []
    position = 0
    while len(names) < count and position < len(data):
        end = position + 1 + data[position]
        names.append(data[position + 1 : end].decode("latin-1"))
        position = end
    if len(names) != count or position != len(data):
        raise ProtocolError(Refusal.MALFORMED, f"hello with other than {count} names")
    check_names(names)
    return names
