"""ROS 2 without a ROS installation: rclpy's interface over PyPI's cyclonedds.

    from hardware import ros2
    ros2.install()      # before the first import of rclpy or of a message package
    import rclpy
    from sensor_msgs.msg import Imu

Where a real ROS 2 is sourced, ``install`` leaves it alone and the same code runs on it. See
``docs/ros2-without-ros.md``.
"""

from __future__ import annotations

from hardware.ros2.install import install, which

__all__ = ["install", "which"]
