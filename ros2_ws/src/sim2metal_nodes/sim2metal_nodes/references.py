"""What a policy is asked for: the newest good message of one topic that one publisher alone may steer by."""

from __future__ import annotations

import math
from typing import Any

from hardware.clock import Clock
from sim2metal_nodes.conversions import RejectedInputError
from sim2metal_nodes.qos import COMMAND
from sim2metal_nodes.rivals import Rivals


class Referenced:
    """Keeps the newest reference of one topic."""

    wish, silence = "reference", "the reference ended"

    def __init__(self, node: Any, clock: Clock, kind: type[Any], topic: str) -> None:
        self._node, self._clock, self._topic = node, clock, topic
        self._newest: tuple[tuple[float, ...], int] | None = None
        self.rejected = 0
        self._rivals = Rivals(node, topic)
        self._subscription = node.create_subscription(kind, topic, self._receive, COMMAND)

    def _read(self, message: Any) -> tuple[float, ...]:
        raise NotImplementedError

    def _receive(self, message: Any) -> None:
        if self._rivals.refuse():
            self.rejected += 1
            return
        try:
            values = self._read(message)
            if not all(map(math.isfinite, values)):
                raise RejectedInputError(f"{self._topic}: a number that is none")
        except RejectedInputError as error:
            self.rejected += 1
            self._node.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return
        self._newest = (values, self._clock.now_ns())

    def begin(self) -> None:
        """Forget references: the node was activated."""
        self._newest = None

    def close(self, node: Any) -> None:
        """Unsubscribe."""
        self._rivals.close()
        node.destroy_subscription(self._subscription)
