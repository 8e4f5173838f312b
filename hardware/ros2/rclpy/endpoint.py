"""What publishers, subscriptions, clients and services have in common."""

from __future__ import annotations

import secrets
from typing import Any

from hardware.ros2.codec import Codec
from hardware.ros2.definitions import type_hash
from hardware.ros2.errors import CdrError
from hardware.ros2.messages import Message
from hardware.ros2.rclpy.exceptions import NoTypeSupportImportedException
from hardware.ros2.rclpy.qos import QoSProfile
from hardware.ros2.wire import SERVICE_HEADER, ServiceCall, user_data

REFUSED_EVERY_S = 5.0
"""Shortest time between two warnings about samples that cannot be read."""


def check_message_type(kind: Any) -> str:
    """Return the full name of a message class.

    Raises:
        NoTypeSupportImportedException: for any other object.
    """
    if not (isinstance(kind, type) and issubclass(kind, Message)):
        raise NoTypeSupportImportedException(f"{kind!r} is no message class; import one from, e.g., std_msgs.msg")
    return kind._TYPE_NAME


def check_service_type(kind: Any) -> str:
    """Return the full name of a service class.

    Raises:
        NoTypeSupportImportedException: for any other object.
    """
    name = getattr(kind, "_TYPE_NAME", None)
    if not (isinstance(kind, type) and isinstance(name, str) and hasattr(kind, "Request")):
        raise NoTypeSupportImportedException(f"{kind!r} is no service class; import one from, e.g., std_srvs.srv")
    return name


def endpoint_data(type_name: str, **pairs: str) -> bytes:
    """User data of an endpoint: ``pairs`` and the type hash."""
    return user_data(**pairs, typehash=type_hash(type_name))


def service_identifier() -> str:
    """A fresh value for the ``clientid`` or ``serviceid`` that pairs an endpoint's reader and writer.

    Sixteen bytes in hexadecimal between dots, as rmw_cyclonedds writes them.
    """
    return ".".join(f"{byte:x}" for byte in secrets.token_bytes(16))


def encode_call(codec: Codec, message: Any, call: ServiceCall) -> bytes:
    """Return the sample of a request or a reply."""
    return codec.encode(message, SERVICE_HEADER.pack(call.client, call.sequence))


def decode_call(codec: Codec, data: bytes) -> tuple[Any, ServiceCall]:
    """Return the message in a request or a reply, and which call it belongs to.

    Raises:
        CdrError: for bytes that are none.
    """
    message = codec.decode(data, SERVICE_HEADER.size)
    order = "little" if data[1] else "big"
    client = int.from_bytes(data[4:12], order)
    return message, ServiceCall(client, int.from_bytes(data[12:20], order, signed=True))


def warn_refused(node: Any, name: str, error: CdrError) -> None:
    """Say, not too often, that a sample was dropped."""
    node.get_logger().warning(f"dropped a sample on {name}: {error}", throttle_duration_sec=REFUSED_EVERY_S)


def as_profile(qos_or_depth: QoSProfile | int) -> QoSProfile:
    """Return the profile, or the default one of a depth.

    Raises:
        TypeError, ValueError: for what is neither.
    """
    if isinstance(qos_or_depth, QoSProfile):
        return qos_or_depth
    if isinstance(qos_or_depth, bool) or not isinstance(qos_or_depth, int):
        raise TypeError("Expected QoSProfile or int, but received " + repr(type(qos_or_depth)))
    if qos_or_depth < 0:
        raise ValueError("history depth must be greater than or equal to zero")
    return QoSProfile(depth=qos_or_depth)


def refuse_overriding(options: Any) -> None:
    """Raise NotImplementedError if ``qos_overriding_options`` were given."""
    if options is not None:
        raise NotImplementedError("this runtime does not make parameters of policies (qos_overriding_options)")
