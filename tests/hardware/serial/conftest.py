"""Robots for the serial link: the virtual one on a real pseudo-terminal, and peers that misbehave."""

import contextlib
import dataclasses
import os
import threading
import time
import tty

import pytest

from hardware.framing import Frame, FrameReader, encode
from hardware.serial.hello import Hello, decode_hello_request, encode_hello
from hardware.serial.link import SerialLink
from hardware.serial.protocol import MessageType
from hardware.serial.states import (
    Flag,
    FlightReport,
    Head,
    JointReport,
    Mode,
    encode_flight_report,
    encode_joint_report,
)
from hardware.virtual.serial.build import build_virtual_serial_robot
from hardware.virtual.serial.server import Server

HELLO = Hello(1, "flight", "motor", ("m1", "m2", "m3", "m4"), 10_000, bytes(32), "crazyflie")
STATE = FlightReport(
    Head(1, 0, 4.0, Flag(0), 0, Mode.OFF), (0.0,) * 3, (0.0,) * 3, (1.0, 0.0, 0.0, 0.0), (0.0,) * 3, (0.0,) * 4
)


@contextlib.contextmanager
def serving(robot, address=None):
    """Serve a robot in real time from a thread."""
    with Server(robot, address) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()


@pytest.fixture
def served():
    """A virtual robot on a pseudo-terminal."""
    with serving(build_virtual_serial_robot()) as server:
        yield server


@pytest.fixture
def link(served):
    """An open link to it."""
    with SerialLink(served.uri, level="motor") as link:
        yield link


class Peer:
    """The far end of a pseudo-terminal with a firmware of the test's own."""

    def __init__(self, answer=None):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.uri = f"serial://{os.ttyname(self.slave)}"
        self.received = []
        self._answer = answer or (lambda frame: b"")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        if answer is not None:
            self._thread.start()

    def _run(self):
        reader = FrameReader()
        os.set_blocking(self.master, False)
        while not self._stop.wait(0.002):
            with contextlib.suppress(OSError):
                for frame in reader.feed(os.read(self.master, 4096)):
                    self.received.append(frame)
                    os.write(self.master, self._answer(frame))

    def send(self, data):
        """Write all of it, however slowly it is read."""
        while data:
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self.master, data) :]
            time.sleep(0.001)

    def close(self):
        self._stop.set()
        if self._thread.ident:
            self._thread.join()
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def make_peer():
    peers = []

    def make(answer=None):
        peers.append(Peer(answer))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


def greeting(hello=HELLO, state=STATE):
    """A firmware that says hello and sends one state, and nothing more."""

    def answer(frame):
        if frame.type != MessageType.HELLO_REQUEST:
            return b""
        session = decode_hello_request(frame.payload).session
        said = encode(
            Frame(MessageType.HELLO, frame.sequence, encode_hello(dataclasses.replace(hello, session=session)))
        )
        if isinstance(state, JointReport):
            return said + encode(Frame(MessageType.JOINT_STATE, 1, encode_joint_report(state)))
        return said if state is None else said + encode(Frame(MessageType.FLIGHT_STATE, 1, encode_flight_report(state)))

    return answer


def eventually(condition, timeout_s=5.0):
    """Wait until ``condition()``; false after the time-out."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return bool(condition())


@contextlib.contextmanager
def behind_a_port(robot, period_s):
    """Serve a C firmware at the far end of a real pseudo-terminal, in real time; yields the URI of the port."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    stop = threading.Event()

    def run():
        start = time.monotonic()
        while not stop.wait(period_s):
            with contextlib.suppress(BlockingIOError):
                robot.receive(os.read(master, 4096))
            robot.tick(int(1000 * (time.monotonic() - start)))
            with contextlib.suppress(BlockingIOError):
                os.write(master, robot.take())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"serial://{os.ttyname(slave)}"
    finally:
        stop.set()
        thread.join()
        os.close(master)
        os.close(slave)
