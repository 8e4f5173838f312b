"""The virtual Crazyflie on a UDP port: packets are answered the moment they arrive."""

from __future__ import annotations

import errno
import socket
from urllib.parse import urlparse

from hardware.virtual.crazyflie.crtp import NULL_HEADER, Port
from hardware.virtual.crazyflie.robot import VirtualCrazyflie
from hardware.virtual.crazyflie.services.link import SOURCE
from hardware.virtual.crazyflie.verb import DEFAULT_URI
from hardware.virtual.server import RobotServer
from sim.errors import ConfigError, LinkError

Address = tuple[str, int]
BIND_CURE = "give an address of this computer and a port above 1023"
SILENT_MS = 1000
"""A client silent for this long may be replaced even while the robot is armed."""


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


class Server(RobotServer):
    """Owns the socket; a context manager that frees the port."""

    def __init__(self, robot: VirtualCrazyflie, uri: str = DEFAULT_URI) -> None:
        """Bind the port.

        Raises:
            ConfigError: for a URI that is not ``udp://host:port``.
            LinkError: if the port is in use or the host is not this computer's.
        """
        host, port = parse_uri(uri)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            cure = "stop the other program or choose another port" if error.errno == errno.EADDRINUSE else BIND_CURE
            raise LinkError(f"cannot listen on {uri}: {error.strerror or error}; {cure}") from None
        self._socket.setblocking(False)
        super().__init__(robot)
        self.robot = robot
        self.watch(self._socket.fileno(), self._drain)
        self._client: Address | None = None
        self._heard_ms = 0

    def close(self) -> None:
        """Free the port."""
        super().close()
        self._socket.close()

    def flush(self) -> None:
        """Send the client what the robot has for it."""
        for datagram in self.robot.take_outgoing():
            if self._client is not None:
                self._send(datagram, self._client)

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
                self.flush()

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

    def _send(self, datagram: bytes, address: Address) -> None:
        try:
            self._socket.sendto(datagram, address)
        except OSError:  # full buffer or unreachable client: a radio would lose it too
            self.robot.events.count("send_failed")
