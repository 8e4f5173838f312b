"""High-level set-point port (8): take-off, land, go-to and stop; each answered with a result code."""

from __future__ import annotations

import errno
import math
import struct

from hardware.virtual.crazyflie.crtp import MalformedPacketError, Packet, Port
from hardware.virtual.crazyflie.high_level import HighLevelCommander

CHANNEL = 0
SET_GROUP_MASK, STOP, GO_TO, TAKEOFF_2, LAND_2, GO_TO_2 = 0, 3, 4, 7, 8, 12
MAX_DURATION_S = 600.0


class HighLevelService:
    """Decodes high-level commands."""

    def __init__(self, commander: HighLevelCommander) -> None:
        self._commander = commander
        self._group_mask = 0

    def handle(self, packet: Packet) -> list[Packet]:
        """Return the reply: the first three bytes of the request and a result code, 0 for accepted.

        Raises:
            MalformedPacketError: for a wrong length or numbers out of range.
        """
        if packet.channel != CHANNEL or len(packet.data) < 2:
            raise MalformedPacketError("high-level command too short or on an unknown channel")
        status = self._run(packet.data[0], packet.data[1:])
        return [Packet(Port.SETPOINT_HL, packet.channel, packet.data[:3].ljust(3, b"\0") + bytes((status,)))]

    def _run(self, command: int, data: bytes) -> int:
        if command == SET_GROUP_MASK and len(data) == 1:
            self._group_mask = data[0]
            return 0
        handler = {
            STOP: self._stop,
            TAKEOFF_2: self._takeoff,
            LAND_2: self._land,
            GO_TO: self._go_to,
            GO_TO_2: self._go_to_2,
        }
        if command not in handler:
            return errno.ENOEXEC
        if data[0] and not data[0] & self._group_mask:
            return 0  # for another group
        accepted = handler[command](data[1:])
        return 0 if accepted else errno.EBUSY

    def _stop(self, data: bytes) -> bool:
        _numbers("<", data)
        return self._commander.stop()

    def _takeoff(self, data: bytes) -> bool:
        height, yaw, use_current_yaw, duration = _numbers("<ffBf", data)
        return self._commander.takeoff(height, None if _flag(use_current_yaw) else yaw, _duration(duration))

    def _land(self, data: bytes) -> bool:
        height, yaw, use_current_yaw, duration = _numbers("<ffBf", data)
        return self._commander.land(height, None if _flag(use_current_yaw) else yaw, _duration(duration))

    def _go_to(self, data: bytes) -> bool:
        relative, x, y, z, yaw, duration = _numbers("<Bfffff", data)
        return self._commander.go_to((x, y, z), yaw, _duration(duration), _flag(relative), linear=False)

    def _go_to_2(self, data: bytes) -> bool:
        relative, linear, x, y, z, yaw, duration = _numbers("<BBfffff", data)
        return self._commander.go_to((x, y, z), yaw, _duration(duration), _flag(relative), _flag(linear))


def _flag(value: float) -> bool:
    if value not in (0, 1):
        raise MalformedPacketError(f"flag {value}")
    return bool(value)


def _duration(value: float) -> float:
    if not 0.0 < value <= MAX_DURATION_S:
        raise MalformedPacketError(f"duration {value} s")
    return value


def _numbers(layout: str, data: bytes) -> tuple[float, ...]:
    if len(data) != struct.calcsize(layout):
        raise MalformedPacketError("high-level command of the wrong length")
    values = struct.unpack(layout, data)
    if any(not math.isfinite(value) or abs(value) > MAX_DURATION_S for value in values):
        raise MalformedPacketError("high-level command out of range")
    return values
