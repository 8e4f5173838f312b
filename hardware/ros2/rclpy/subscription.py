"""Subscriptions (rclpy.subscription)."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

from hardware.ros2.codec import codec
from hardware.ros2.dds_qos import dds_qos
from hardware.ros2.errors import CdrError
from hardware.ros2.idl import idl_type
from hardware.ros2.rclpy.endpoint import check_message_type, endpoint_data, warn_refused
from hardware.ros2.rclpy.exceptions import InvalidHandle
from hardware.ros2.rclpy.qos import QoSProfile
from hardware.ros2.wire import topic_name


class Subscription:
    """Receives messages of one type; made by ``Node.create_subscription``."""

    def __init__(
        self,
        node: Any,
        msg_type: type,
        topic: str,
        callback: Callable[..., Any],
        callback_group: Any,
        qos_profile: QoSProfile,
        raw: bool,
    ) -> None:
        name = check_message_type(msg_type)
        self.msg_type = msg_type
        self.topic = topic
        self.qos_profile = qos_profile
        self.callback_group = callback_group
        self.raw = raw
        self.callback = callback
        self._node = node
        self._decode: Callable[[bytes], Any] = (lambda data: data) if raw else codec(name).decode
        wire_name = topic.lstrip("/") if qos_profile.avoid_ros_namespace_conventions else topic_name(topic)
        qos = dds_qos(qos_profile, endpoint_data(name), writer=False)
        self._reader = node.context.participant.reader(wire_name, idl_type(name), qos)
        self.condition = self._reader.condition
        self._destroyed = False

    @property
    def callback(self) -> Callable[..., Any]:
        """What is called with each message, and with its information if it takes two arguments."""
        return self._callback

    @callback.setter
    def callback(self, value: Callable[..., Any]) -> None:
        self._wants_info = _takes_two(value)
        self._callback = value

    @property
    def topic_name(self) -> str:
        """The topic's full name."""
        return self.topic

    @property
    def handle(self) -> Subscription:
        """Itself; rclpy has its C handle here."""
        if self._destroyed:
            raise InvalidHandle(f"the subscription of {self.topic} was destroyed")
        return self

    def get_publisher_count(self) -> int:
        """How many publishers it has."""
        self.handle  # noqa: B018 (raises if destroyed)
        return len(self._reader.entity.get_matched_publications())

    def destroy(self) -> None:
        """Stop receiving; better use ``Node.destroy_subscription``."""
        if not self._destroyed:
            self._destroyed = True
            self._reader.close()

    def _take(self) -> tuple[Any, dict[str, int]] | None:
        """Take one message; None if there is none or none that can be read."""
        if self._destroyed:
            return None
        for data, info in self._reader.take():
            if not info.valid_data:
                continue
            try:
                message = self._decode(data)
            except CdrError as error:
                warn_refused(self._node, self.topic, error)
                continue
            return message, {"source_timestamp": info.source_timestamp, "received_timestamp": time.time_ns()}
        return None

    def _work(self) -> Callable[[], Any] | None:
        taken = self._take()
        if taken is None:
            return None
        message, info = taken
        callback = self._callback
        if self._wants_info:
            return lambda: callback(message, info)
        return lambda: callback(message)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()


def _takes_two(callback: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(callback)
    except (TypeError, ValueError):
        return False
    for count, wants_info in ((1, False), (2, True)):
        try:
            signature.bind(*[None] * count)
        except TypeError:
            continue
        return wants_info
    raise RuntimeError("Subscription.callback should be callable with one argument (message) or two (message, info)")
