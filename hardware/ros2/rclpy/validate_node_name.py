"""See ``hardware.ros2.names`` (rclpy.validate_node_name)."""

from __future__ import annotations

from hardware.ros2.names import validate_node_name

__all__ = ["validate_node_name"]
