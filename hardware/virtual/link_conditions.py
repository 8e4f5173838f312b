"""The state of a link: loss, duplication, reordering, bit flips, delay and jitter, for both directions.

Packets are opaque here: a datagram of a radio, or a frame of a serial line. What a real link
would repeat until it arrives (a handshake over radio, say) is not lossy: it is delayed at most.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import numpy as np

from hardware.virtual.faults import Fault

HELD_BACK_MS = 25.0
"""A packet that others overtake arrives this much later: at 100 Hz two or three overtake it."""

_SHARES = {"packet-loss": "loss", "duplication": "duplication", "reordering": "reordering", "bit-flips": "bit_flips"}
_TIMES = {"delay": "delay_ms", "jitter": "jitter_ms"}


class LinkConditions:
    """Decides what happens to each packet.

    Args:
        rng: where the dice come from; a link without faults draws nothing.
        is_lossy: whether a packet may be lost, damaged, doubled or overtaken.
        spared_bytes: leading bytes that bit flips leave alone.
    """

    def __init__(
        self, rng: np.random.Generator, is_lossy: Callable[[bytes], bool] = bool, spared_bytes: int = 0
    ) -> None:
        self._rng = rng
        self.is_lossy = is_lossy
        self._spared_bytes = spared_bytes
        self.lost = False
        """Nothing gets through, in neither direction."""
        self.loss = self.duplication = self.reordering = self.bit_flips = 0.0
        """Probabilities for each lossy packet."""
        self.delay_ms = 0.0
        self.jitter_ms = 0.0

    def apply(self, fault: Fault, active: bool) -> bool:
        """Begin or end a fault of ``LINK_KINDS``; returns whether it was one."""
        value = fault.value if active else 0.0
        if fault.name == "link-loss":
            self.lost = active
        elif fault.name in _SHARES:
            setattr(self, _SHARES[fault.name], value / 100.0)
        elif fault.name in _TIMES:
            setattr(self, _TIMES[fault.name], value)
        else:
            return False
        return True

    def happens(self, probability: float) -> bool:
        """Throw the dice."""
        return probability > 0.0 and self._rng.random() < probability

    def survives(self, packet: bytes) -> bool:
        """Whether this packet gets through."""
        return not self.lost and not (self.is_lossy(packet) and self.happens(self.loss))

    def damage(self, packet: bytes) -> bytes:
        """Return the packet as it arrives: with one bit turned over, or as it was."""
        spared = self._spared_bytes
        if len(packet) <= spared or not self.is_lossy(packet) or not self.happens(self.bit_flips):
            return packet
        bit = int(self._rng.integers(8 * spared, 8 * len(packet)))
        damaged = bytearray(packet)
        damaged[bit // 8] ^= 1 << bit % 8
        return bytes(damaged)

    def draw_delay_ms(self) -> float:
        """Return the delay of one packet."""
        return self.delay_ms + (self.jitter_ms * self._rng.random() if self.jitter_ms else 0.0)


class Channel:
    """One direction of the link: packets are lost or wait, and keep their order unless reordering is on.

    Args:
        conditions: shared by both directions.
        on_loss: called for every packet that does not get through.
    """

    def __init__(self, conditions: LinkConditions, on_loss: Callable[[], None]) -> None:
        self._conditions = conditions
        self._on_loss = on_loss
        self._waiting: list[tuple[float, int, bytes]] = []
        self._number = itertools.count()
        self._last_due_ms = 0.0

    def push(self, now_ms: float, packet: bytes) -> None:
        """Send a packet; it arrives after the conditions' delay and never before the one ahead of it."""
        conditions = self._conditions
        if not conditions.survives(packet):
            self._on_loss()
            return
        lossy = conditions.is_lossy(packet)
        copies = 2 if lossy and conditions.happens(conditions.duplication) else 1
        for _ in range(copies):
            self._send(now_ms, conditions.damage(packet), lossy and conditions.happens(conditions.reordering))

    def pop(self, now_ms: float) -> list[bytes]:
        """Return what has arrived."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now_ms:
            arrived.append(heapq.heappop(self._waiting)[2])
        return arrived

    def _send(self, now_ms: float, packet: bytes, held_back: bool) -> None:
        due_ms = now_ms + self._conditions.draw_delay_ms()
        if held_back:
            due_ms += HELD_BACK_MS
        else:
            self._last_due_ms = due_ms = max(due_ms, self._last_due_ms)
        heapq.heappush(self._waiting, (due_ms, next(self._number), packet))
