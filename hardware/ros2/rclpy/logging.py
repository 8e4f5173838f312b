"""Loggers with rclpy's levels and filters (rclpy.logging).

A line goes to standard error in ROS 2's format and, from a node's logger, to /rosout.
"""

from __future__ import annotations

import inspect
import sys
import threading
import time
import weakref
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from sim.errors import ConfigError

ROOT = ""
_Sink = Callable[[str, int, str, Any], None]


class LoggingSeverity(IntEnum):
    """Levels; the numbers are those of rcl_interfaces/msg/Log."""

    UNSET = 0
    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40
    FATAL = 50

    @classmethod
    def from_text(cls, text: str) -> LoggingSeverity:
        """The level of a name in any case.

        Raises:
            ConfigError: for another word.
        """
        if text.upper() not in cls.__members__:
            raise ConfigError(
                f"log level '{text}': choose one of {', '.join(name.lower() for name in cls.__members__)}"
            )
        return cls[text.upper()]


_levels: dict[str, LoggingSeverity] = {ROOT: LoggingSeverity.INFO}
_sinks: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
_lock = threading.Lock()
_to_terminal = True


def set_output(enabled: bool) -> None:
    """Whether lines go to standard error."""
    global _to_terminal
    _to_terminal = enabled


def set_logger_level(name: str, level: LoggingSeverity | int, detailed_error: bool = False) -> None:
    """Set the lowest level that a logger ("" for all) lets pass."""
    _levels[name] = LoggingSeverity(level)


def get_logger_level(name: str) -> LoggingSeverity:
    """The level set for a logger itself, UNSET if none."""
    return _levels.get(name, LoggingSeverity.UNSET)


def get_logger_effective_level(name: str) -> LoggingSeverity:
    """The level that applies: the logger's own or the nearest parent's."""
    while name:
        level = _levels.get(name, LoggingSeverity.UNSET)
        if level != LoggingSeverity.UNSET:
            return level
        name = name.rpartition(".")[0]
    return _levels[ROOT]


def get_logging_severity_from_string(log_severity: str) -> LoggingSeverity:
    """The level of a name."""
    return LoggingSeverity.from_text(log_severity)


def add_sink(name: str, sink: Any) -> None:
    """Have the lines of a logger and its children also passed to ``sink.log(name, level, text, frame)``."""
    _sinks[name] = sink


def remove_sink(name: str) -> None:
    """Undo ``add_sink``."""
    _sinks.pop(name, None)


class RcutilsLogger:
    """A named logger; ``a.b`` is a child of ``a``."""

    def __init__(self, name: str = ROOT) -> None:
        self.name = name
        self._filters: dict[Any, dict[str, Any]] = {}

    def get_child(self, name: str) -> RcutilsLogger:
        """The logger ``self.name``."""
        if not name:
            raise ValueError("Child logger name must not be empty.")
        return RcutilsLogger(f"{self.name}.{name}" if self.name else name)

    def set_level(self, level: LoggingSeverity | int) -> None:
        """Set the lowest level that passes."""
        set_logger_level(self.name, level)

    def get_effective_level(self) -> LoggingSeverity:
        """The level that applies."""
        return get_logger_effective_level(self.name)

    def is_enabled_for(self, severity: LoggingSeverity | int) -> bool:
        """Whether a line of this level passes."""
        return severity >= get_logger_effective_level(self.name)

    def debug(self, message: str, **kwargs: Any) -> bool:
        """Log; see ``log``."""
        return self.log(message, LoggingSeverity.DEBUG, **kwargs)

    def info(self, message: str, **kwargs: Any) -> bool:
        """Log; see ``log``."""
        return self.log(message, LoggingSeverity.INFO, **kwargs)

    def warning(self, message: str, **kwargs: Any) -> bool:
        """Log; see ``log``."""
        return self.log(message, LoggingSeverity.WARN, **kwargs)

    warn = warning

    def error(self, message: str, **kwargs: Any) -> bool:
        """Log; see ``log``."""
        return self.log(message, LoggingSeverity.ERROR, **kwargs)

    def fatal(self, message: str, **kwargs: Any) -> bool:
        """Log; see ``log``."""
        return self.log(message, LoggingSeverity.FATAL, **kwargs)

    def log(
        self,
        message: str,
        severity: LoggingSeverity | int,
        *,
        name: str | None = None,
        once: bool = False,
        skip_first: bool = False,
        throttle_duration_sec: float | None = None,
        throttle_time_source_type: Any = None,
    ) -> bool:
        """Log one line.

        Args:
            message: text.
            severity: its level.
            name: logger name if not this one's.
            once: pass only the first time at this place in the code.
            skip_first: drop the first time at this place in the code.
            throttle_duration_sec: pass at most once in this time at this place in the code.
            throttle_time_source_type: clock of the throttle, by default a steady one.

        Returns:
            Whether it passed.
        """
        severity = LoggingSeverity(severity)
        name = self.name if name is None else name
        if severity < get_logger_effective_level(name):
            return False
        frame = _caller()
        if (once or skip_first or throttle_duration_sec is not None) and not self._passes(
            frame, once, skip_first, throttle_duration_sec, throttle_time_source_type
        ):
            return False
        _write(name, severity, str(message), frame)
        return True

    def _passes(self, frame: Any, once: bool, skip_first: bool, throttle_s: float | None, clock: Any) -> bool:
        state = self._filters.setdefault((frame.f_code, frame.f_lasti), {"count": 0, "last": None})
        state["count"] += 1
        if skip_first and state["count"] == 1:
            return False
        if once and state.get("passed"):
            return False
        if throttle_s is not None:
            now = clock.now().nanoseconds * 1e-9 if hasattr(clock, "now") else time.monotonic()
            if state["last"] is not None and now - state["last"] < throttle_s:
                return False
            state["last"] = now
        state["passed"] = True
        return True


def get_logger(name: str) -> RcutilsLogger:
    """Return the logger of a name."""
    if not name:
        raise ValueError("Logger name must not be empty.")
    return RcutilsLogger(name)


def shutdown() -> None:
    """Nothing to close; rclpy has it."""


def _caller() -> Any:
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame


def _write(name: str, severity: LoggingSeverity, message: str, frame: Any) -> None:
    if _to_terminal:
        with _lock:
            try:
                sys.stderr.write(f"[{severity.name}] [{time.time():.9f}] [{name}]: {message}\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                pass  # a closed terminal must not stop a robot
    key = name
    while key:
        sink = _sinks.get(key)
        if sink is not None:
            sink.log(name, int(severity), message, frame)
            return
        key = key.rpartition(".")[0]
