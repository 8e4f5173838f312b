"""Sensor topics: the newest good message of each, checked, with its age."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hardware.clock import NS, Clock
from sim2metal_nodes.conversions import RejectedInputError, check_frame, stamp_ns
from sim2metal_nodes.qos import SENSOR


@dataclass(frozen=True)
class Source:
    """One topic.

    Attributes:
        kind: message type.
        frame: frame it must be in; ``None`` for any.
        read: turns topic name and message into a value.
        patience_s: what stands still need not be told anew for as long as this, beyond the age allowed for all.
    """

    kind: type[Any]
    frame: str | None
    read: Callable[[str, Any], Any]
    patience_s: float = 0.0


class Newest:
    """The newest good message of one topic."""

    def __init__(self, topic: str, patience_s: float = 0.0) -> None:
        self.topic, self.patience_s = topic, patience_s
        self.received_ns: int | None = None
        self.stamp_ns = 0
        self.value: Any = None
        self.rejected = 0
        self.reason = ""
        """Why the last rejected message was rejected."""

    def age_s(self, now_ns: int) -> float:
        """Return the age since arrival; infinite before the first."""
        return math.inf if self.received_ns is None else (now_ns - self.received_ns) / NS


class Inputs:
    """Subscribes to sources; a message older than the one before is refused.

    Args:
        node: to subscribe with.
        clock: stamps arrivals.
        sources: topic -> what it is.
        pace: topic whose arrivals are told to ``on_arrival``.
        on_arrival: called from the executor with the arrival's time.
    """

    def __init__(
        self,
        node: Any,
        clock: Clock,
        sources: Mapping[str, Source],
        pace: str = "",
        on_arrival: Callable[[int], None] | None = None,
    ) -> None:
        self._clock, self._pace, self._on_arrival = clock, pace, on_arrival
        self.newest = {topic: Newest(topic, source.patience_s) for topic, source in sources.items()}
        self._subscriptions = [
            node.create_subscription(source.kind, topic, self._receiver(topic, source), SENSOR)
            for topic, source in sources.items()
        ]

    @property
    def oldest_ns(self) -> int | None:
        """Arrival of the oldest of the newest messages, less its patience; ``None`` before every topic was heard."""
        entries = self.newest.values()
        known = [entry.received_ns + round(entry.patience_s * NS) for entry in entries if entry.received_ns is not None]
        return min(known) if len(known) == len(entries) else None

    def slowest(self, now_ns: int) -> str:
        """Return the topic whose newest message is the oldest, and how old it is, in words."""
        entry = max(self.newest.values(), key=lambda entry: entry.age_s(now_ns) - entry.patience_s)
        age_s = entry.age_s(now_ns)
        said = f"{entry.topic} for {age_s:.2f} s" if math.isfinite(age_s) else f"nothing on {entry.topic} yet"
        return f"{said}; refused: {entry.reason}" if entry.reason else said

    def heard_ns(self) -> int:
        """Return the arrival of the newest message of any kind; 0 before the first."""
        return max(entry.received_ns or 0 for entry in self.newest.values())

    def report(self, now_ns: int) -> dict[str, str]:
        """Return ages and rejected messages for diagnostics."""
        values = {}
        for topic, entry in self.newest.items():
            age_s = entry.age_s(now_ns)
            values[f"{topic} age, ms"] = f"{1e3 * age_s:.1f}" if math.isfinite(age_s) else "never"
            values[f"{topic} rejected"] = f"{entry.rejected} {entry.reason}".strip()
        return values

    def close(self, node: Any) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            node.destroy_subscription(subscription)

    def _receiver(self, topic: str, source: Source) -> Callable[[Any], None]:
        entry = self.newest[topic]

        def receive(message: Any) -> None:
            now_ns = self._clock.now_ns()
            try:
                if source.frame is not None:
                    check_frame(topic, message, source.frame)
                stamp = stamp_ns(message)
                if stamp < entry.stamp_ns:
                    raise RejectedInputError(f"{topic}: a stamp older than the one before")
                value = source.read(topic, message)
            except RejectedInputError as error:
                entry.rejected += 1
                entry.reason = str(error)
                return
            entry.value, entry.stamp_ns, entry.received_ns = value, stamp, now_ns
            if topic == self._pace and self._on_arrival is not None:
                self._on_arrival(now_ns)

        return receive
