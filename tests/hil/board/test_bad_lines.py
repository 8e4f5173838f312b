"""What goes wrong with a board in flight, or was no board from the start: one line, soon, and never a hang."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pytest

from firmware_export.hil import verb
from firmware_export.hil.board import Board
from firmware_export.hil.campaign import Campaign
from firmware_export.hil.flights import Flights, LinkRecord
from hardware.framing import Frame, encode
from sim.envs.task import load_flight_task
from sim.errors import LinkError
from tests.hil.board.conftest import ZOO, emulated, reference
from tests.support.line import BadLine

pytestmark = [pytest.mark.toolchain, pytest.mark.emulator]
SOON_S = 30.0
"""A wait that is nowhere near a hang, on a computer however busy."""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr("firmware_export.hil.flights.FLIGHT_TIMEOUT_S", 0.5)


def lose(board, onnx, words, trouble, *others, at_step=20):
    """Fly an episode on each board; ``trouble`` happens after a few steps and ends it with these words."""
    boards = [board, *others]
    steps = 0

    def progress(count):
        nonlocal steps
        steps += count
        if steps == at_step:
            trouble()

    campaign = Campaign(boards, onnx, load_flight_task(onnx.bundle.info.task), progress=progress)
    started = time.monotonic()
    with pytest.raises(LinkError, match=words):
        campaign.fly(len(boards), seed=0)
    assert at_step <= steps < at_step + 20
    assert time.monotonic() - started < SOON_S


def test_a_cable_pulled_in_flight(image, onnx):
    with emulated(image) as running, Board(running.port) as board:
        lose(board, onnx, r"the port was lost.*check the cable", running.close)


def test_one_of_several_boards_is_lost(image, onnx):
    with emulated(image) as first, emulated(image) as second, Board(first.port) as one, Board(second.port) as other:
        lose(one, onnx, f"{second.port}: the port was lost", second.close, other)
        assert one.self_test()[0] == 0, "the other one is fine"


def test_a_socket_closed_in_flight(image, onnx):
    with emulated(image) as running, BadLine(running.port) as line, Board(line.port) as board:
        lose(board, onnx, "the port was lost", line.hang_up)


def test_a_board_that_stops_in_flight(image, onnx):
    with emulated(image) as running, Board(running.port) as board:
        words = r"stopped answering: nothing within 0\.5 s to 3 requests"
        lose(board, onnx, words, lambda: os.kill(running._process.pid, signal.SIGSTOP))


def test_a_board_that_restarts_in_flight(image, onnx):
    """The same cable, the same firmware, another memory."""
    with emulated(image) as running, emulated(image) as fresh, BadLine(running.port) as line, Board(line.port) as board:
        lose(board, onnx, "lost its place in the flight: it restarted", lambda: line.lead_to(fresh.port))


def test_noise_in_both_directions_costs_repetitions_and_nothing_else(image, onnx, observations):
    """A tenth of the frames, each way; lost answers must not step twice."""

    def noisy(every):
        passed = 0

        def damage(chunk):
            nonlocal passed
            first, passed = -passed % every, passed + len(chunk)
            damaged = bytearray(chunk)
            for place in range(first, len(chunk), every):
                damaged[place] ^= 0x10
            return bytes(damaged)

        return damage

    observation = observations[:2, :30]
    with emulated(image) as running, BadLine(running.port) as line, Board(line.port) as board:
        line.to_board, line.to_host = noisy(1999), noisy(499)
        flights = Flights(board, 2, LinkRecord())
        ours = np.stack([flights.step(observation[:, step]) for step in range(30)], axis=1)
        assert board.repeated > 2
    np.testing.assert_allclose(ours, reference(onnx, observation), atol=1e-5)


def test_garbage_without_end(image, onnx):
    with emulated(image) as running, BadLine(running.port) as line, Board(line.port) as board:
        garble = lambda chunk: bytes(byte ^ 0x5A for byte in chunk)  # noqa: E731
        words = r"only damaged answers; check the cable, the baud rate \(500000\)"
        lose(board, onnx, words, lambda: setattr(line, "to_host", garble))


# No board from the start ----------------------------------------------------------------------


@pytest.fixture
def terminal():
    """A pseudo-terminal: its far end and the device's name."""
    primary, secondary = os.openpty()
    yield primary, os.ttyname(secondary)
    os.close(primary)
    os.close(secondary)


class Chatter:
    """Writes the same bytes to a far end again and again."""

    def __init__(self, far_end, data):
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._talk, args=(far_end, data), daemon=True)

    def _talk(self, far_end, data):
        os.set_blocking(far_end, False)
        while not self._done.wait(0.02):
            with contextlib.suppress(BlockingIOError):
                os.write(far_end, data)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()


SPEAKERS = {
    "a robot of the serial protocol": (encode(Frame(0x12, 1, bytes(40))), "speaks another protocol.*sim2metal run"),
    "a console": (b"login: \r\n\x00", "only damaged answers.*baud rate"),
}


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_another_device_is_told_from_a_silent_one(terminal, speaker):
    far_end, device = terminal
    data, words = SPEAKERS[speaker]
    with Chatter(far_end, data), pytest.raises(LinkError, match=words):
        Board(device, timeout_s=0.3)


def test_a_silent_port_is_told_how_to_flash_a_board(terminal, monkeypatch):
    monkeypatch.setattr("firmware_export.hil.board.HELLO_TIMEOUT_S", 0.2)
    with pytest.raises(LinkError, match=r"no answer within 0\.2 s to 3 requests.*to flash it: .*st-flash"):
        verb.run(verb.Args(ZOO, port=terminal[1], episodes=1))


def test_an_echo_is_no_board(terminal):
    """A loop-back plug sends every request back."""
    far_end, device = terminal
    done = threading.Event()

    def echo():
        while not done.is_set():
            os.write(far_end, os.read(far_end, 4096))

    thread = threading.Thread(target=echo, daemon=True)
    thread.start()
    try:
        with pytest.raises(LinkError, match=r"another protocol|no answer|damaged"):
            Board(device, timeout_s=0.3)
    finally:
        done.set()
        descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY)
        os.write(descriptor, b"!")  # wakes the echo's read
        os.close(descriptor)
        thread.join(timeout=5.0)
