"""Single keys of the terminal as the operator's stop: space lands or damps, ``k`` cuts the motors."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from typing import Any

from hardware.operator_signals import OperatorSignals

STOP_KEYS = b" q"
KILL_KEYS = b"kK"
_POLL_S = 0.05


class Keyboard:
    """Reads keys without the return key, from a thread of its own; a context manager.

    Does nothing where standard input is no terminal of ours: a pipe, or one in whose background we run.

    Args:
        signals: where stop and kill are set.
    """

    def __init__(self, signals: OperatorSignals) -> None:
        self._signals = signals
        self._stopping = threading.Event()
        self._settings: list[Any] | None = None
        self._thread = threading.Thread(target=self._watch, name="keyboard", daemon=True)

    def __enter__(self) -> Keyboard:
        if _is_ours():
            self._file = sys.stdin.fileno()
            self._settings = termios.tcgetattr(self._file)
            tty.setcbreak(self._file)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._settings is not None:
            self._stopping.set()
            self._thread.join(timeout=1.0)
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._settings)

    def handle(self, keys: bytes) -> None:
        """Take the keys pressed."""
        self._signals.stop |= any(key in keys for key in STOP_KEYS)
        self._signals.kill |= any(key in keys for key in KILL_KEYS)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            if select.select([self._file], [], [], _POLL_S)[0]:
                keys = os.read(self._file, 64)
                if not keys:
                    return
                self.handle(keys)


def _is_ours() -> bool:
    try:
        file = sys.stdin.fileno()
        return os.isatty(file) and os.tcgetpgrp(file) == os.getpgrp()
    except (OSError, ValueError):
        return False
