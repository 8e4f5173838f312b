"""See ``hardware.ros2.names`` (rclpy.validate_full_topic_name)."""

from __future__ import annotations

from hardware.ros2.names import validate_full_topic_name

__all__ = ["validate_full_topic_name"]
