"""Packets to and from the app on board: cflib's application channel (port 13, channel 2) with a queue."""

from __future__ import annotations

import queue
from types import TracebackType

from cflib.crazyflie import Crazyflie
from cflib.crazyflie.platformservice import APP_CHANNEL
from cflib.crtp.crtpstack import CRTPPacket, CRTPPort

from sim.errors import LinkError

MOST_WAITING = 256
"""Packets that wait for being read; more are dropped, as a lossy link would."""


class AppChannel:
    """The application channel of an open connection; a context manager.

    Args:
        crazyflie: connected.
    """

    def __init__(self, crazyflie: Crazyflie) -> None:
        self._crazyflie = crazyflie
        self._waiting: queue.Queue[bytes] = queue.Queue(MOST_WAITING)
        self._lost: str | None = None

    def __enter__(self) -> AppChannel:
        self._crazyflie.add_port_callback(CRTPPort.PLATFORM, self._take)
        self._crazyflie.connection_lost.add_callback(self._on_lost)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crazyflie.remove_port_callback(CRTPPort.PLATFORM, self._take)
        self._crazyflie.connection_lost.remove_callback(self._on_lost)

    def send(self, packet: bytes) -> None:
        """Send one packet of up to 30 bytes.

        Raises:
            LinkError: if the connection is lost: cflib would drop the packet without a word.
        """
        if self._lost is not None or self._crazyflie.link is None:
            raise LinkError(f"{self._crazyflie.link_uri}: connection lost ({self._lost or 'closed'}); try again")
        self._crazyflie.appchannel.send_packet(packet)

    def receive(self, timeout_s: float) -> bytes | None:
        """Return the next packet, ``None`` if none comes in time."""
        try:
            return self._waiting.get(timeout=max(timeout_s, 0.0))
        except queue.Empty:
            return None

    def _take(self, packet: CRTPPacket) -> None:
        if packet.channel == APP_CHANNEL and not self._waiting.full():
            self._waiting.put_nowait(bytes(packet.data))

    def _on_lost(self, _uri: str, message: str) -> None:
        self._lost = message
