"""A gamepad as an emergency stop: any button lands or damps, two at once cut the motors.

Linux' joystick interface, 8 bytes an event (``linux/joystick.h``). One that is unplugged stops
the robot, too: an emergency stop that is gone is no reason to go on.
"""

from __future__ import annotations

import os
import select
import struct
import threading
from pathlib import Path

from hardware.operator_signals import OperatorSignals
from sim.errors import ConfigError

EVENT = struct.Struct("<IhBB")
"""Time (ms), value, type, number."""
BUTTON = 0x01
INITIAL = 0x80
"""Added to the type of the events that only tell how things stand when the device is opened."""
_POLL_S = 0.05


class Gamepad:
    """Watches a joystick device from a thread of its own; a context manager.

    Args:
        device: e.g. ``/dev/input/js0``.
        signals: where stop and kill are set.

    Raises:
        ConfigError: if the device cannot be opened.
    """

    def __init__(self, device: Path, signals: OperatorSignals) -> None:
        self._signals = signals
        self._pressed: set[int] = set()
        self._rest = b""
        self._stopping = threading.Event()
        try:
            self._file = os.open(device, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise ConfigError(f"--gamepad {device}: {error.strerror}; plug it in or leave the option out") from None
        self._thread = threading.Thread(target=self._watch, name="gamepad", daemon=True)

    def __enter__(self) -> Gamepad:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=1.0)
        os.close(self._file)

    def handle(self, data: bytes) -> None:
        """Take bytes of the device; an event may come in two parts."""
        self._rest += data
        whole = len(self._rest) // EVENT.size * EVENT.size
        events, self._rest = self._rest[:whole], self._rest[whole:]
        for _time, value, kind, number in EVENT.iter_unpack(events):
            if kind & ~INITIAL != BUTTON:
                continue
            if not value:
                self._pressed.discard(number)
                continue
            self._pressed.add(number)
            if not kind & INITIAL:
                self._signals.stop = True
                self._signals.kill |= len(self._pressed) > 1

    def _watch(self) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([self._file], [], [], _POLL_S)
            if not ready:
                continue
            try:
                data = os.read(self._file, 64 * EVENT.size)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self._signals.stop = True
                return
            self.handle(data)
