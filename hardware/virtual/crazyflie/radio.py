"""The robot's end of the link: packets in to the services, replies and log data out, under the link's conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hardware.virtual.crazyflie.crtp import MalformedPacketError, Packet, decode
from hardware.virtual.events import EventLog
from hardware.virtual.link_conditions import Channel, LinkConditions

NEVER_MS = -(1 << 30)
"""When the last packet arrived, before the first."""


class Service(Protocol):
    """Serves one port."""

    def handle(self, packet: Packet) -> list[Packet]:
        """Return the replies to ``packet``."""
        ...


class Radio:
    """Receives, dispatches by port, and sends."""

    def __init__(self, conditions: LinkConditions, services: Mapping[int, Service], events: EventLog) -> None:
        """``services`` by CRTP port."""
        self.now_ms = 0
        self.heard_ms = NEVER_MS
        """When the last packet of any kind arrived."""
        self._services = services
        self._events = events
        self._uplink = Channel(conditions, lambda: events.count("lost_uplink"))
        self._downlink = Channel(conditions, lambda: events.count("lost_downlink"))

    def update(self, now_ms: int) -> None:
        """Advance to ``now_ms`` and handle the packets whose delay is over."""
        self.now_ms = now_ms
        for datagram in self._uplink.pop(now_ms):
            self._handle(datagram)

    def receive(self, datagram: bytes) -> None:
        """Take one datagram from the client; malformed ones are dropped and counted."""
        self._uplink.push(self.now_ms, datagram)
        self.update(self.now_ms)

    def send(self, packets: list[Packet]) -> None:
        """Send packets to the client."""
        for packet in packets:
            self._downlink.push(self.now_ms, packet.encode())

    def take_outgoing(self) -> list[bytes]:
        """Return and forget the datagrams that leave now."""
        return self._downlink.pop(self.now_ms)

    def _handle(self, datagram: bytes) -> None:
        self.heard_ms = self.now_ms
        self._events.mark("last_packet")
        try:
            packet = decode(datagram)
            service = self._services.get(packet.port)
            if service is None:
                raise MalformedPacketError(f"nobody listens on port {packet.port}")
            replies = service.handle(packet)
        except MalformedPacketError:
            self._events.count("malformed")
            return
        self.send(replies)
