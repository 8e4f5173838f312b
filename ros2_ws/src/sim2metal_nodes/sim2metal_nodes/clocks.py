"""The simulator's clock for the control loop."""

from __future__ import annotations

import threading
from typing import Any

from rosgraph_msgs.msg import Clock as ClockMessage

from hardware.clock import NS
from sim2metal_nodes.qos import CLOCK

SILENT_S = 1.0
"""Longest wall time the loop waits for a simulator that stands still before it looks around."""
JUMP_NS = NS
"""A step back in simulated time larger than this is a new start of the simulator."""


class SimulatedClock:
    """The time on ``/clock``; waits end when it gets there, or when the simulator is silent.

    Args:
        node: to subscribe with.
    """

    def __init__(self, node: Any) -> None:
        self._now_ns = 0
        self._shift_ns = 0
        self._moved = threading.Condition()
        self._subscription = node.create_subscription(ClockMessage, "/clock", self._tick, CLOCK)

    def now_ns(self) -> int:
        """Simulated time; never goes back, also when the simulator starts again."""
        return self._now_ns

    def sleep_until(self, deadline_ns: int) -> None:
        """Wait for simulated time, or for ``SILENT_S`` of wall time."""
        with self._moved:
            self._moved.wait_for(lambda: self._now_ns >= deadline_ns, timeout=SILENT_S)

    def _tick(self, message: ClockMessage) -> None:
        time_ns = message.clock.sec * NS + message.clock.nanosec + self._shift_ns
        with self._moved:
            if time_ns < self._now_ns - JUMP_NS:
                self._shift_ns += self._now_ns - time_ns
                time_ns = self._now_ns
            self._now_ns = max(self._now_ns, time_ns)
            self._moved.notify_all()
