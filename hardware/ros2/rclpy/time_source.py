"""Simulated time (rclpy.time_source): under ``use_sim_time`` the node's clock follows /clock."""

from __future__ import annotations

from typing import Any

from hardware.ros2.messages import message_class
from hardware.ros2.rclpy.clock import ROSClock
from hardware.ros2.rclpy.clock_type import ClockType
from hardware.ros2.rclpy.parameter import Parameter
from hardware.ros2.rclpy.parameter_checks import result
from hardware.ros2.rclpy.qos import QoSProfile, ReliabilityPolicy
from hardware.ros2.rclpy.time import Time

CLOCK_TOPIC = "/clock"
USE_SIM_TIME_NAME = "use_sim_time"


class TimeSource:
    """Declares ``use_sim_time`` on a node and moves its clock."""

    def __init__(self, *, node: Any) -> None:
        self._node = node
        self._clocks: list[ROSClock] = []
        self._subscription: Any = None
        self._active = False
        if not node.has_parameter(USE_SIM_TIME_NAME):
            node.declare_parameter(USE_SIM_TIME_NAME, False)
        self.ros_time_is_active = node.get_parameter(USE_SIM_TIME_NAME).value is True
        node.add_on_set_parameters_callback(self._check)
        node.add_post_set_parameters_callback(self._changed)

    @property
    def ros_time_is_active(self) -> bool:
        """Whether the clocks follow /clock."""
        return self._active

    @ros_time_is_active.setter
    def ros_time_is_active(self, enabled: bool) -> None:
        if enabled == self._active:
            return
        self._active = enabled
        if enabled:
            qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
            kind = message_class("rosgraph_msgs/msg/Clock")
            self._subscription = self._node.create_subscription(kind, CLOCK_TOPIC, self._clock_callback, qos)
        else:
            self._node.destroy_subscription(self._subscription)
        for clock in self._clocks:
            clock._set_ros_time_is_active(enabled)

    def attach_clock(self, clock: ROSClock) -> None:
        """Move this clock too."""
        if not isinstance(clock, ROSClock):
            raise ValueError("Only clocks with type ROS_TIME can be attached.")
        self._clocks.append(clock)
        clock._set_ros_time_is_active(self._active)

    def _clock_callback(self, message: Any) -> None:
        now = Time.from_msg(message.clock, ClockType.ROS_TIME)
        for clock in self._clocks:
            clock.set_ros_time_override(now)

    def _check(self, parameters: list[Parameter]) -> Any:
        wrong = any(p.name == USE_SIM_TIME_NAME and p.type_ != Parameter.Type.BOOL for p in parameters)
        return result("use_sim_time parameter set to something besides a bool" if wrong else None)

    def _changed(self, parameters: list[Parameter]) -> None:
        for parameter in parameters:
            if parameter.name == USE_SIM_TIME_NAME:
                self.ros_time_is_active = parameter.value
