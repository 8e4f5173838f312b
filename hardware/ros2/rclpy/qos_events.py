"""Tells of peers whose policies do not fit: to a callback, else in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cyclonedds.core import DDSStatus
from cyclonedds.pub import DataWriter

from hardware.ros2.rclpy.event_handler import QoSIncompatibleInfo, incompatible_info


class IncompatibleQosWatch:
    """Watches one endpoint; the executor waits for its ``condition``, the endpoint's DDS status.

    Args:
        node: whose logger is used.
        owner: publisher or subscription.
        endpoint: its DDS writer or reader.
        callback: told of each change.
        callback_group: of the callback.
    """

    def __init__(
        self, node: Any, owner: Any, endpoint: Any, callback: Callable[[QoSIncompatibleInfo], None], callback_group: Any
    ) -> None:
        self.owner = owner
        self.callback_group = callback_group
        self.condition: int = endpoint._ref
        self._callback = callback
        if isinstance(endpoint, DataWriter):
            endpoint.set_status_mask(DDSStatus.OfferedIncompatibleQos)
            self._status: Callable[[], Any] = endpoint.get_offered_incompatible_qos_status
        else:
            endpoint.set_status_mask(DDSStatus.RequestedIncompatibleQos)
            self._status = endpoint.get_requested_incompatible_qos_status

    @classmethod
    def make(
        cls, node: Any, owner: Any, endpoint: Any, event_callbacks: Any, callback_group: Any
    ) -> IncompatibleQosWatch | None:
        """Return a watch with the callback given, or one that warns, or None if neither is wanted."""
        callback = getattr(event_callbacks, "incompatible_qos", None)
        if callback is None:
            if event_callbacks is not None and not event_callbacks.use_default_callbacks:
                return None
            callback = _warning(node, owner, isinstance(endpoint, DataWriter))
        return cls(node, owner, endpoint, callback, callback_group)

    def _work(self) -> Callable[[], Any] | None:
        if self.owner._destroyed:
            return None
        status = self._status()
        if status.total_count_change == 0:
            return None
        info = incompatible_info(status)
        return lambda: self._callback(info)


def _warning(node: Any, owner: Any, is_publisher: bool) -> Callable[[QoSIncompatibleInfo], None]:
    def warn(info: QoSIncompatibleInfo) -> None:
        if is_publisher:
            text = f"New subscription discovered on topic '{owner.topic}', requesting incompatible QoS."
            end = "No messages will be sent to it."
        else:
            text = f"New publisher discovered on topic '{owner.topic}', offering incompatible QoS."
            end = "No messages will be received from it."
        node.get_logger().warning(f"{text} {end} Last incompatible policy: {info.last_policy_kind.name}")

    return warn
