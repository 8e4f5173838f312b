"""Publishers of managed nodes: silent unless the node is active."""

from __future__ import annotations

from typing import Any

from hardware.ros2.rclpy.lifecycle.managed_entity import SimpleManagedEntity
from hardware.ros2.rclpy.publisher import Publisher


class LifecyclePublisher(SimpleManagedEntity, Publisher):
    """A publisher that drops what is published while the node is not active, with one warning."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        SimpleManagedEntity.__init__(self)
        Publisher.__init__(self, *args, **kwargs)

    def publish(self, msg: Any) -> None:
        """Publish if the node is active."""
        if self._enabled:
            Publisher.publish(self, msg)
        else:
            text = f"Trying to publish message on the topic '{self.topic}', but the publisher is not activated"
            self._node.get_logger().warning(text, throttle_duration_sec=10.0)
