"""See ``hardware.ros2.rclpy.logging`` (rclpy.impl.rcutils_logger)."""

from __future__ import annotations

from hardware.ros2.rclpy.logging import RcutilsLogger

__all__ = ["RcutilsLogger"]
