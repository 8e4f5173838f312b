"""The default context and what asks about it (rclpy.utilities)."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from hardware.ros2.arguments import parse_arguments, without_ros_arguments
from hardware.ros2.rclpy.context import Context
from hardware.ros2.wire import RMW_NAME

_lock = threading.Lock()
_default: Context | None = None


def get_default_context(*, shutting_down: bool = False) -> Context:
    """Return the context that is used where none is given."""
    global _default
    with _lock:
        if _default is None:
            _default = Context()
        return _default


def remove_ros_args(args: Sequence[str] | None = None) -> list[str]:
    """Return a command line (or ``sys.argv``) without its ``--ros-args`` parts."""
    return without_ros_arguments(args)


def ok(*, context: Context | None = None) -> bool:
    """Whether the context is initialised and not shut down."""
    return (context or get_default_context()).ok()


def shutdown(*, context: Context | None = None) -> None:
    """Shut the context down.

    Raises:
        RuntimeError: if it is not initialised.
    """
    (context or get_default_context()).shutdown()


def try_shutdown(*, context: Context | None = None) -> None:
    """Shut the context down if it is initialised."""
    (context or get_default_context()).try_shutdown()


def get_rmw_implementation_identifier() -> str:
    """Return the name of the middleware."""
    return RMW_NAME


def timeout_sec_to_nsec(timeout_sec: float | None) -> int:
    """Convert a time-out to ns; None and negative mean none, which is -1."""
    return -1 if timeout_sec is None or timeout_sec < 0 else int(timeout_sec * 1_000_000_000)


__all__ = ["get_default_context", "ok", "parse_arguments", "remove_ros_args", "shutdown", "try_shutdown"]
