"""The operator's wishes, given by keyboard or ``kill``: flags that the loop reads, never an exception in its middle."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType


@dataclass
class OperatorSignals:
    """What the operator asked for; set from signal handlers."""

    stop: bool = False
    """SIGINT, SIGTERM or SIGHUP: land. More of them change nothing."""
    kill: bool = False
    """SIGQUIT (Ctrl-backslash): motors off at once."""


@contextlib.contextmanager
def operator_signals() -> Iterator[OperatorSignals]:
    """Turn SIGINT, SIGTERM and SIGHUP into a stop request and SIGQUIT into a kill request.

    The handlers only set flags: the loop goes on and the supervisor takes the safe action, so
    a second or tenth Ctrl-C cannot interrupt a landing. Outside the main thread, where Python
    allows no handlers, the flags stay for the caller to set.
    """
    flags = OperatorSignals()

    def stop(_number: int, _frame: FrameType | None) -> None:
        flags.stop = True

    def kill(_number: int, _frame: FrameType | None) -> None:
        flags.kill = True

    if threading.current_thread() is not threading.main_thread():
        yield flags
        return
    handlers = {signal.SIGINT: stop, signal.SIGTERM: stop, signal.SIGQUIT: kill, signal.SIGHUP: stop}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield flags
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
