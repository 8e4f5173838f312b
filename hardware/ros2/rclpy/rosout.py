"""Publishes a node's log lines on /rosout."""

from __future__ import annotations

from typing import Any

from hardware.ros2.messages import message_class
from hardware.ros2.rclpy.logging import add_sink, remove_sink
from hardware.ros2.rclpy.qos import qos_profile_rosout_default
from sim.errors import Sim2MetalError


class RosoutSink:
    """A sink of ``logging.add_sink`` that publishes rcl_interfaces/msg/Log."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._kind = message_class("rcl_interfaces/msg/Log")
        self._publisher = node.create_publisher(self._kind, "/rosout", qos_profile_rosout_default)
        self._name = node.get_logger().name
        add_sink(self._name, self)

    def log(self, name: str, level: int, text: str, frame: Any) -> None:
        """Publish one line; a log must never stop a node."""
        code = frame.f_code if frame is not None else None
        message = self._kind(
            stamp=self._node.get_clock().now().to_msg(),
            level=level,
            name=name,
            msg=_clean(text),
            file=code.co_filename if code else "",
            function=code.co_name if code else "",
            line=frame.f_lineno if frame else 0,
        )
        try:
            self._publisher.publish(message)
        except Sim2MetalError:
            remove_sink(self._name)  # the context is shut down

    def close(self) -> None:
        """Publish no more."""
        remove_sink(self._name)


def _clean(text: str) -> str:
    """Text that a DDS string can hold: no zero characters, no lone surrogates."""
    return text.replace("\0", "?").encode(errors="replace").decode()
