"""One Crazyradio shared by all robots of a process: a budget of exchanges, dealt out in turn.

The dongle talks to one robot at a time: it sends a packet and gets one back inside the
acknowledgement, and only so can a robot send at all. Sources: the protocol, crazyflie-lib-python's
``radiodriver.py`` (polls without pause while the robot has something to say, every 10 ms after ten
empty answers); queue of the robot, 120 packets, crazyflie-firmware's ``crtp.c``; rate, a maintainer's
"at least 500 packets per second in each direction" (crazyflie-lib-python, issue 258). The air alone
would allow 1700: at 2 Mbit/s 32 bytes with preamble, address, control field and checksum last 165 us,
twice, with 130 us before each (nRF24L01+ product specification); USB takes the rest.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence

from hardware.virtual.crazyflie.crtp import is_superseded
from hardware.virtual.crazyflie.robot import VirtualCrazyflie

ROBOT_QUEUE = 120
"""Packets that wait on board; more are dropped."""
HOST_QUEUE = 64
"""Requests that wait in the host; of set-points and positions only the newest waits."""
EMPTY_BEFORE_REST = 10
REST_MS = 10
"""An idle robot is asked this often."""
MOST_CREDIT_MS = 10.0
"""Unused time is not saved up for longer than this."""


class Station:
    """One robot as the radio sees it.

    Args:
        robot: on the other side of the air.
        deliver: takes what arrives from it.
    """

    def __init__(self, robot: VirtualCrazyflie, deliver: Callable[[bytes], None]) -> None:
        self.connected = False
        """Whether a client is there: nobody asks a robot on whose behalf nobody asks."""
        self._robot, self._deliver = robot, deliver
        self._up: dict[int, bytes] = {}
        self._number = itertools.count(256)  # behind all headers
        self._down: deque[bytes] = deque()
        self._empty = 0
        self._rest_until_ms = 0

    def send(self, datagram: bytes) -> None:
        """Queue a packet of the client; a newer set-point takes the place of the one that waits."""
        key = datagram[0] if is_superseded(datagram) else next(self._number)
        if key in self._up or len(self._up) < HOST_QUEUE:
            self._up[key] = datagram
        else:
            self._robot.events.count("host_queue_full")

    def collect(self) -> None:
        """Take over what the robot wants to say."""
        for datagram in self._robot.take_outgoing():
            if len(self._down) < ROBOT_QUEUE:
                self._down.append(datagram)
            else:
                self._robot.events.count("radio_queue_full")

    def wants(self, now_ms: int) -> bool:
        """Whether the host would ask it now."""
        return self.connected and (bool(self._up) or now_ms >= self._rest_until_ms)

    def exchange(self, now_ms: int) -> None:
        """Bring at most one packet there and at most one back."""
        self._robot.events.count("radio_exchanges")
        if self._up:
            self._robot.receive(self._up.pop(next(iter(self._up))))
        self.collect()
        if self._down:
            self._empty = 0
            self._deliver(self._down.popleft())
            return
        self._empty += 1
        if self._empty >= EMPTY_BEFORE_REST:
            self._rest_until_ms = now_ms + REST_MS


class SharedRadio:
    """Deals out the exchanges.

    Args:
        exchanges_per_s: of the dongle, over all robots.
        stations: its robots.
    """

    def __init__(self, exchanges_per_s: float, stations: Sequence[Station]) -> None:
        self.stations = deque(stations)
        self._per_ms = exchanges_per_s / 1000.0
        self._credit = 0.0
        self._now_ms = 0

    def advance(self, now_ms: int) -> None:
        """Let the radio work up to ``now_ms``."""
        most = max(MOST_CREDIT_MS * self._per_ms, 1.0)
        self._credit = min(self._credit + (now_ms - self._now_ms) * self._per_ms, most)
        self._now_ms = now_ms
        for station in self.stations:
            station.collect()
        while self._credit >= 1.0 and (station := self._next(now_ms)) is not None:
            self._credit -= 1.0
            station.exchange(now_ms)

    def _next(self, now_ms: int) -> Station | None:
        for _ in range(len(self.stations)):
            self.stations.rotate(-1)
            if self.stations[-1].wants(now_ms):
                return self.stations[-1]
        return None
