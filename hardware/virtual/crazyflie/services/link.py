"""Link port (15): who answers (source), echo for latency measurement, sink; null packets of a scan."""

from __future__ import annotations

from hardware.virtual.crazyflie.crtp import Packet, Port

ECHO, SOURCE, SINK, NULL = 0, 1, 2, 3
SOURCE_TEXT = b"Bitcraze Crazyflie\0"
"""What cflib looks for before it asks for the protocol version."""


class LinkService:
    """Answers source, echo and scan."""

    def handle(self, packet: Packet) -> list[Packet]:
        """Return the replies to one packet on this port."""
        if packet.channel == ECHO:
            return [packet]
        if packet.channel == SOURCE:
            return [Packet(Port.LINK, SOURCE, SOURCE_TEXT)]
        if packet.channel == NULL:
            return [Packet(Port.LINK, NULL, b"")]
        return []
