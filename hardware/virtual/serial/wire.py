"""One line to a host: bytes in and out, with the link's conditions in between, frame by frame.

Loss, delay, duplication and reordering befall whole frames, bit flips the bytes of the line,
before the receiver has checked anything.
"""

from __future__ import annotations

from collections.abc import Callable

from hardware.framing import DELIMITER, Frame, FrameReader, encode
from hardware.serial.protocol import MAX_PAYLOAD
from hardware.virtual.events import EventLog
from hardware.virtual.link_conditions import Channel, LinkConditions

LONGEST = MAX_PAYLOAD + 32
"""Encoded bytes of the longest frame, with room for the stuffing."""


class Wire:
    """Collects what arrives on one port, and what leaves by it."""

    def __init__(self, conditions: LinkConditions, events: EventLog) -> None:
        self._events = events
        self._reader = FrameReader(LONGEST)
        self._pending = b""
        self._uplink = Channel(conditions, lambda: events.count("lost_uplink"))
        self._downlink = Channel(conditions, lambda: events.count("lost_downlink"))

    def receive(self, now_ms: int, data: bytes) -> None:
        """Take bytes from the line."""
        *frames, self._pending = (self._pending + data).split(DELIMITER)
        for frame in frames:
            self._uplink.push(now_ms, frame + DELIMITER)
        if len(self._pending) > LONGEST:  # noise without an end
            self._uplink.push(now_ms, self._pending)
            self._pending = b""

    def deliver(self, now_ms: int, handle: Callable[[Frame], list[Frame]]) -> None:
        """Hand over the frames that have arrived, and send the answers."""
        for data in self._uplink.pop(now_ms):
            before = self._reader.rejected
            for frame in self._reader.feed(data):
                self._events.count("frames")
                for answer in handle(frame):
                    self.send(now_ms, answer)
            if self._reader.rejected != before:
                self._events.counters["damaged"] += self._reader.rejected - before

    def send(self, now_ms: int, frame: Frame) -> None:
        """Send a frame."""
        self._downlink.push(now_ms, encode(frame))

    def take_outgoing(self, now_ms: int) -> bytes:
        """Return and forget the bytes that leave now."""
        return b"".join(self._downlink.pop(now_ms))
