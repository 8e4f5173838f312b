"""Virtual Crazyflies on UDP ports: packets are answered the moment they arrive."""

from __future__ import annotations

import errno
import socket
from urllib.parse import urlparse

from hardware.virtual.crazyflie.boot_loader import HEADER
from hardware.virtual.crazyflie.crtp import NULL_HEADER, Port
from hardware.virtual.crazyflie.fleet import Fleet
from hardware.virtual.crazyflie.lock_step import ClientTime
from hardware.virtual.crazyflie.robot import VirtualCrazyflie
from hardware.virtual.crazyflie.services.link import SOURCE
from hardware.virtual.crazyflie.shared_radio import SharedRadio, Station
from hardware.virtual.crazyflie.verb import DEFAULT_URI
from hardware.virtual.mocap.server import MocapServer, serve_mocap
from hardware.virtual.server import QUANTUM_MS, RobotServer
from sim.errors import ConfigError, LinkError

Address = tuple[str, int]
BIND_CURE = "give an address of this computer and a port above 1023"
SILENT_MS = 1000
"""A client silent for this long may be replaced even while the robot is armed."""
REPORT_EVERY_MS = 1000
"""A second controller makes an event this often, however much it sends."""


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


class Endpoint:
    """One robot's port: its socket and its one client.

    Args:
        robot: whose port it is.
        uri: where to listen.

    Raises:
        ConfigError: for a URI that is not ``udp://host:port``.
        LinkError: if the port is in use or the host is not this computer's.
    """

    def __init__(self, robot: VirtualCrazyflie, uri: str) -> None:
        host, port = parse_uri(uri)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((host, port))
        except OSError as error:
            self.socket.close()
            cure = "stop the other program or choose another port" if error.errno == errno.EADDRINUSE else BIND_CURE
            raise LinkError(f"cannot listen on {uri}: {error.strerror or error}; {cure}") from None
        self.socket.setblocking(False)
        self.robot = robot
        self.station: Station | None = None
        """Stands between robot and client where the radio is a shared one."""
        self.time: ClientTime | None = None
        """In lock-step: lets the client move the robot's time."""
        self._client: Address | None = None
        self._heard_ms = 0
        self._reported_ms = -REPORT_EVERY_MS

    def share_radio(self) -> Station:
        """Hand packets to a radio from now on, instead of passing them on at once."""
        self.station = Station(self.robot, self._deliver)
        return self.station

    def flush(self) -> None:
        """Send the client what the robot has for it."""
        for datagram in self.robot.take_outgoing():
            self._deliver(datagram)

    def drain(self) -> None:
        """Hand the robot what arrived, and answer."""
        while True:
            try:
                datagram, address = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            except ConnectionError:  # a client's closed port, reported by the kernel
                continue
            if self._admit(datagram, address):
                self._heard_ms = self.robot.now_ms
                self._take(datagram)

    def _take(self, datagram: bytes) -> None:
        loader = self.robot.boot_loader
        if _is_for_boot_loader(datagram):
            answer = loader.handle(datagram)
            if answer is not None:
                self._deliver(answer)
        elif not loader.running:
            self._take_crtp(datagram)

    def _take_crtp(self, datagram: bytes) -> None:
        if self.time is not None and (answer := self.time.step(datagram)) is not None:
            self.flush()
            self._deliver(answer)
        elif self.station is None:
            self.robot.receive(datagram)
            if self.time is not None:
                self.time.after(datagram)
            self.flush()
        elif datagram:
            self.station.connected = True
            self.station.send(datagram)

    def _deliver(self, datagram: bytes) -> None:
        if self._client is not None:
            self._send(datagram, self._client)

    def _admit(self, datagram: bytes, address: Address) -> bool:
        if address == self._client:
            return True
        if datagram == bytes((NULL_HEADER,)):
            # A scan looks from its own socket; it gets its answer and changes nothing.
            if self.robot.link.survives(datagram) and not self.robot.boot_loader.running:
                self._send(datagram, address)
            return False
        greets = bool(datagram) and datagram[0] >> 4 == Port.LINK and datagram[0] & 3 == SOURCE
        greets = greets or _is_for_boot_loader(datagram)
        silent = self.robot.now_ms - self._heard_ms > SILENT_MS
        if self._client is not None and (not greets or (self.robot.supervisor.armed and not silent)):
            self._report_refused()
            return False
        self._client = address
        if self.time is not None:
            self.time.new_client()
        self.robot.new_client()
        return True

    def _report_refused(self) -> None:
        events = self.robot.events
        events.count("refused_client")
        if events.tick_ms - self._reported_ms >= REPORT_EVERY_MS:
            self._reported_ms = events.tick_ms
            events.add("refused_controller")

    def _send(self, datagram: bytes, address: Address) -> None:
        try:
            self.socket.sendto(datagram, address)
        except OSError:  # full buffer or unreachable client: a radio would lose it too
            self.robot.events.count("send_failed")


def _is_for_boot_loader(datagram: bytes) -> bool:
    return datagram[:1] == bytes((HEADER,)) and len(datagram) > 1


class Server(RobotServer):
    """Serves one robot, or a fleet on consecutive ports; a context manager that frees them."""

    def __init__(
        self,
        robot: VirtualCrazyflie | Fleet,
        uri: str = DEFAULT_URI,
        exchanges_per_s: float | None = None,
        lock_step_ms: int | None = None,
    ) -> None:
        """Bind the ports; ``exchanges_per_s`` is the budget of the one radio that all share, if they do.

        With ``lock_step_ms`` time stands still until the one robot's client moves it, by so many milliseconds.

        Raises:
            ConfigError: for a URI that is not ``udp://host:port``, or ports that do not exist.
            LinkError: if a port is in use or the host is not this computer's.
        """
        robots = robot.robots if isinstance(robot, Fleet) else [robot]
        self.endpoints: list[Endpoint] = []
        self._mocap: MocapServer | None = None
        super().__init__(robot, lock_step_ms is not None)
        self.robot = robot
        try:
            for one, place in zip(robots, consecutive(uri, len(robots))):
                endpoint = Endpoint(one, place)
                self.endpoints.append(endpoint)
                self.watch(endpoint.socket.fileno(), endpoint.drain)
        except (ConfigError, LinkError):
            self.close()
            raise
        if lock_step_ms is not None:
            self.endpoints[0].time = ClientTime(lock_step_ms, self.move, lambda: robot.now_ms)
        self._radio: SharedRadio | None = None
        if exchanges_per_s is not None:
            self._radio = SharedRadio(exchanges_per_s, [endpoint.share_radio() for endpoint in self.endpoints])

    def track(self, uri: str, seed: int = 0) -> None:
        """Let a virtual motion capture system see the robots, see ``serve_mocap``.

        Raises:
            ConfigError: for a URI that names none.
            LinkError: if its port is in use.
        """
        mocap = self._mocap = serve_mocap(uri, [endpoint.robot for endpoint in self.endpoints], seed)
        self.watch(mocap.fileno(), mocap.drain)

    def close(self) -> None:
        """Free the ports."""
        super().close()
        if self._mocap is not None:
            self._mocap.close()
        for endpoint in self.endpoints:
            endpoint.socket.close()

    def _listen(self, timeout_s: float) -> bool:
        heard = super()._listen(timeout_s)
        endpoint = self.endpoints[0]
        link = endpoint.robot.link
        if endpoint.time is not None and not endpoint.time.begun and not heard and link.delay_ms + link.jitter_ms > 0.0:
            self.move(QUANTUM_MS)  # answers of the handshake that are delayed: else they would never come
            self.flush()
        return heard

    def flush(self) -> None:
        """Send the clients what the robots have for them."""
        if self._mocap is not None:
            self._mocap.advance(self.robot.now_ms)
        if self._radio is not None:
            self._radio.advance(self.robot.now_ms)
            return
        for endpoint in self.endpoints:
            endpoint.flush()


def consecutive(uri: str, count: int) -> list[str]:
    """Return the URIs of ``count`` ports from that of ``uri`` on.

    Raises:
        ConfigError: if there are not so many.
    """
    host, first = parse_uri(uri)
    if first + count > 1 << 16:
        raise ConfigError(f"{uri}: there are no {count} ports from {first} on")
    return [f"udp://{host}:{first + number}" for number in range(count)]
