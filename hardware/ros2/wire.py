"""Names on the wire: how ROS 2 writes its topics, types and user data into DDS.

Sources: https://design.ros2.org/articles/topic_and_service_names.html (prefixes, ``dds_`` types),
REP-2016 (type hash in USER_DATA), and rmw_cyclonedds' rmw_node.cpp (``enclave``, ``clientid`` and
``serviceid`` keys, service header).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

TOPIC_PREFIX = "rt"
REQUEST_PREFIX, REQUEST_SUFFIX = "rq", "Request"
REPLY_PREFIX, REPLY_SUFFIX = "rr", "Reply"
RMW_NAME = "rmw_cyclonedds_cpp"
"""What this runtime is on the wire. `which()` tells it from the real one."""
DISCOVERY_TOPIC = "ros_discovery_info"
DISCOVERY_TYPE = "rmw_dds_common/msg/ParticipantEntitiesInfo"
SERVICE_HEADER = struct.Struct("<Qq")
"""Before each request and reply: the client's u64 identifier and an i64 sequence number, 16 bytes."""

_TYPE = re.compile(r"(\w+)::(\w+)::dds_::(\w+)_")
_USER_DATA = re.compile(rb"(\w+)=([^;]*);")


@dataclass(frozen=True)
class ServiceCall:
    """Which call a request or a reply belongs to."""

    client: int
    sequence: int


def topic_name(name: str) -> str:
    """``/a/b`` -> ``rt/a/b``."""
    return TOPIC_PREFIX + name


def request_name(service: str) -> str:
    """``/a/add`` -> ``rq/a/addRequest``."""
    return f"{REQUEST_PREFIX}{service}{REQUEST_SUFFIX}"


def reply_name(service: str) -> str:
    """``/a/add`` -> ``rr/a/addReply``."""
    return f"{REPLY_PREFIX}{service}{REPLY_SUFFIX}"


def type_name(name: str) -> str:
    """``sensor_msgs/msg/Imu`` -> ``sensor_msgs::msg::dds_::Imu_``."""
    package, kind, short = name.split("/")
    return f"{package}::{kind}::dds_::{short}_"


def ros_topic(name: str) -> str | None:
    """``rt/a/b`` -> ``/a/b``; None for what is no ROS topic."""
    return name[2:] if name.startswith("rt/") else None


def ros_service(name: str) -> str | None:
    """``rq/a/addRequest`` or ``rr/a/addReply`` -> ``/a/add``; None for what is no ROS service."""
    for prefix, suffix in ((REQUEST_PREFIX, REQUEST_SUFFIX), (REPLY_PREFIX, REPLY_SUFFIX)):
        if name.startswith(f"{prefix}/") and name.endswith(suffix):
            return name[len(prefix) : -len(suffix)]
    return None


def ros_type(name: str) -> str | None:
    """``sensor_msgs::msg::dds_::Imu_`` -> ``sensor_msgs/msg/Imu``; None for what is no ROS type."""
    match = _TYPE.fullmatch(name)
    return "/".join(match.groups()) if match else None


def user_data(**pairs: str) -> bytes:
    """``user_data(enclave="/")`` -> ``b"enclave=/;"``."""
    return "".join(f"{key}={value};" for key, value in pairs.items()).encode()


def parse_user_data(data: bytes) -> dict[str, str]:
    """The pairs in a participant's or an endpoint's user data; what does not parse is left out."""
    return {key.decode(): value.decode(errors="replace") for key, value in _USER_DATA.findall(data)}
