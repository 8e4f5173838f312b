"""CRTP framing: one UDP datagram is one packet, a header byte and at most 30 bytes of payload.

The header is ``port << 4 | 0b1100 | channel``; the two middle bits are set for the boot loader's
sake and ignored on reception. Port and channel numbers are those of cflib 0.1.34.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

MAX_PAYLOAD = 30
"""Largest payload of a CRTP packet, bytes."""

NULL_HEADER = 0xFF
"""Header of the null packet that a scan sends; any answer means "somebody is here"."""

PROTOCOL_VERSION = 12
"""CRTP protocol spoken here: the first with its own supervisor port."""


class Port(IntEnum):
    """CRTP ports, one per subsystem."""

    CONSOLE = 0x00
    PARAM = 0x02
    COMMANDER = 0x03
    MEM = 0x04
    LOGGING = 0x05
    LOCALIZATION = 0x06
    COMMANDER_GENERIC = 0x07
    SETPOINT_HL = 0x08
    SUPERVISOR = 0x09
    PLATFORM = 0x0D
    LINK = 0x0F


_LOSSY = frozenset({Port.COMMANDER, Port.COMMANDER_GENERIC, Port.LOCALIZATION, Port.LINK})
_LOSSY_CHANNELS = frozenset({(Port.LOGGING, 2), (Port.PLATFORM, 2)})
"""Values of log variables, and packets for the app on board."""


class MalformedPacketError(Exception):
    """A packet that is too short, too long or out of range; it is dropped and counted."""


class Packet(NamedTuple):
    """One CRTP packet."""

    port: int
    channel: int
    data: bytes

    def encode(self) -> bytes:
        """Return the datagram."""
        return bytes((self.port << 4 | 0x0C | self.channel,)) + self.data


def decode(datagram: bytes) -> Packet:
    """Split a datagram into port, channel and payload.

    Raises:
        MalformedPacketError: if it is empty or longer than a CRTP packet can be.
    """
    if not 1 <= len(datagram) <= 1 + MAX_PAYLOAD:
        raise MalformedPacketError(f"{len(datagram)} bytes, expected 1 to {1 + MAX_PAYLOAD}")
    header = datagram[0]
    return Packet(header >> 4, header & 0x03, datagram[1:])


def is_superseded(datagram: bytes) -> bool:
    """Whether a newer packet of this kind makes one that waits worthless: set-points, positions, pings."""
    return bool(datagram) and datagram[0] >> 4 in _LOSSY


def is_lossy(datagram: bytes) -> bool:
    """Whether a radio link may lose this packet: set-points, positions, pings, log data, packets for the app.

    Requests and their replies are not: a real radio link repeats them, and cflib over UDP does not.
    """
    if not datagram:
        return False
    port, channel = datagram[0] >> 4, datagram[0] & 3
    return port in _LOSSY or (port, channel) in _LOSSY_CHANNELS
