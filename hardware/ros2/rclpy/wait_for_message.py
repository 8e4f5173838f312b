"""Wait for one message (rclpy.wait_for_message)."""

from __future__ import annotations

import time
from typing import Any

from hardware.ros2.participant import WaitSet
from hardware.ros2.rclpy.qos import QoSProfile

_STEP_NS = 1_000_000_000


def wait_for_message(
    msg_type: type, node: Any, topic: str, *, qos_profile: QoSProfile | int = 1, time_to_wait: float = -1
) -> tuple[bool, Any]:
    """Wait for the next message on a topic, without spinning.

    Args:
        msg_type: message class.
        node: node that subscribes.
        topic: name.
        qos_profile: policies, or a depth.
        time_to_wait: longest wait, s; negative for none.

    Returns:
        ``(True, message)``, or ``(False, None)`` after the time or a shutdown.
    """
    end = None if time_to_wait < 0 else time.monotonic_ns() + int(time_to_wait * 1e9)
    subscription = node.create_subscription(msg_type, topic, lambda _: None, qos_profile)
    waitset = WaitSet(node.context.participant)
    waitset.attach(subscription.condition)
    try:
        while node.context.ok():
            taken = subscription._take()
            if taken is not None:
                return True, taken[0]
            left = _STEP_NS if end is None else end - time.monotonic_ns()
            if left <= 0:
                break
            waitset.wait(min(left, _STEP_NS))
        return False, None
    finally:
        waitset.close()
        node.destroy_subscription(subscription)
