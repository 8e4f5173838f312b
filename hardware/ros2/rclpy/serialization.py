"""Messages to bytes and back (rclpy.serialization)."""

from __future__ import annotations

from typing import Any

from hardware.ros2.codec import codec
from hardware.ros2.rclpy.endpoint import check_message_type


def serialize_message(message: Any) -> bytes:
    """Return a message's CDR with its header."""
    return codec(check_message_type(type(message))).encode(message)


def deserialize_message(serialized_message: bytes, message_type: type) -> Any:
    """Return the message in ``serialized_message``.

    Raises:
        CdrError: for bytes that are none.
    """
    return codec(check_message_type(message_type)).decode(serialized_message)
