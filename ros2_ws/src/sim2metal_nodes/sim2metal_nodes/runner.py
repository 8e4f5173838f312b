"""Start a node, spin it until the operator stops it, end it in order: one line for every mistake of the user."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from hardware.link import Link
from hardware.operator_signals import OperatorSignals, operator_signals
from sim.errors import LinkError, Sim2MetalError

RETRY_S = 1.0
POLL_S = 0.1
"""How long a wish of the operator may wait while nothing else happens."""


def run_node(make: Callable[[OperatorSignals], Any]) -> int:
    """Make a node and spin it until it says that it has ended; returns the exit code.

    The node has ``ended(signals)``, asked at least every ``POLL_S``, and ``close()``. Signals set flags instead of
    tearing ROS down, so that a node can land its robot first and say so on its topics.
    """
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = None
    try:
        with operator_signals() as signals:
            node = make(signals)
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            while not node.ended(signals):
                executor.spin_once(timeout_sec=POLL_S)
            return int(getattr(node, "exit_code", 0))
    except ExternalShutdownException:
        return 0
    except Sim2MetalError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    finally:
        if node is not None:
            node.close()
            node.destroy_node()
        rclpy.try_shutdown()


def connect(node: Any, link: Link[Any], patience_s: float, signals: OperatorSignals) -> None:
    """Open a link; a robot that is still starting is called again.

    Raises:
        LinkError: if it does not answer within ``patience_s``.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            link.open()
            return
        except LinkError as error:
            if time.monotonic() > deadline or signals.stop or signals.kill:
                raise
            node.get_logger().warning(f"{error}; trying again")
        time.sleep(RETRY_S)
