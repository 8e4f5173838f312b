"""The state of the radio: loss, delay and jitter, applied to both directions in order.

Requests and their replies are never lost at random: a real radio link retransmits them, and
cflib over UDP does not. What a real link may drop is lost here: set-points, positions, pings
and log data.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from hardware.virtual.crazyflie.crtp import Port

LOSSY = frozenset({Port.COMMANDER, Port.COMMANDER_GENERIC, Port.LOCALIZATION, Port.LINK})
LOG_DATA_CHANNEL = 2


class LinkConditions:
    """Decides what happens to each datagram."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.lost = False
        self.loss = 0.0
        """Probability that a lossy packet vanishes."""
        self.delay_ms = 0.0
        self.jitter_ms = 0.0

    def survives(self, datagram: bytes) -> bool:
        """Whether this datagram gets through."""
        if self.lost:
            return False
        if self.loss == 0.0 or not datagram:
            return True
        port, channel = datagram[0] >> 4, datagram[0] & 3
        lossy = port in LOSSY or (port == Port.LOGGING and channel == LOG_DATA_CHANNEL)
        return not (lossy and self._rng.random() < self.loss)

    def draw_delay_ms(self) -> float:
        """Return the delay of one datagram."""
        return self.delay_ms + (self.jitter_ms * self._rng.random() if self.jitter_ms else 0.0)


class Channel:
    """One direction of the link: datagrams are lost or wait, and keep their order.

    Args:
        conditions: shared by both directions.
        on_loss: called for every datagram that does not get through.
    """

    def __init__(self, conditions: LinkConditions, on_loss: Callable[[], None]) -> None:
        self._conditions = conditions
        self._on_loss = on_loss
        self._waiting: deque[tuple[float, bytes]] = deque()

    def push(self, now_ms: float, datagram: bytes) -> None:
        """Send a datagram; it arrives after the conditions' delay and never before the one ahead of it."""
        if not self._conditions.survives(datagram):
            self._on_loss()
            return
        due_ms = now_ms + self._conditions.draw_delay_ms()
        if self._waiting:
            due_ms = max(due_ms, self._waiting[-1][0])
        self._waiting.append((due_ms, datagram))

    def pop(self, now_ms: float) -> list[bytes]:
        """Return what has arrived."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now_ms:
            arrived.append(self._waiting.popleft()[1])
        return arrived
