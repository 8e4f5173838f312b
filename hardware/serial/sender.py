"""The one thread that writes: urgent messages first, then the newest command, a heartbeat in any case.

A full transmit buffer makes a write wait; the control loop never does, it leaves its command here.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from sim.errors import LinkError

HEARTBEAT_S = 0.03
"""Its answer tells a silent line from a stalled state stream well within 0.1 s."""
MOST_URGENT = 64


class Sender:
    """Writes for one open link until ``stop``.

    Args:
        write: sends bytes; may wait, and raises ``LinkError`` when the port is gone.
        heartbeat: returns the bytes of the next heartbeat.
        on_failure: told why the thread ended by itself.
    """

    def __init__(
        self, write: Callable[[bytes], None], heartbeat: Callable[[], bytes], on_failure: Callable[[str], None]
    ) -> None:
        self._write, self._heartbeat, self._on_failure = write, heartbeat, on_failure
        self._command: bytes | None = None
        self._urgent: deque[bytes] = deque(maxlen=MOST_URGENT)
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="serial-sender", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def command(self, data: bytes) -> None:
        """Replace the command waiting to be sent."""
        with self._wake:
            self._command = data
            self._wake.notify()

    def urgent(self, *messages: bytes) -> None:
        """Drop the waiting command and send these first."""
        with self._wake:
            self._command = None
            self._urgent.extend(messages)
            self._wake.notify()

    def drain(self, timeout_s: float) -> None:
        """Wait until nothing urgent is left, at most ``timeout_s``."""
        with self._wake:
            self._wake.wait_for(lambda: not self._urgent or not self.alive, timeout_s)

    def stop(self, timeout_s: float = 1.0) -> None:
        """End the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        beat_at = time.monotonic()
        try:
            while True:
                with self._wake:
                    if not (self._stopping or self._urgent or self._command):
                        self._wake.wait(max(beat_at - time.monotonic(), 0.0))
                    if self._stopping:
                        return
                    message = self._urgent.popleft() if self._urgent else self._command
                    if message is self._command:
                        self._command = None
                    self._wake.notify_all()
                if message is not None:
                    self._write(message)
                if time.monotonic() >= beat_at:
                    self._write(self._heartbeat())
                    beat_at = time.monotonic() + HEARTBEAT_S
        except LinkError as error:
            self._on_failure(str(error))
