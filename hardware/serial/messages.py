"""The messages after the hello: commands, arming, safe actions, and the robot's answers to them."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from hardware.serial.protocol import REASONS, SAFE_ACTIONS, ProtocolError, Refusal, decode_floats, unpack
from sim.spec import SafeAction

_COMMAND = struct.Struct("<IIB")
_SESSION = struct.Struct("<I")
_SAFE_ACTION = struct.Struct("<IB")
_ACK = struct.Struct("<B")
_NACK = struct.Struct("<BBH")
_TIME = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Command:
    """Numbers for every channel."""

    session: int
    sequence: int
    """Grows with every command of a session, from 1."""
    channels: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """A refusal."""

    type: int
    """Message type that is refused."""
    refusal: Refusal
    detail: int = 0

    @property
    def text(self) -> str:
        """The reason as a sentence."""
        return REASONS[self.refusal]


def encode_command(command: Command) -> bytes:
    """Return the payload of a COMMAND; what single precision cannot hold travels as infinity, which a robot refuses."""
    count = len(command.channels)
    head = _COMMAND.pack(command.session, command.sequence, count)
    try:
        return head + struct.pack(f"<{count}f", *command.channels)
    except OverflowError:
        channels = (math.copysign(math.inf, value) if abs(value) > 3e38 else value for value in command.channels)
        return head + struct.pack(f"<{count}f", *channels)


def decode_command(payload: bytes) -> Command:
    """Read a COMMAND of any number of channels.

    Raises:
        ProtocolError: for a wrong length or a channel that is not a number.
    """
    if len(payload) < _COMMAND.size:
        raise ProtocolError(Refusal.MALFORMED, f"command of {len(payload)} bytes, expected at least {_COMMAND.size}")
    session, sequence, count = _COMMAND.unpack_from(payload)
    channels = decode_floats(payload, _COMMAND.size, count, "command")
    if not all(map(math.isfinite, channels)):
        raise ProtocolError(Refusal.NOT_A_NUMBER, "command with a channel that is not a number")
    return Command(session, sequence, channels)


def encode_session(session: int) -> bytes:
    """Return the payload of an ARM, DISARM, EMERGENCY_STOP, HEARTBEAT or STEP."""
    return _SESSION.pack(session)


def decode_session(payload: bytes) -> int:
    """Read the payload of an ARM, DISARM, EMERGENCY_STOP, HEARTBEAT or STEP; returns the session.

    Raises:
        ProtocolError: for a wrong length.
    """
    return unpack(_SESSION, payload, "request")[0]


def encode_safe_action(session: int, action: SafeAction) -> bytes:
    """Return the payload of a SAFE_ACTION."""
    return _SAFE_ACTION.pack(session, SAFE_ACTIONS.index(action))


def decode_safe_action(payload: bytes) -> tuple[int, SafeAction]:
    """Read a SAFE_ACTION; returns session and action.

    Raises:
        ProtocolError: for a wrong length or an unknown action.
    """
    session, action = unpack(_SAFE_ACTION, payload, "safe action")
    if action >= len(SAFE_ACTIONS):
        raise ProtocolError(Refusal.UNSUPPORTED, f"safe action {action}, expected 0 to {len(SAFE_ACTIONS) - 1}")
    return session, SAFE_ACTIONS[action]


def encode_ack(kind: int) -> bytes:
    """Return the payload of an ACK of a message type."""
    return _ACK.pack(kind)


def decode_ack(payload: bytes) -> int:
    """Read an ACK; returns the message type it answers.

    Raises:
        ProtocolError: for a wrong length.
    """
    return unpack(_ACK, payload, "acknowledgement")[0]


def encode_nack(nack: Nack) -> bytes:
    """Return the payload of a NACK."""
    return _NACK.pack(nack.type, nack.refusal, nack.detail)


def decode_nack(payload: bytes) -> Nack:
    """Read a NACK.

    Raises:
        ProtocolError: for a wrong length or an unknown reason.
    """
    kind, reason, detail = unpack(_NACK, payload, "refusal")
    try:
        return Nack(kind, Refusal(reason), detail)
    except ValueError:
        raise ProtocolError(Refusal.MALFORMED, f"refusal with the unknown reason {reason}") from None


def encode_time(robot_ms: int) -> bytes:
    """Return the payload of a TIME."""
    return _TIME.pack(robot_ms % (1 << 32))


def decode_time(payload: bytes) -> int:
    """Read a TIME; returns the robot's clock, ms.

    Raises:
        ProtocolError: for a wrong length.
    """
    return unpack(_TIME, payload, "time")[0]
