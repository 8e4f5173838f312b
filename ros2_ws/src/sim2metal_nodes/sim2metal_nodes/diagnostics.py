"""One line of ``/diagnostics`` per node, once a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType

from sim2metal_nodes.qos import ASKED

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
PERIOD_S = 1.0

Report = Callable[[], tuple[bytes, str, dict[str, str]]]
"""Returns level, one line and named values."""


class Diagnostics:
    """Publishes what a node says about itself.

    Args:
        node: the node.
        name: its name in the list.
        report: see ``Report``.
    """

    def __init__(self, node: Any, name: str, report: Report) -> None:
        self._node, self._name, self._report = node, name, report
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", ASKED)
        # Wall time: a simulator that stands still must not silence its observers.
        self.clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(PERIOD_S, self.publish, clock=self.clock)

    def publish(self) -> None:
        """Publish now."""
        level, message, values = self._report()
        status = DiagnosticStatus(level=level, name=self._name, message=message, hardware_id=self._node.get_namespace())
        status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
