"""See ``hardware.ros2.names`` (rclpy.validate_namespace)."""

from __future__ import annotations

from hardware.ros2.names import validate_namespace

__all__ = ["validate_namespace"]
