"""Publishers (rclpy.publisher)."""

from __future__ import annotations

from typing import Any

from hardware.ros2.codec import codec
from hardware.ros2.dds_qos import dds_qos
from hardware.ros2.idl import idl_type
from hardware.ros2.participant import TIMEOUT
from hardware.ros2.rclpy.duration import Duration
from hardware.ros2.rclpy.endpoint import check_message_type, endpoint_data
from hardware.ros2.rclpy.exceptions import InvalidHandle, RCLError
from hardware.ros2.rclpy.qos import QoSProfile
from hardware.ros2.wire import topic_name


class Publisher:
    """Publishes messages of one type; made by ``Node.create_publisher``."""

    def __init__(self, node: Any, msg_type: type, topic: str, qos_profile: QoSProfile, callback_group: Any) -> None:
        name = check_message_type(msg_type)
        self.msg_type = msg_type
        self.topic = topic
        self.qos_profile = qos_profile
        self.callback_group = callback_group
        self._node = node
        self._codec = codec(name)
        wire_name = topic.lstrip("/") if qos_profile.avoid_ros_namespace_conventions else topic_name(topic)
        qos = dds_qos(qos_profile, endpoint_data(name), writer=True)
        self._writer = node.context.participant.writer(wire_name, idl_type(name), qos)
        self._send = self._writer.write
        self._destroyed = False

    @property
    def topic_name(self) -> str:
        """The topic's full name."""
        return self.topic

    @property
    def logger_name(self) -> str:
        """Name of the node's logger."""
        return self._node.get_logger().name

    @property
    def handle(self) -> Publisher:
        """Itself; rclpy has its C handle here."""
        if self._destroyed:
            raise InvalidHandle(f"the publisher of {self.topic} was destroyed")
        return self

    def publish(self, msg: Any) -> None:
        """Publish a message, or bytes that are one serialised.

        Raises:
            TypeError: for anything else.
            MessageError: for a message whose values do not fit their types.
            RCLError: if the context is shut down.
        """
        if isinstance(msg, self.msg_type):
            data = self._codec.encode(msg)
        elif isinstance(msg, bytes):
            data = msg + bytes(-len(msg) & 3)
        else:
            raise TypeError(f"Expected {self.msg_type}, got {type(msg)}")
        code = self._send(data)
        if code < 0:
            self._failed(code)

    def _failed(self, code: int) -> None:
        if code == TIMEOUT and self._node.context.ok():
            text = f"dropped a message on {self.topic}: a reliable subscriber does not keep up"
            self._node.get_logger().warning(text, throttle_duration_sec=5.0)
            return
        if self._destroyed:
            raise InvalidHandle(f"the publisher of {self.topic} was destroyed")
        raise RCLError(f"Failed to publish on {self.topic}: the context is shut down or the data is malformed ({code})")

    def get_subscription_count(self) -> int:
        """How many subscriptions it has."""
        self.handle  # noqa: B018 (raises if destroyed)
        return len(self._writer.entity.get_matched_subscriptions())

    def assert_liveliness(self) -> None:
        """Say that the publisher is alive (under ``MANUAL_BY_TOPIC``)."""
        self._writer.assert_liveliness()

    def wait_for_all_acked(self, timeout: Duration = Duration(seconds=-1)) -> bool:  # noqa: B008 (immutable)
        """Wait until all reliable subscriptions have everything; return False if they do not in time."""
        wait = timeout.nanoseconds if timeout.nanoseconds >= 0 else 2**63 - 1
        return self._writer.wait_for_acks(wait)

    def destroy(self) -> None:
        """Stop publishing; better use ``Node.destroy_publisher``."""
        if not self._destroyed:
            self._destroyed = True
            self._writer.close()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()
