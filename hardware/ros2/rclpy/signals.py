"""SIGINT and SIGTERM end the contexts (rclpy.signals).

Python runs signal handlers between byte codes of the main thread, which may be asleep inside the DDS
library. So the signal's number is also written to a pipe (``signal.set_wakeup_fd``), and a thread that
reads it wakes the executors.
"""

from __future__ import annotations

import os
import signal
import threading
from enum import Enum
from types import FrameType
from typing import Any


class SignalHandlerOptions(Enum):
    """Which signals ``rclpy.init`` handles."""

    NO = 0
    SIGINT = 1
    SIGTERM = 2
    ALL = 3


_SIGNALS = {
    SignalHandlerOptions.NO: (),
    SignalHandlerOptions.SIGINT: (signal.SIGINT,),
    SignalHandlerOptions.SIGTERM: (signal.SIGTERM,),
    SignalHandlerOptions.ALL: (signal.SIGINT, signal.SIGTERM),
}
_old_handlers: dict[int, Any] = {}
_wakeup: tuple[int, int] | None = None
_old_wakeup_fd = -1
_current = SignalHandlerOptions.NO


def install_signal_handlers(options: SignalHandlerOptions = SignalHandlerOptions.ALL) -> None:
    """Handle the signals from now on; elsewhere than in the main thread this does nothing, as Python wants it."""
    global _current
    uninstall_signal_handlers()
    if threading.current_thread() is not threading.main_thread() or options is SignalHandlerOptions.NO:
        return
    for number in _SIGNALS[options]:
        _old_handlers[number] = signal.signal(number, _handle)
    _watch()
    _current = options


def uninstall_signal_handlers() -> None:
    """Give the signals back to who had them."""
    global _current
    if not _old_handlers or threading.current_thread() is not threading.main_thread():
        return
    for number, handler in _old_handlers.items():
        signal.signal(number, handler if handler is not None else signal.SIG_DFL)
    _old_handlers.clear()
    _unwatch()
    _current = SignalHandlerOptions.NO


def get_current_signal_handlers_options() -> SignalHandlerOptions:
    """Return which signals are handled."""
    return _current


def _handle(number: int, frame: FrameType | None) -> None:
    from hardware.ros2.rclpy.context import shutdown_all

    old = _old_handlers.get(number)
    shutdown_all()
    if callable(old):  # Python's own handler of SIGINT raises KeyboardInterrupt
        old(number, frame)


def _watch() -> None:
    global _wakeup, _old_wakeup_fd
    read, write = os.pipe()
    os.set_blocking(write, False)
    _old_wakeup_fd = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    _wakeup = (read, write)
    threading.Thread(target=_wake_executors, args=(read,), name="signal-wakeup", daemon=True).start()


def _unwatch() -> None:
    global _wakeup
    if _wakeup is not None:
        signal.set_wakeup_fd(_old_wakeup_fd)
        os.close(_wakeup[1])  # ends the thread, which closes the other end
        _wakeup = None


def _wake_executors(read: int) -> None:
    from hardware.ros2.rclpy.context import wake_all

    with os.fdopen(read, "rb", buffering=0) as pipe:
        while pipe.read(1):
            wake_all()
