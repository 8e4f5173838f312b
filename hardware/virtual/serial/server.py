"""The virtual serial robot behind a pseudo-terminal or a TCP port, in real time or lock-step."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import tty
from collections.abc import Callable
from pathlib import Path

from hardware.framing import DELIMITER, Frame, FrameReader, encode
from hardware.serial.messages import decode_session, encode_time
from hardware.serial.protocol import MessageType, ProtocolError
from hardware.serial.uri import SerialAddress
from hardware.virtual.serial.board import SerialBoard
from hardware.virtual.serial.terminal_name import TerminalName
from hardware.virtual.serial.wire import LONGEST
from hardware.virtual.server import RobotServer
from sim.errors import LinkError

TERMINAL = 0
"""Port number of the pseudo-terminal; TCP connections count from 1."""
MOST_CONNECTIONS = 8
CHUNK = 4096


class Server(RobotServer):
    """Owns the ports; a context manager that frees them.

    Args:
        robot: to serve.
        address: a path that becomes a symbolic link to the pseudo-terminal, a TCP port to listen on,
            or ``None`` for a pseudo-terminal under the name the kernel gives it.
        lock_step: time moves by one control period for each COMMAND that arrives, whatever
            becomes of it; once a host has sent a STEP, for each STEP of it, and not otherwise.

    Raises:
        LinkError: if the path or the port is taken.
    """

    def __init__(self, robot: SerialBoard, address: SerialAddress | None = None, lock_step: bool = False) -> None:
        self._listener: socket.socket | None = None
        self._name: TerminalName | None = None
        self._master = self._slave = -1
        self._connections: dict[int, socket.socket] = {}
        self._observers: dict[int, FrameReader] = {}
        self._next_port = TERMINAL + 1
        self._stepped = False
        """The host moves time by STEPs."""
        if address is not None and address.port:
            self._listener = _listen(address)
            self.uri = f"serial://{address.host}:{self._listener.getsockname()[1]}"
        else:
            self._master, self._slave = os.openpty()
            self.uri = f"serial://{self._name_terminal(address)}"
        super().__init__(robot, lock_step)
        self.robot = robot
        if self._listener is not None:
            self.watch(self._listener.fileno(), self._accept)
        else:
            os.set_blocking(self._master, False)
            self.watch(self._master, self._drain_terminal)

    def close(self) -> None:
        """Free the ports."""
        super().close()
        for port in list(self._connections):
            self._connections.pop(port).close()
        if self._listener is not None:
            self._listener.close()
        if self._name is not None:
            self._name.release()
        for descriptor in (self._master, self._slave):
            if descriptor >= 0:
                os.close(descriptor)
        self._master = self._slave = -1

    def flush(self) -> None:
        """Send what the robot has to say on every port."""
        ports = [TERMINAL] if self._master >= 0 else []
        for port in [*ports, *self._connections]:
            self._send(port, self.robot.take_outgoing(port))

    def _name_terminal(self, address: SerialAddress | None) -> str:
        tty.setraw(self._slave)
        name = os.ttyname(self._slave)
        if address is None:
            return name
        try:
            self._name = TerminalName(Path(address.device), name)
        except LinkError:
            os.close(self._master)
            os.close(self._slave)
            raise
        return address.device

    # Receiving ----------------------------------------------------------------------------------

    def _drain_terminal(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._take(TERMINAL, os.read(self._master, CHUNK))

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it left before it was let in
            return
        if len(self._connections) >= MOST_CONNECTIONS:
            connection.close()
            self.robot.events.count("refused_connection")
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port, self._next_port = self._next_port, self._next_port + 1
        self._connections[port] = connection
        self.watch(connection.fileno(), lambda: self._drain_connection(port))

    def _drain_connection(self, port: int) -> None:
        connection = self._connections[port]
        try:
            data = connection.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(port, data)
        else:
            self.unwatch(connection.fileno())
            del self._connections[port]
            self._observers.pop(port, None)
            connection.close()
            self.robot.unplug(port)

    def _take(self, port: int, data: bytes) -> None:
        if not self._lock_step:
            self.robot.receive(data, port)
            self.flush()
            return
        *frames, rest = data.split(DELIMITER)
        for piece in (*(frame + DELIMITER for frame in frames), rest):
            arrived = self._observers.setdefault(port, FrameReader(LONGEST)).feed(piece)
            if any(frame.type == MessageType.STEP for frame in arrived):
                self._step(port, arrived[-1])
                continue
            self.robot.receive(piece, port)
            if any(frame.type == MessageType.COMMAND for frame in arrived) and not self._stepped:
                self.move(self.robot.options.period_ms)
            self.flush()

    def _step(self, port: int, frame: Frame) -> None:
        """Move time for the session in charge, and say so when everything else is said: no fault keeps that back."""
        sessions = self.robot.endpoint.sessions
        try:
            sessions.require(decode_session(frame.payload), port)
        except ProtocolError:
            self.robot.events.count("refused_step")
            return
        self._stepped = True
        self.move(self.robot.options.period_ms)
        self.flush()
        self._send(port, encode(Frame(MessageType.TIME, frame.sequence, encode_time(self.robot.now_ms))))

    # Sending ------------------------------------------------------------------------------------

    def _send(self, port: int, data: bytes) -> None:
        """Write to a port."""
        if port == TERMINAL:
            self._write(data, lambda data: os.write(self._master, data))
        elif port in self._connections:
            self._write(data, self._connections[port].send)

    def _write(self, data: bytes, write: Callable[[bytes], int]) -> None:
        if not data:
            return
        try:
            written = write(data)
        except OSError:
            written = 0
        if written < len(data):  # nobody reads: the rest is lost, as from a full transmit buffer
            self.robot.events.count("overrun")


def _listen(address: SerialAddress) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen(MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        in_use = error.errno == errno.EADDRINUSE
        cure = "stop the other program or choose another port" if in_use else "give an address of this computer"
        raise LinkError(
            f"cannot listen on serial://{address.host}:{address.port}: {error.strerror or error}; {cure}"
        ) from None
    listener.setblocking(False)
    return listener
