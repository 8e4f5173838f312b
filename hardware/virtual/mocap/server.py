"""The virtual system's side of the network: NatNet by unicast or multicast, or JSON datagrams."""

from __future__ import annotations

import socket
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from hardware.mocap.json_frames import encode_frame
from hardware.mocap.natnet import CONNECT, KEEP_ALIVE, REQUEST_MODELS, MalformedNatNetError, split
from hardware.mocap.uri import DEFAULT_PORTS
from hardware.virtual.mocap import natnet_messages
from hardware.virtual.mocap.tracking import TrackingSystem
from sim.errors import ConfigError, LinkError

FORGET_MS = 5000
"""A client silent for so long gets no more frames by unicast."""
MOST_CLIENTS = 16
VERSIONS = {"3.1": (3, 1), "4.0": (4, 0), "4.1": (4, 1)}
OPTIONS = {"up": "z", "version": "4.1", "rate": "100", "multicast": "", "data_port": "1511"}
MOST_RATE_HZ = 1000.0


class MocapServer(Protocol):
    """What a virtual robot's server needs of it."""

    system: TrackingSystem

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        ...

    def drain(self) -> None:
        """Answer what arrived."""
        ...

    def advance(self, now_ms: int) -> None:
        """Send the frames that are due."""
        ...

    def close(self) -> None:
        """Free the socket."""
        ...


class NatNetServer:
    """Speaks NatNet.

    Args:
        system: what it sees.
        address: host and command port.
        version: of the bitstream.
        multicast: group and port of the data; ``None``: frames go to whoever asked.

    Raises:
        LinkError: if the port is in use or the host is not this computer's.
    """

    def __init__(
        self,
        system: TrackingSystem,
        address: tuple[str, int],
        version: tuple[int, int] = (4, 1),
        multicast: tuple[str, int] | None = None,
    ) -> None:
        self.system, self._version, self._multicast = system, version, multicast
        self._socket = _bound(address)
        if multicast is not None:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address[0]))
        self._clients: dict[tuple[str, int], int] = {}
        self._now_ms = 0

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def drain(self) -> None:
        """Answer what arrived."""
        while (received := _received(self._socket)) is not None:
            datagram, client = received
            try:
                number, _ = split(datagram)
            except MalformedNatNetError:
                continue
            if number in (CONNECT, KEEP_ALIVE) and (client in self._clients or len(self._clients) < MOST_CLIENTS):
                self._clients[client] = self._now_ms
            group, port = self._multicast or (None, 0)
            if number == CONNECT:
                self._send(natnet_messages.server_info(self._version, port, group), client)
            elif number == REQUEST_MODELS:
                self._send(natnet_messages.models(self.system.names, self._version), client)

    def advance(self, now_ms: int) -> None:
        """Send the frames that are due."""
        self._now_ms = now_ms
        for frame in self.system.advance(now_ms):
            datagram = natnet_messages.frame(frame, self.system.names, self._version)
            if self._multicast is not None:
                self._send(datagram, self._multicast)
                continue
            self._clients = {one: heard for one, heard in self._clients.items() if now_ms - heard < FORGET_MS}
            for client in self._clients:
                self._send(datagram, client)

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()

    def _send(self, datagram: bytes, address: tuple[str, int]) -> None:
        try:
            self._socket.sendto(datagram, address)
        except OSError:  # a full buffer or a client that is gone: UDP loses it
            return


class JsonSender:
    """Sends JSON to one address."""

    def __init__(self, system: TrackingSystem, address: tuple[str, int]) -> None:
        self.system, self._address = system, address
        self._socket = _bound(("127.0.0.1" if address[0].startswith("127.") else "0.0.0.0", 0))

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def drain(self) -> None:
        """Forget what arrived: nobody answers."""
        while _received(self._socket) is not None:
            pass

    def advance(self, now_ms: int) -> None:
        """Send the frames that are due."""
        for frame in self.system.advance(now_ms):
            try:
                self._socket.sendto(encode_frame(frame), self._address)
            except OSError:
                continue

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()


def serve_mocap(uri: str, robots: list, seed: int) -> MocapServer:
    """Return the server that a URI asks for.

    Args:
        uri: natnet://HOST:PORT?version=4.1&up=z&rate=100&multicast=239.255.42.99&data_port=1511, or
            json://HOST:PORT?up=z&rate=100 to send to.
        robots: what it sees.
        seed: of the noise.

    Raises:
        ConfigError: if it asks for something else.
        LinkError: if the port is in use.
    """
    try:
        parts = urlsplit(uri)
        options = OPTIONS | dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        rate_hz, data_port = float(options["rate"]), int(options["data_port"])
        address = (parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])
        version, up = VERSIONS[options["version"]], options["up"]
        good = set(options) == set(OPTIONS) and 0.0 < rate_hz <= MOST_RATE_HZ and 0 < data_port < 1 << 16 and address[0]
    except (ValueError, KeyError):
        good = False
    if not good or up not in ("y", "z"):
        raise ConfigError(
            f"virtual motion capture at '{uri}': give natnet://127.0.0.1:1510 (?version={'|'.join(VERSIONS)},"
            " multicast=GROUP, data_port=PORT) or json://127.0.0.1:19990; both with up=y|z, rate=HZ"
        )
    system = TrackingSystem(robots, rate_hz, up, seed)
    if parts.scheme == "json":
        return JsonSender(system, address)
    multicast = (options["multicast"], data_port) if options["multicast"] else None
    return NatNetServer(system, address, version, multicast)


def _bound(address: tuple[str, int]) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.bind(address)
    except OSError as error:
        one.close()
        raise LinkError(
            f"virtual motion capture cannot listen on {address[0]}:{address[1]}: {error.strerror}"
        ) from None
    one.setblocking(False)
    return one


def _received(one: socket.socket) -> tuple[bytes, tuple[str, int]] | None:
    while True:
        try:
            return one.recvfrom(2048)
        except BlockingIOError:
            return None
        except ConnectionError:  # a client's closed port, reported by the kernel
            continue
