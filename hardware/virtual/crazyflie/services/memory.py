"""Memory port (4): the list of memories and block-wise reads and writes.

Two memories: the configuration EEPROM every Crazyflie has (radio channel, speed, address), and
the trajectory memory that the high-level commander's clients upload polynomials to.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

from hardware.virtual.crazyflie.crtp import MalformedPacketError, Packet, Port

INFO, READ, WRITE = 0, 1, 2
GET_COUNT, GET_DETAILS = 1, 2
TYPE_I2C, TYPE_TRAJECTORY = 0x00, 0x12
MAX_READ = 24
"""Bytes per read reply; cflib never asks for more."""


@dataclass
class MemoryArea:
    """One memory."""

    kind: int
    content: bytearray


def configuration_eeprom() -> MemoryArea:
    """Return the EEPROM in the layout of cflib's ``I2CElement``, version 1: channel 80, 2 Mbit/s, default address."""
    body = struct.pack("<4sBBBffBI", b"0xBC", 1, 80, 2, 0.0, 0.0, 0xE7, 0xE7E7E7E7)
    return MemoryArea(TYPE_I2C, bytearray(body + bytes((sum(body) % 256,))).ljust(256, b"\0"))


def trajectory_memory() -> MemoryArea:
    """Return the empty trajectory memory, 4 KiB as in the firmware."""
    return MemoryArea(TYPE_TRAJECTORY, bytearray(4096))


class MemoryService:
    """Serves the memories."""

    def __init__(self, areas: list[MemoryArea]) -> None:
        self.areas = areas

    def handle(self, packet: Packet) -> list[Packet]:
        """Return the replies to one packet on this port.

        Raises:
            MalformedPacketError: for an unknown or truncated request.
        """
        answer = {INFO: self._info, READ: self._read, WRITE: self._write}.get(packet.channel)
        if answer is None:
            raise MalformedPacketError("unknown memory channel")
        return [Packet(Port.MEM, packet.channel, answer(packet.data))]

    def _info(self, data: bytes) -> bytes:
        if data[:1] == bytes((GET_COUNT,)):
            return bytes((GET_COUNT, len(self.areas)))
        if data[:1] == bytes((GET_DETAILS,)) and len(data) >= 2:
            if data[1] >= len(self.areas):
                return data[:2]
            area = self.areas[data[1]]
            return data[:2] + struct.pack("<BI8x", area.kind, len(area.content))
        raise MalformedPacketError("unknown memory request")

    def _read(self, data: bytes) -> bytes:
        number, address, length = _unpack("<BIB", data)
        if number >= len(self.areas):
            return data[:5] + bytes((errno.ENOENT,))
        content = self.areas[number].content
        if length > MAX_READ or address + length > len(content):
            return data[:5] + bytes((errno.EIO,))
        return data[:5] + b"\0" + content[address : address + length]

    def _write(self, data: bytes) -> bytes:
        number, address = _unpack("<BI", data[:5])
        if number >= len(self.areas):
            return data[:5] + bytes((errno.ENOENT,))
        content = self.areas[number].content
        if address + len(data) - 5 > len(content):
            return data[:5] + bytes((errno.EIO,))
        content[address : address + len(data) - 5] = data[5:]
        return data[:5] + b"\0"


def _unpack(layout: str, data: bytes) -> tuple[int, ...]:
    if len(data) != struct.calcsize(layout):
        raise MalformedPacketError("memory request of the wrong length")
    return struct.unpack(layout, data)
