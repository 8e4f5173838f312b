"""Managed nodes (rclpy.lifecycle)."""

from __future__ import annotations

from hardware.ros2.rclpy.lifecycle.managed_entity import ManagedEntity, SimpleManagedEntity
from hardware.ros2.rclpy.lifecycle.node import LifecycleNode, LifecycleNodeMixin
from hardware.ros2.rclpy.lifecycle.publisher import LifecyclePublisher
from hardware.ros2.rclpy.lifecycle.state_machine import LifecycleState, TransitionCallbackReturn

Node = LifecycleNode
NodeMixin = LifecycleNodeMixin
State = LifecycleState
Publisher = LifecyclePublisher

__all__ = [
    "LifecycleNode",
    "LifecycleNodeMixin",
    "LifecyclePublisher",
    "LifecycleState",
    "ManagedEntity",
    "SimpleManagedEntity",
    "TransitionCallbackReturn",
]
