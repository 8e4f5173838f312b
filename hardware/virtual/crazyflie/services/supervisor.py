"""Supervisor port (9): the state bit field, arming, crash recovery, emergency stop and its watchdog."""

from __future__ import annotations

import struct

from hardware.virtual.crazyflie.crtp import MalformedPacketError, Packet, Port
from hardware.virtual.multirotor.supervisor import FlightSupervisor

INFO, COMMAND = 0, 1
GET_STATE = 0x0C
ARM, RECOVER, EMERGENCY_STOP, EMERGENCY_STOP_WATCHDOG = 1, 2, 3, 4
ARM_REQUESTS = (bytes((ARM, 0)), bytes((ARM, 1)))
"""CRTP has no checksum: what is not exactly a request is none."""
RESPONSE = 0x80
"""Set in the command byte of every reply."""


class SupervisorService:
    """Reads and commands the flight supervisor."""

    def __init__(self, supervisor: FlightSupervisor) -> None:
        self._supervisor = supervisor

    def handle(self, packet: Packet) -> list[Packet]:
        """Return the replies to one packet on this port.

        Raises:
            MalformedPacketError: for an unknown or truncated command.
        """
        if not packet.data:
            raise MalformedPacketError("empty supervisor packet")
        if packet.channel == INFO and packet.data == bytes((GET_STATE,)):
            return [_reply(INFO, GET_STATE, struct.pack("<H", self._supervisor.bitfield()))]
        if packet.channel == COMMAND:
            return self._command(packet.data)
        raise MalformedPacketError("unknown supervisor request")

    def _command(self, data: bytes) -> list[Packet]:
        supervisor = self._supervisor
        if data in ARM_REQUESTS:
            ok = supervisor.request_arming(bool(data[1]))
            return [_reply(COMMAND, ARM, bytes((ok, supervisor.armed)))]
        if data == bytes((RECOVER,)):
            ok = supervisor.request_recovery()
            return [_reply(COMMAND, RECOVER, bytes((ok, not supervisor.crashed)))]
        if data == bytes((EMERGENCY_STOP,)):
            supervisor.emergency_stop("client's request")
            return []
        if data == bytes((EMERGENCY_STOP_WATCHDOG,)):
            supervisor.feed_emergency_watchdog()
            return []
        raise MalformedPacketError(f"unknown supervisor command {data.hex()}")


def _reply(channel: int, command: int, data: bytes) -> Packet:
    return Packet(Port.SUPERVISOR, channel, bytes((command | RESPONSE,)) + data)
