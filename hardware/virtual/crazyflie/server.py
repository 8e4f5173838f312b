"""The virtual Crazyflie on a UDP port in real time: one thread, one socket, absolute deadlines.

Packets are answered the moment they arrive; time moves every ``QUANTUM_MS`` by as much. A
computer that cannot keep up is seen in the real-time factor: small delays are caught up, long
ones let the robot's time slip instead of running it in bursts.
"""

from __future__ import annotations

import errno
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from hardware.virtual.crazyflie.crtp import NULL_HEADER, Port
from hardware.virtual.crazyflie.robot import VirtualCrazyflie
from hardware.virtual.crazyflie.services.link import SOURCE
from sim.errors import ConfigError, LinkError

Address = tuple[str, int]
DEFAULT_URI = "udp://127.0.0.1:19850"
BIND_CURE = "give an address of this computer and a port above 1023"
QUANTUM_MS = 2
"""Time moves by this much at once: half of it is what a packet waits on average for its effect."""
MAX_BEHIND_NS = 100_000_000
"""Further behind than this the robot's time slips."""
SILENT_MS = 1000
"""A client silent for this long may be replaced even while the robot is armed."""
_NS = 1_000_000


def parse_uri(uri: str) -> Address:
    """Return host and port of ``udp://host:port``.

    Raises:
        ConfigError: if it is anything else.
    """
    parts = urlparse(uri)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "udp" or not parts.hostname or not port:
        raise ConfigError(f"the virtual Crazyflie listens on a URI like {DEFAULT_URI}, not '{uri}'")
    return parts.hostname, port


class Server:
    """Owns the socket and the clock; a context manager that frees the port."""

    def __init__(self, robot: VirtualCrazyflie, uri: str = DEFAULT_URI) -> None:
        """Bind the port.

        Raises:
            ConfigError: for a URI that is not ``udp://host:port``.
            LinkError: if the port is in use or the host is not this computer's.
        """
        self.robot = robot
        host, port = parse_uri(uri)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            cure = "stop the other program or choose another port" if error.errno == errno.EADDRINUSE else BIND_CURE
            raise LinkError(f"cannot listen on {uri}: {error.strerror or error}; {cure}") from None
        self._socket.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ, self._drain)
        self._client: Address | None = None
        self._heard_ms = 0
        self._stop = threading.Event()
        self._wall_ns = 0
        self._slipped_ns = 0

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the port."""
        self._selector.close()
        self._socket.close()

    def stop(self) -> None:
        """Make ``run`` return soon; safe from signal handlers and other threads."""
        self._stop.set()

    def watch(self, file_descriptor: int, ready: Callable[[], None]) -> None:
        """Call ``ready`` from the loop whenever the descriptor can be read."""
        self._selector.register(file_descriptor, selectors.EVENT_READ, ready)

    def unwatch(self, file_descriptor: int) -> None:
        """Stop watching a descriptor."""
        self._selector.unregister(file_descriptor)

    def run(self, duration_s: float | None = None) -> None:
        """Serve until ``stop`` or for ``duration_s``."""
        start_ns = deadline_ns = time.monotonic_ns()
        while not self._stop.is_set():
            now_ns = time.monotonic_ns()
            for key, _ in self._selector.select(max(0, deadline_ns - now_ns) / 1e9):
                key.data()
            now_ns = time.monotonic_ns()
            if now_ns < deadline_ns:
                continue
            if now_ns - deadline_ns > MAX_BEHIND_NS:
                self._slipped_ns += now_ns - deadline_ns
                deadline_ns = now_ns
            deadline_ns += QUANTUM_MS * _NS
            self.robot.advance(QUANTUM_MS)
            self._flush()
            self._wall_ns = now_ns - start_ns
            if duration_s is not None and self._wall_ns > duration_s * 1e9:
                return

    def timing(self) -> dict[str, Any]:
        """Return how real the time was."""
        onboard_s = self.robot.now_ms / 1000.0
        wall_s = self._wall_ns / 1e9
        return {
            "onboard_s": onboard_s,
            "wall_s": round(wall_s, 3),
            "real_time_factor": round(onboard_s / wall_s, 4) if wall_s else None,
            "slipped_s": round(self._slipped_ns / 1e9, 3),
            "cpu_s": round(time.process_time(), 3),
        }

    def _drain(self) -> None:
        while True:
            try:
                datagram, address = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            except ConnectionError:  # a client's closed port, reported by the kernel
                continue
            if self._admit(datagram, address):
                self._heard_ms = self.robot.now_ms
                self.robot.receive(datagram)
                self._flush()

    def _admit(self, datagram: bytes, address: Address) -> bool:
        if address == self._client:
            return True
        if datagram == bytes((NULL_HEADER,)):
            # A scan looks from its own socket; it gets its answer and changes nothing.
            if self.robot.link.survives(datagram):
                self._send(datagram, address)
            return False
        greets = bool(datagram) and datagram[0] >> 4 == Port.LINK and datagram[0] & 3 == SOURCE
        silent = self.robot.now_ms - self._heard_ms > SILENT_MS
        if self._client is not None and (not greets or (self.robot.supervisor.armed and not silent)):
            self.robot.events.count("refused_client")
            return False
        self._client = address
        self.robot.new_client()
        return True

    def _flush(self) -> None:
        for datagram in self.robot.take_outgoing():
            if self._client is not None:
                self._send(datagram, self._client)

    def _send(self, datagram: bytes, address: Address) -> None:
        try:
            self._socket.sendto(datagram, address)
        except OSError:  # full buffer or unreachable client: a radio would lose it too
            self.robot.events.count("send_failed")
