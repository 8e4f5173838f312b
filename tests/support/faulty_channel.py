"""A radio link in virtual time that loses, repeats, reorders and damages packets, around any receiver."""

import heapq
import itertools
from dataclasses import dataclass


@dataclass(frozen=True)
class Faults:
    """Probabilities per packet and way."""

    loss: float = 0.0
    repeat: float = 0.0
    reorder: float = 0.0
    damage: float = 0.0


class FaultyChannel:
    """What ``Uploader`` needs of a channel, and its clock.

    Args:
        receive: takes a packet on board, returns the answer or None.
        rng: numpy generator.
        faults: of both ways.
    """

    def __init__(self, receive, rng, faults=Faults()):
        self.now = 0.0
        self.sent = 0
        self._receive, self._rng, self._faults = receive, rng, faults
        self._events, self._order = [], itertools.count()

    def clock(self):
        return self.now

    def send(self, packet):
        self.sent += 1
        self._transmit("up", packet)

    def receive(self, timeout_s):
        end = self.now + timeout_s
        while self._events and self._events[0][0] <= end:
            self.now, _, way, packet = heapq.heappop(self._events)
            if way == "down":
                return packet
            answer = self._receive(packet)
            if answer is not None:
                self._transmit("down", answer)
        self.now = end
        return None

    def _transmit(self, way, packet):
        rng, faults = self._rng, self._faults
        for _ in range(1 + (rng.random() < faults.repeat)):
            if rng.random() < faults.loss:
                continue
            sent = bytearray(packet)
            if rng.random() < faults.damage:
                sent[rng.integers(len(sent))] ^= 1 << int(rng.integers(8))
            delay = 0.005 + (0.3 * rng.random() if rng.random() < faults.reorder else 0.0)
            heapq.heappush(self._events, (self.now + delay, next(self._order), way, bytes(sent)))
