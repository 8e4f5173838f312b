"""Quality of service per kind of topic. The table with the reasons is in docs/ros2.md."""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _profile(depth: int, *, reliable: bool, latched: bool = False) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


SENSOR = _profile(1, reliable=False)
"""Sensor streams: only the newest sample counts, a repeated old one would only delay it."""

COMMAND = _profile(1, reliable=False)
"""Command streams, for the same reason; a lost one is replaced within a period, a late one is dangerous."""

SETPOINT = _profile(1, reliable=True)
"""Cartesian set-points: ros2_control's Cartesian controllers subscribe reliably, which best effort would not match;
subscribers of commands here match both."""

ASKED = _profile(10, reliable=True)
"""Things said once (stop, arm, buttons, status): each must arrive."""

LATCHED = _profile(1, reliable=True, latched=True)
"""The present state of something that seldom changes: who comes later learns it too."""

CLOCK = SENSOR
"""``/clock``, as rclpy's own subscription to it."""
