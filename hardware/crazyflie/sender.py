"""The one thread that sends: the newest set-point wins, urgent requests go first.

cflib's ``send_packet`` may block (a full radio queue for two seconds, a dying UDP socket for
one), so the control loop never calls it; it leaves its set-point here and goes on.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from cflib.crazyflie import Crazyflie

PING_PERIOD_S = 0.03
"""An echo request this often tells a silent link from a stalled log stream well within 0.1 s."""


class Sender:
    """Sends for one connection until ``stop``."""

    def __init__(self, crazyflie: Crazyflie) -> None:
        self._crazyflie = crazyflie
        self._setpoint: Callable[[], None] | None = None
        self._measurement: Callable[[], None] | None = None
        self._urgent: deque[Callable[[], None]] = deque(maxlen=64)
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="crazyflie-sender", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs: an error in a driver would end it, and with it every command."""
        return self._thread.is_alive()

    def setpoint(self, send: Callable[[], None]) -> None:
        """Replace the set-point waiting to be sent."""
        with self._wake:
            self._setpoint = send
            self._wake.notify()

    def measurement(self, send: Callable[[], None]) -> None:
        """Replace the external measurement waiting to be sent; it goes behind set-points."""
        with self._wake:
            self._measurement = send
            self._wake.notify()

    def urgent(self, *requests: Callable[[], None]) -> None:
        """Drop the waiting set-point and send these first."""
        with self._wake:
            self._setpoint = None
            self._urgent.extend(requests)
            self._wake.notify()

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing urgent is left; return whether that happened in time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with self._wake:
                if not self._urgent:
                    return True
            time.sleep(0.002)
        return False

    def stop(self) -> None:
        """End the thread; waits at most two seconds, the longest a driver blocks."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        ping = self._crazyflie.link_statistics.latency.ping
        ping_at = time.monotonic()
        while True:
            with self._wake:
                if not (self._stopping or self._urgent or self._setpoint or self._measurement):
                    self._wake.wait(timeout=max(ping_at - time.monotonic(), 0.0))
                if self._stopping:
                    return
                request = self._urgent.popleft() if self._urgent else None
                setpoint = measurement = None
                if request is None:
                    setpoint, self._setpoint = self._setpoint, None
                    measurement, self._measurement = self._measurement, None
            for send in (request, setpoint, measurement):
                if send is not None:
                    send()
            if time.monotonic() >= ping_at:
                ping()
                ping_at = time.monotonic() + PING_PERIOD_S
