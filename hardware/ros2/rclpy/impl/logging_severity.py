"""See ``hardware.ros2.rclpy.logging`` (rclpy.impl.logging_severity)."""

from __future__ import annotations

from hardware.ros2.rclpy.logging import LoggingSeverity

__all__ = ["LoggingSeverity"]
