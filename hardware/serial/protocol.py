"""Messages between a host and a robot on a serial line: their types, versions, refusals and limits.

They travel in the frames of ``hardware.framing``. Everything is little-endian, floats are IEEE
754 single precision, in SI units. Whoever reads a message checks length, version, names, counts
and numbers before the message exists. ``docs/serial-protocol.md`` gives every layout byte by byte.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Literal, get_args

from sim.errors import LinkError
from sim.spec import ActionLevel, SafeAction

VERSION = 1
"""Version of the messages; the frames below them have their own."""
MAX_CHANNELS = 64
MAX_NAME = 32
"""Longest robot or channel name, ASCII characters."""
MAX_PAYLOAD = 44 + (1 + MAX_NAME) * (1 + MAX_CHANNELS)
"""Longest payload of any message, a HELLO's, bytes."""
MAX_SEQUENCE_STEP = 1 << 16
"""A command may skip this many numbers, lost ones included; further ahead it is not believed."""

Kind = Literal["flight", "joint"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LEVELS: tuple[ActionLevel, ...] = get_args(ActionLevel)
SAFE_ACTIONS: tuple[SafeAction, ...] = get_args(SafeAction)
"""A kind, level or action travels as its place in these tuples."""


class MessageType(IntEnum):
    """The frame's message type; the robot's have the highest bit set."""

    HELLO_REQUEST = 0x01
    COMMAND = 0x02
    ARM = 0x03
    DISARM = 0x04
    SAFE_ACTION = 0x05
    EMERGENCY_STOP = 0x06
    HEARTBEAT = 0x07
    STEP = 0x08
    """Only to a simulation in lock-step: let time move by one control period."""
    HELLO = 0x81
    FLIGHT_STATE = 0x82
    JOINT_STATE = 0x83
    ACK = 0x84
    NACK = 0x85
    TIME = 0x86
    """Its answer, after time has moved and everything else was sent."""


class Refusal(IntEnum):
    """Why a robot does not do what a message asks for; the reason byte of a NACK."""

    MALFORMED = 1
    UNKNOWN_TYPE = 2
    VERSION = 3
    BUSY = 4
    NO_SESSION = 5
    OLD_SEQUENCE = 6
    CHANNEL_COUNT = 7
    NOT_A_NUMBER = 8
    OUT_OF_RANGE = 9
    NOT_ARMED = 10
    CANNOT_ARM = 11
    EMERGENCY_STOPPED = 12
    SAFE_ACTION = 13
    UNSUPPORTED = 14


REASONS: dict[Refusal, str] = {
    Refusal.MALFORMED: "the message has the wrong length or layout",
    Refusal.UNKNOWN_TYPE: "it does not know this message; update its firmware",
    Refusal.VERSION: "it speaks another version of the protocol; update its firmware or this program",
    Refusal.BUSY: "another program commands it; stop that program or disarm the robot first",
    Refusal.NO_SESSION: "this program does not command it (any more): say hello first",
    Refusal.OLD_SEQUENCE: "the command is old, repeated or too far ahead",
    Refusal.CHANNEL_COUNT: "it has another number of channels",
    Refusal.NOT_A_NUMBER: "a channel is not a number",
    Refusal.OUT_OF_RANGE: "a channel is out of its range",
    Refusal.NOT_ARMED: "it is not armed",
    Refusal.CANNOT_ARM: "it tumbled, crashed or cannot measure its state; put it upright and restart it",
    Refusal.EMERGENCY_STOPPED: "its emergency stop is latched; restart it",
    Refusal.SAFE_ACTION: "its safe action is under way; disarm it first",
    Refusal.UNSUPPORTED: "it cannot do this safe action",
}
"""One sentence for each reason, for people."""


class ProtocolError(LinkError):
    """A message that must not be acted on.

    Attributes:
        refusal: what a robot answers it with.
        detail: the NACK's number, e.g. the expected number of channels.
    """

    def __init__(self, refusal: Refusal, text: str, detail: int = 0) -> None:
        super().__init__(text)
        self.refusal = refusal
        self.detail = detail


def decode_floats(payload: bytes, start: int, count: int, what: str) -> tuple[float, ...]:
    """Read ``count`` floats that must end the payload.

    Raises:
        ProtocolError: if the payload has another length.
    """
    expected = start + 4 * count
    if len(payload) != expected:
        raise ProtocolError(Refusal.MALFORMED, f"{what} of {len(payload)} bytes, its {count} numbers need {expected}")
    return struct.unpack_from(f"<{count}f", payload, start)


def unpack(layout: struct.Struct, payload: bytes, what: str) -> tuple[int, ...]:
    """Read a payload of fixed length.

    Raises:
        ProtocolError: if it has another length.
    """
    if len(payload) != layout.size:
        raise ProtocolError(Refusal.MALFORMED, f"{what} of {len(payload)} bytes, expected {layout.size}")
    return layout.unpack(payload)
