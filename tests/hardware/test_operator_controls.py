"""The operator's stops: keys on a real terminal, a gamepad's bytes, and both of them going away."""

import contextlib
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hardware.gamepad import BUTTON, EVENT, INITIAL, Gamepad
from hardware.keyboard import Keyboard
from hardware.operator_controls import operator_controls
from hardware.operator_signals import OperatorSignals
from hardware.realtime import real_time
from sim.errors import ConfigError

AXIS = 0x02


def event(value, kind=BUTTON, number=0):
    return EVENT.pack(0, value, kind, number)


def wait_for(condition, timeout_s=5.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def pad(tmp_path):
    """A gamepad whose device is a pipe; yields its signals and the end to write to."""
    device = tmp_path / "js0"
    os.mkfifo(device)
    signals = OperatorSignals()
    reader = Gamepad(device, signals)
    writer = os.open(device, os.O_WRONLY)
    with reader:
        yield signals, writer, reader
    with contextlib.suppress(OSError):  # a test may have closed it
        os.close(writer)


def test_a_button_stops(pad):
    signals, writer, _ = pad
    os.write(writer, event(1))
    wait_for(lambda: signals.stop)
    assert not signals.kill


def test_two_buttons_at_once_kill(pad):
    signals, writer, _ = pad
    os.write(writer, event(1, number=0) + event(0, number=0) + event(1, number=1))
    wait_for(lambda: signals.stop)
    assert not signals.kill, "one after the other is not at once"
    os.write(writer, event(1, number=0))
    wait_for(lambda: signals.kill)


def test_sticks_and_the_state_at_the_opening_stop_nothing(pad):
    signals, writer, reader = pad
    os.write(writer, event(1, BUTTON | INITIAL) + event(30000, AXIS) + event(0, BUTTON | INITIAL, 1))
    time.sleep(0.2)
    assert not signals.stop
    reader.handle(event(1, number=3)[:5])
    assert not signals.stop, "half an event is none yet"
    reader.handle(event(1, number=3)[5:])
    assert signals.stop
    assert signals.kill, "the other was held since before the opening"


def test_a_gamepad_that_is_unplugged_stops(pad):
    signals, writer, _ = pad
    os.close(writer)
    wait_for(lambda: signals.stop)
    assert not signals.kill


def test_a_gamepad_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(ConfigError, match="plug it in"), operator_controls(tmp_path / "js9"):
        pass


@pytest.mark.parametrize(("keys", "stop", "kill"), [(b" ", True, False), (b"k", False, True), (b"xyz\n", False, False)])
def test_keys(keys, stop, kill):
    signals = OperatorSignals()
    Keyboard(signals).handle(keys)
    assert (signals.stop, signals.kill) == (stop, kill)


KEYBOARD_PROGRAM = """
import sys, time
from hardware.operator_controls import operator_controls
with operator_controls() as signals:
    print("ready", flush=True)
    deadline = time.monotonic() + 20.0
    while not signals.stop and time.monotonic() < deadline:
        time.sleep(0.005)
print("stopped" if signals.stop else "not", flush=True)
"""


def test_the_space_bar_stops_on_a_real_terminal_and_leaves_it_as_it_was():
    import termios

    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    root = Path(__file__).parents[2]
    program = [sys.executable, "-c", KEYBOARD_PROGRAM]
    # A session of its own makes the terminal its own: its keys go to it, as in a shell.
    wrapped = [
        sys.executable,
        "-c",
        "import os,sys,fcntl,termios; os.setsid();"
        " fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])",
        *program,
    ]
    process = subprocess.Popen(wrapped, stdin=theirs, stdout=subprocess.PIPE, cwd=root, text=True)
    assert process.stdout.readline() == "ready\n"
    os.write(ours, b" ")
    assert process.communicate(timeout=30)[0] == "stopped\n"
    assert termios.tcgetattr(theirs)[3] == before[3], "line editing and echo are back"


def test_real_time_says_what_was_granted_and_leaves_nothing_behind():
    before = os.sched_getscheduler(0)
    with real_time(True) as granted:
        fifo = os.sched_getscheduler(0) == os.SCHED_FIFO
        assert ("SCHED_FIFO at priority" in granted) == fifo
        assert "memory" in granted
    assert os.sched_getscheduler(0) == before
    with real_time(False) as granted:
        assert granted == "ordinary"
