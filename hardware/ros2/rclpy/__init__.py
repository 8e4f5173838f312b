"""rclpy's interface over Cyclone DDS: the modules here have the names and contents of rclpy's.

Imported as ``rclpy`` after ``hardware.ros2.install()``; see there.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hardware.ros2.rclpy.context import Context
    from hardware.ros2.rclpy.executors import Executor
    from hardware.ros2.rclpy.node import Node
    from hardware.ros2.rclpy.parameter import Parameter
    from hardware.ros2.rclpy.signals import SignalHandlerOptions
    from hardware.ros2.rclpy.task import Future
    from hardware.ros2.rclpy.utilities import get_default_context, get_rmw_implementation_identifier, ok

_LAZY = {
    "Context": "context",
    "Future": "task",
    "Node": "node",
    "Parameter": "parameter",
    "SignalHandlerOptions": "signals",
    "get_default_context": "utilities",
    "get_rmw_implementation_identifier": "utilities",
    "install_signal_handlers": "signals",
    "ok": "utilities",
    "uninstall_signal_handlers": "signals",
}
"""Names -> modules, imported on first use: the modules below this package use some of its modules."""

_global_executor: Executor | None = None


def init(
    *,
    args: Sequence[str] | None = None,
    context: Context | None = None,
    domain_id: int | None = None,
    signal_handler_options: SignalHandlerOptions | None = None,
) -> _Initialized:
    """Join the domain; usable in a ``with`` statement that shuts down at its end.

    Args:
        args: command line with ``--ros-args``; None takes ``sys.argv``.
        context: context; None for the default one.
        domain_id: used instead of ROS_DOMAIN_ID.
        signal_handler_options: which signals shut down; None: SIGINT and SIGTERM for the default context.
    """
    from hardware.ros2.rclpy.signals import SignalHandlerOptions, install_signal_handlers
    from hardware.ros2.rclpy.utilities import get_default_context

    chosen = get_default_context() if context is None else context
    if signal_handler_options is None:
        default = chosen is get_default_context()
        signal_handler_options = SignalHandlerOptions.ALL if default else SignalHandlerOptions.NO
    chosen.init(args, domain_id=domain_id)
    install_signal_handlers(signal_handler_options)
    return _Initialized(chosen)


def get_global_executor() -> Executor:
    """Return the executor that the ``spin`` functions use where none is given."""
    from hardware.ros2.rclpy.executors import SingleThreadedExecutor
    from hardware.ros2.rclpy.utilities import get_default_context

    global _global_executor
    if _global_executor is None or not _global_executor.context.ok() or _global_executor._is_shutdown:
        _global_executor = SingleThreadedExecutor()
        get_default_context().on_shutdown(_forget_global_executor)
    return _global_executor


def shutdown(*, context: Context | None = None, uninstall_handlers: bool | None = None) -> None:
    """Leave the domain.

    Raises:
        RuntimeError: if it was done already.
    """
    from hardware.ros2.rclpy.utilities import shutdown as shutdown_context

    shutdown_context(context=context)
    _uninstall(context, uninstall_handlers)


def try_shutdown(*, context: Context | None = None, uninstall_handlers: bool | None = None) -> None:
    """Leave the domain if that was not done already."""
    from hardware.ros2.rclpy.utilities import try_shutdown as try_shutdown_context

    try_shutdown_context(context=context)
    _uninstall(context, uninstall_handlers)


def create_node(node_name: str, **options: Any) -> Node:
    """Make a node; the options are those of ``Node``."""
    from hardware.ros2.rclpy.node import Node

    return Node(node_name, **options)


def spin_once(node: Node, *, executor: Executor | None = None, timeout_sec: float | None = None) -> None:
    """Run one callback of a node, or return after ``timeout_sec``."""
    executor = get_global_executor() if executor is None else executor
    try:
        executor.add_node(node)
        executor.spin_once(timeout_sec=timeout_sec)
    finally:
        executor.remove_node(node)


def spin(node: Node, executor: Executor | None = None) -> None:
    """Run a node's callbacks until shutdown."""
    executor = get_global_executor() if executor is None else executor
    try:
        executor.add_node(node)
        while executor.context.ok():
            executor.spin_once()
    finally:
        executor.remove_node(node)


def spin_until_future_complete(
    node: Node, future: Future, executor: Executor | None = None, timeout_sec: float | None = None
) -> None:
    """Run a node's callbacks until a future is done or ``timeout_sec`` have passed."""
    executor = get_global_executor() if executor is None else executor
    added = executor.add_node(node)
    try:
        executor.spin_until_future_complete(future, timeout_sec)
    finally:
        if added:
            executor.remove_node(node)


class _Initialized:
    """What ``init`` returns: a context manager that shuts down."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def __enter__(self) -> _Initialized:
        return self

    def __exit__(self, *_: object) -> None:
        try_shutdown(context=self.context)


def __getattr__(name: str) -> Any:
    """Import what ``_LAZY`` names, or a module of this package."""
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError:
        raise AttributeError(f"module 'rclpy' has no attribute '{name}'") from None


def _forget_global_executor() -> None:
    global _global_executor
    if _global_executor is not None:
        _global_executor._is_shutdown = True
        _global_executor = None


def _uninstall(context: Context | None, uninstall_handlers: bool | None) -> None:
    from hardware.ros2.rclpy.signals import uninstall_signal_handlers
    from hardware.ros2.rclpy.utilities import get_default_context

    default = context is None or context is get_default_context()
    if uninstall_handlers or (uninstall_handlers is None and default):
        uninstall_signal_handlers()


__all__ = [
    "Context",
    "Future",
    "Node",
    "Parameter",
    "SignalHandlerOptions",
    "create_node",
    "get_default_context",
    "get_global_executor",
    "get_rmw_implementation_identifier",
    "init",
    "ok",
    "shutdown",
    "spin",
    "spin_once",
    "spin_until_future_complete",
    "try_shutdown",
]
