"""Platform port (13): protocol and firmware version, arming commands of older clients, packets for the app."""

from __future__ import annotations

from collections.abc import Callable

from hardware.virtual.crazyflie.crtp import PROTOCOL_VERSION, MalformedPacketError, Packet, Port
from hardware.virtual.multirotor.supervisor import FlightSupervisor

COMMAND, VERSION, APP = 0, 1, 2
SET_CONTINUOUS_WAVE, ARM, RECOVER, USER_NOTIFICATION = 0, 1, 2, 3
ARM_REQUESTS = (bytes((ARM, 0)), bytes((ARM, 1)))
GET_PROTOCOL, GET_FIRMWARE, GET_DEVICE_TYPE = 0, 1, 2
FIRMWARE_VERSION = b"sim2metal virtual\0"
DEVICE_TYPE = b"CF21;R=F\0"
"""Device type string of a Crazyflie 2.1."""


class PlatformService:
    """Versions, arming for clients that do not know the supervisor port, and the way to the app.

    Args:
        supervisor: arms.
        app: takes a packet for the app on board and returns its answer, if there is one.
    """

    def __init__(
        self, supervisor: FlightSupervisor, app: Callable[[bytes], bytes | None] = lambda packet: None
    ) -> None:
        self._supervisor, self._app = supervisor, app

    def handle(self, packet: Packet) -> list[Packet]:
        """Return the replies to one packet on this port.

        Raises:
            MalformedPacketError: for an unknown or truncated command.
        """
        if packet.channel == APP:
            answer = self._app(packet.data)
            return [] if answer is None else [Packet(Port.PLATFORM, APP, answer)]
        if not packet.data:
            raise MalformedPacketError("empty platform packet")
        if packet.channel == VERSION:
            return self._version(packet.data[0])
        if packet.channel == COMMAND:
            return self._command(packet)
        return []

    def _version(self, command: int) -> list[Packet]:
        answers = {
            GET_PROTOCOL: PROTOCOL_VERSION.to_bytes(4, "little"),
            GET_FIRMWARE: FIRMWARE_VERSION,
            GET_DEVICE_TYPE: DEVICE_TYPE,
        }
        if command not in answers:
            raise MalformedPacketError(f"unknown version command {command}")
        return [Packet(Port.PLATFORM, VERSION, bytes((command,)) + answers[command])]

    def _command(self, packet: Packet) -> list[Packet]:
        command = packet.data[0]
        if packet.data in ARM_REQUESTS:
            ok = self._supervisor.request_arming(bool(packet.data[1]))
            return [Packet(Port.PLATFORM, COMMAND, bytes((ARM, ok, self._supervisor.armed)))]
        if packet.data == bytes((RECOVER,)):
            ok = self._supervisor.request_recovery()
            return [Packet(Port.PLATFORM, COMMAND, bytes((RECOVER, ok, not self._supervisor.crashed)))]
        if command in (SET_CONTINUOUS_WAVE, USER_NOTIFICATION):
            return [packet]
        raise MalformedPacketError(f"unknown platform command {packet.data.hex()}")
