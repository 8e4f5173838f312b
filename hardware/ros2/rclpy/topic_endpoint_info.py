"""What is known of a discovered publisher or subscription (rclpy.topic_endpoint_info)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from hardware.ros2.rclpy.qos import QoSProfile, qos_profile_unknown


class TopicEndpointTypeEnum(IntEnum):
    """Which side an endpoint is."""

    INVALID = 0
    PUBLISHER = 1
    SUBSCRIPTION = 2


@dataclass
class TopicEndpointInfo:
    """An endpoint of a topic; ``topic_type_hash`` is ``RIHS01_<sha256>``."""

    node_name: str = ""
    node_namespace: str = ""
    topic_type: str = ""
    topic_type_hash: str = ""
    endpoint_type: TopicEndpointTypeEnum = TopicEndpointTypeEnum.INVALID
    endpoint_gid: list[int] = field(default_factory=list)
    qos_profile: QoSProfile = field(default_factory=lambda: qos_profile_unknown)
