"""Poses as JSON datagrams (``json_frames``) from a program of one's own: the smallest bridge to any other system."""

from __future__ import annotations

import select
import socket
import time
from collections import Counter

from hardware.mocap.frame import MalformedFrameError, MocapFrame
from hardware.mocap.json_frames import decode_frame
from hardware.mocap.source import OpenOnEntry
from hardware.mocap.uri import MocapUri
from sim.errors import LinkError

LARGEST_DATAGRAM = 65536
SENDER_SILENT_S = 1.0
"""The first who sends is the only one listened to, until silent for so long."""


class JsonSource(OpenOnEntry):
    """See the module.

    Args:
        uri: where to listen.
    """

    def __init__(self, uri: MocapUri) -> None:
        self.refused: Counter[str] = Counter()
        self._uri = uri
        self._socket: socket.socket | None = None
        self._sender: tuple[str, int] | None = None
        self._heard_s = 0.0

    def open(self) -> None:
        """Listen; see ``PoseSource``."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((self._uri.host, self._uri.port))
        except OSError as error:
            self.close()
            raise LinkError(
                f"cannot listen on {self._uri.text}: {error.strerror or error};"
                " give an address of this computer and a free port"
            ) from None
        self._socket.setblocking(False)

    def close(self) -> None:
        """Free the port."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def receive(self, timeout_s: float) -> MocapFrame | None:
        """Return the next frame; see ``PoseSource``."""
        if self._socket is None:
            raise LinkError(f"{self._uri.text} is not open")
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return None
        datagram, address = self._socket.recvfrom(LARGEST_DATAGRAM)
        if not self._admit(address):
            self.refused["a second sender"] += 1
            return None
        try:
            return decode_frame(datagram, time.monotonic_ns(), self._uri.up)
        except MalformedFrameError as error:
            self.refused[str(error)] += 1
            return None

    def _admit(self, address: tuple[str, int]) -> bool:
        now_s = time.monotonic()
        if address != self._sender and self._sender is not None and now_s - self._heard_s < SENDER_SILENT_S:
            return False
        self._sender, self._heard_s = address, now_s
        return True
