"""Localization port (6): external position and pose, and the older emergency stop with its watchdog."""

from __future__ import annotations

import math
import struct

from hardware.virtual.crazyflie.crtp import MalformedPacketError, Packet
from hardware.virtual.events import EventLog
from hardware.virtual.multirotor.estimator import StateEstimator
from hardware.virtual.multirotor.supervisor import FlightSupervisor

POSITION, GENERIC, POSITION_PACKED = 0, 1, 2
EMERGENCY_STOP, EMERGENCY_STOP_WATCHDOG, EXT_POSE, EXT_POSE_PACKED = 3, 4, 8, 9
PACKED_ITEM = struct.Struct("<Bhhh")
PACKED_POSE = struct.Struct("<BhhhI")
OWN_ID = 0xE7
"""Last byte of the default radio address: which item of a packed broadcast is ours."""
MAX_POSITION_M = 100.0


class LocalizationService:
    """Feeds external measurements to the estimator."""

    def __init__(self, estimator: StateEstimator, supervisor: FlightSupervisor, events: EventLog) -> None:
        self._estimator, self._supervisor, self._events = estimator, supervisor, events

    def handle(self, packet: Packet) -> list[Packet]:
        """Take one packet on this port; there is never a reply.

        Raises:
            MalformedPacketError: for a wrong length or numbers out of range.
        """
        if packet.channel == POSITION:
            self._position(*_unpack(struct.Struct("<fff"), packet.data))
        elif packet.channel == GENERIC and packet.data:
            self._generic(packet.data[0], packet.data[1:])
        elif packet.channel == POSITION_PACKED:
            self._packed(PACKED_ITEM, packet.data)
        else:
            raise MalformedPacketError("unknown localization packet")
        return []

    def _generic(self, kind: int, data: bytes) -> None:
        if kind == EMERGENCY_STOP and not data:
            self._supervisor.emergency_stop("client's request")
        elif kind == EMERGENCY_STOP_WATCHDOG and not data:
            self._supervisor.feed_emergency_watchdog()
        elif kind == EXT_POSE:
            x, y, z, qx, qy, qz, qw = _unpack(struct.Struct("<fffffff"), data)
            if not 0.9 < math.hypot(qx, qy, qz, qw) < 1.1:
                raise MalformedPacketError("external pose without a unit quaternion")
            self._position(x, y, z)
        elif kind == EXT_POSE_PACKED:
            self._packed(PACKED_POSE, data)
        else:
            self._events.count("localization_ignored")

    def _packed(self, item: struct.Struct, data: bytes) -> None:
        if not data or len(data) % item.size:
            raise MalformedPacketError("packed positions of the wrong length")
        for ident, x, y, z, *_ in item.iter_unpack(data):
            if ident == OWN_ID:
                self._position(x / 1000.0, y / 1000.0, z / 1000.0)

    def _position(self, x: float, y: float, z: float) -> None:
        if not max(abs(x), abs(y), abs(z)) <= MAX_POSITION_M:
            raise MalformedPacketError("external position out of range")
        self._events.count("external_positions")
        self._estimator.measure_position((x, y, z))


def _unpack(layout: struct.Struct, data: bytes) -> tuple[float, ...]:
    if len(data) != layout.size or not all(map(math.isfinite, layout.unpack(data))):
        raise MalformedPacketError("external measurement of the wrong length or not finite")
    return layout.unpack(data)
