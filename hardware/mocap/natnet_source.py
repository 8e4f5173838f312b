"""Poses from OptiTrack's Motive over NatNet, by unicast or multicast as the server says.

One thread calls it. Only what the server itself sends is looked at.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import Counter
from dataclasses import replace

from hardware.mocap import natnet
from hardware.mocap.frame import MalformedFrameError, MocapFrame, turned_up
from hardware.mocap.source import OpenOnEntry
from hardware.mocap.uri import MocapUri
from sim.errors import LinkError

ANSWER_TIMEOUT_S = 3.0
"""Longest wait for the server's answers at the start."""
ASK_EVERY_S = 0.25
"""Time between requests until they are answered: UDP may lose either."""
KEEP_ALIVE_S = 1.0
"""A server that sends to whoever asked forgets those who fall silent."""
LARGEST_DATAGRAM = 65536
RECEIVE_BUFFER = 1 << 20
"""Bytes the system may hold back for us, as the SDK's own client asks for."""


class NatNetSource(OpenOnEntry):
    """See the module.

    Args:
        uri: of the server's command port.
    """

    def __init__(self, uri: MocapUri) -> None:
        self.refused: Counter[str] = Counter()
        self._uri = uri
        self._sockets: list[socket.socket] = []
        self._server = ("", 0)
        self._info: natnet.ServerInfo | None = None
        self._names: dict[int, str] = {}
        self._asked_s = self._told_s = 0.0
        self._models_known = False

    def open(self) -> None:
        """Ask the server who it is and which bodies it tracks; see ``PoseSource``."""
        try:
            self._server = (socket.gethostbyname(self._uri.host), self._uri.port)
            command = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sockets = [command]
            command.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            command.setblocking(False)
            self._greet()
            assert self._info is not None
            if self._info.multicast is not None:
                self._sockets.append(self._join(self._info.multicast, self._info.data_port))
        except OSError as error:
            self.close()
            raise LinkError(f"{self._uri.text}: {error.strerror or error}; check the address and the network") from None
        except LinkError:
            self.close()
            raise

    def close(self) -> None:
        """Free the sockets."""
        for one in self._sockets:
            one.close()
        self._sockets = []

    def receive(self, timeout_s: float) -> MocapFrame | None:
        """Return the next frame; see ``PoseSource``."""
        self._keep_in_touch()
        try:
            ready, _, _ = select.select(self._sockets, [], [], timeout_s)
            for one in ready:
                datagram, address = one.recvfrom(LARGEST_DATAGRAM)
                if address[0] != self._server[0]:
                    self.refused["not from the server"] += 1
                elif (frame := self._take(datagram, time.monotonic_ns())) is not None:
                    return frame
        except (BlockingIOError, ConnectionError):  # the server's port is closed, as the kernel reports it
            time.sleep(min(timeout_s, 0.01))
        except OSError as error:
            raise LinkError(f"{self._uri.text}: {error.strerror or error}") from None
        return None

    def _greet(self) -> None:
        deadline_s = time.monotonic() + ANSWER_TIMEOUT_S
        while self._info is None or not self._models_known:
            now_s = time.monotonic()
            if now_s > deadline_s and self._info is None:
                raise LinkError(
                    f"{self._uri.text}: no NatNet server answers; is streaming on in Motive, and this the address of"
                    " its local interface?" + self._last_words()
                )
            if now_s > deadline_s:
                raise LinkError(f"{self._uri.text}: the NatNet server does not list its rigid bodies")
            if now_s - self._asked_s >= ASK_EVERY_S:
                self._ask()
            self.receive(ASK_EVERY_S)

    def _ask(self) -> None:
        self._asked_s = time.monotonic()
        self._send(natnet.CONNECT if self._info is None else natnet.REQUEST_MODELS)

    def _keep_in_touch(self) -> None:
        now_s = time.monotonic()
        if self._info is None:
            return
        if now_s - self._told_s >= KEEP_ALIVE_S:
            self._told_s = now_s
            self._send(natnet.KEEP_ALIVE)
        if not self._models_known and now_s - self._asked_s >= ASK_EVERY_S:
            self._ask()

    def _send(self, number: int) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):  # it is repeated soon
            self._sockets[0].sendto(natnet.message(number), self._server)

    def _take(self, datagram: bytes, now_ns: int) -> MocapFrame | None:
        try:
            number, payload = natnet.split(datagram)
            if number == natnet.SERVER_INFO and self._info is None:
                self._info = natnet.decode_server_info(payload)
                self._asked_s = 0.0
            elif number == natnet.MODELS and self._info is not None:
                self._names = natnet.decode_models(payload, self._info.version)
                self._models_known = True
            elif number == natnet.FRAME and self._info is not None:
                return self._frame(natnet.decode_frame(payload, self._info.version), now_ns)
        except MalformedFrameError as error:
            self.refused[str(error)] += 1
        return None

    def _frame(self, frame: natnet.NatNetFrame, now_ns: int) -> MocapFrame:
        if frame.models_changed:
            self._models_known = False
        named = [replace(body, name=self._names.get(ident, f"id{ident}")) for ident, body in frame.bodies]
        return MocapFrame(now_ns, tuple(turned_up(body, self._uri.up) for body in named), frame.number, frame.time_s)

    def _join(self, group: str, port: int) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sockets.append(listener)  # so that it is closed if the rest fails
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        listener.bind((group, port))  # only what is sent to the group
        member = socket.inet_aton(group) + socket.inet_aton(self._uri.interface)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        listener.setblocking(False)
        self._sockets.pop()
        return listener

    def _last_words(self) -> str:
        return f" (it sent: {', '.join(self.refused)})" if self.refused else ""
