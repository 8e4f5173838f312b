"""See ``hardware.ros2.names`` (rclpy.expand_topic_name)."""

from __future__ import annotations

from hardware.ros2.names import expand_topic_name

__all__ = ["expand_topic_name"]
