"""Callbacks about a topic's connections (rclpy.event_handler).

Incompatible policies are told to the callback given for them, else logged as a warning, as in ROS 2.
Matches and missed deadlines are not watched by this runtime.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hardware.ros2.rclpy.qos import QoSPolicyKind

_POLICIES = {
    2: QoSPolicyKind.DURABILITY,
    4: QoSPolicyKind.DEADLINE,
    8: QoSPolicyKind.LIVELINESS,
    11: QoSPolicyKind.RELIABILITY,
    13: QoSPolicyKind.HISTORY,
    21: QoSPolicyKind.LIFESPAN,
}
"""DDS policy numbers (DDS 1.4 section 2.3.3, QosPolicyId_t) -> ROS policies."""


class UnsupportedEventTypeError(Exception):
    """An event that this runtime does not have."""


@dataclass(frozen=True)
class QoSIncompatibleInfo:
    """How often a peer's policies did not fit, and which policy it was last."""

    total_count: int
    total_count_change: int
    last_policy_kind: QoSPolicyKind


QoSRequestedIncompatibleQoSInfo = QoSOfferedIncompatibleQoSInfo = QoSIncompatibleInfo


class PublisherEventCallbacks:
    """Callbacks of a publisher."""

    def __init__(
        self,
        *,
        deadline: Callable[[Any], None] | None = None,
        liveliness: Callable[[Any], None] | None = None,
        incompatible_qos: Callable[[QoSIncompatibleInfo], None] | None = None,
        incompatible_type: Callable[[Any], None] | None = None,
        matched: Callable[[Any], None] | None = None,
        use_default_callbacks: bool = True,
    ) -> None:
        _refuse(deadline=deadline, liveliness=liveliness, incompatible_type=incompatible_type, matched=matched)
        self.incompatible_qos = incompatible_qos
        self.use_default_callbacks = use_default_callbacks


class SubscriptionEventCallbacks:
    """Callbacks of a subscription."""

    def __init__(
        self,
        *,
        deadline: Callable[[Any], None] | None = None,
        liveliness: Callable[[Any], None] | None = None,
        message_lost: Callable[[Any], None] | None = None,
        incompatible_qos: Callable[[QoSIncompatibleInfo], None] | None = None,
        incompatible_type: Callable[[Any], None] | None = None,
        matched: Callable[[Any], None] | None = None,
        use_default_callbacks: bool = True,
    ) -> None:
        _refuse(deadline=deadline, liveliness=liveliness, message_lost=message_lost)
        _refuse(incompatible_type=incompatible_type, matched=matched)
        self.incompatible_qos = incompatible_qos
        self.use_default_callbacks = use_default_callbacks


def incompatible_info(status: Any) -> QoSIncompatibleInfo:
    """Make the information of a DDS status."""
    kind = _POLICIES.get(status.last_policy_id, QoSPolicyKind.INVALID)
    return QoSIncompatibleInfo(status.total_count, status.total_count_change, kind)


def _refuse(**callbacks: Any) -> None:
    for name, callback in callbacks.items():
        if callback is not None:
            raise UnsupportedEventTypeError(f"this runtime has no '{name}' events; leave the callback out")
