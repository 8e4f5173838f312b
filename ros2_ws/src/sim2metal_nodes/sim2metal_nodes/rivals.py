"""One controller per robot: a second publisher on a topic of commands or wishes is a second controller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType

LOOK_S = 0.1
"""How often is looked who publishes."""


class Rivals:
    """Who else publishes on a topic that one node alone may publish on.

    A subscriber of ROS 2 does not learn who sent a message, so that commands of the one cannot be told from
    those of the other: while there are two, none is to be taken.

    Args:
        node: to look with.
        topic: the command topic.
    """

    def __init__(self, node: Any, topic: str) -> None:
        self._node, self._topic = node, topic
        self.refused = 0
        """Commands that were not taken."""
        self.reason = ""
        """Who commands, in words; empty while there is one at most."""
        # Wall time: a simulator that stands still must not stop the looks.
        self._timer = node.create_timer(LOOK_S, self.look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def look(self) -> None:
        """Look now."""
        present = self._node.get_publishers_info_by_topic(self._topic)
        names = sorted(f"{info.node_namespace.rstrip('/')}/{info.node_name}" for info in present)
        before, self.reason = self.reason, f"{len(names)} publish on {self._topic}: {', '.join(names)}"
        if len(names) < 2:
            self.reason = ""
        if self.reason and self.reason != before:
            self._node.get_logger().error(f"commands refused: {self.reason}")

    def refuse(self) -> bool:
        """Whether a command that has just come is not to be taken."""
        self.refused += bool(self.reason)
        return bool(self.reason)

    def close(self) -> None:
        """Look no more."""
        self._node.destroy_timer(self._timer)


def subscribe_to_one(node: Any, kind: type[Any], topic: str, take: Callable[[Any], None], qos: Any) -> None:
    """Subscribe to a stream that one publisher at a time may steer by; while there are two, none is followed."""
    rivals = Rivals(node, topic)
    node.create_subscription(kind, topic, lambda message: None if rivals.refuse() else take(message), qos)
