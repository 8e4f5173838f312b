"""A flying robot's state from its topics: newest message of each, checked, with its age."""

from __future__ import annotations

import math
from typing import Any

from geometry_msgs.msg import PoseStamped, TwistStamped
from sensor_msgs.msg import Imu

from hardware.clock import Clock
from hardware.states import FlightState
from sim2metal_nodes.conversions import (
    RejectedInputError,
    check_frame,
    orientation_wxyz,
    read_imu,
    read_vector,
    stamp_ns,
)
from sim2metal_nodes.qos import SENSOR


class Newest:
    """The newest good message of one topic."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.received_ns: int | None = None
        self.stamp_ns = 0
        self.value: Any = None
        self.rejected = 0
        self.reason = ""
        """Why the last rejected message was rejected."""

    def age_s(self, now_ns: int) -> float:
        """Return the age since arrival; infinite before the first."""
        return math.inf if self.received_ns is None else (now_ns - self.received_ns) / 1e9


class FlightInputs:
    """Subscribes to ``imu``, ``pose`` and ``twist`` and joins them to a ``FlightState``.

    ``pose`` and ``twist`` are in the world frame, ``imu`` in the body frame; attitude comes from the
    inertial unit, which is the fastest of the three. A message older than the one before is refused.

    Args:
        node: to subscribe with.
        clock: stamps arrivals.
        world_frame: frame of positions and velocities.
        body_frame: frame of the inertial unit.
        on_state: called after every inertial message, from the executor.
    """

    def __init__(self, node: Any, clock: Clock, world_frame: str, body_frame: str, on_state: Any = None) -> None:
        self._clock = clock
        self._frames = {"imu": body_frame, "pose": world_frame, "twist": world_frame}
        self._on_state = on_state
        self.newest = {topic: Newest(topic) for topic in self._frames}
        self.battery_v = math.nan
        self.armed = True
        self.crashed = False
        kinds = {"imu": Imu, "pose": PoseStamped, "twist": TwistStamped}
        self._subscriptions = [
            node.create_subscription(kinds[topic], topic, self._receiver(topic), SENSOR) for topic in self._frames
        ]

    def close(self, node: Any) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            node.destroy_subscription(subscription)

    def state(self) -> FlightState | None:
        """Return the newest state, as old as its oldest part; ``None`` before every topic was heard."""
        imu, pose, twist = (self.newest[topic] for topic in ("imu", "pose", "twist"))
        if imu.received_ns is None or pose.received_ns is None or twist.received_ns is None:
            return None
        orientation, rate = imu.value
        return FlightState(
            received_ns=min(imu.received_ns, pose.received_ns, twist.received_ns),
            robot_ms=imu.stamp_ns // 1_000_000,
            position_w=pose.value,
            velocity_w=twist.value,
            orientation_wxyz=orientation,
            angular_velocity_b=rate,
            battery_v=self.battery_v,
            armed=self.armed,
            crashed=self.crashed,
            policy_fault=False,
            dead_man=False,
            landed=False,
            onboard_mode=0,
        )

    def heard_ns(self) -> int:
        """Return the arrival of the newest message of any kind; 0 before the first."""
        return max(entry.received_ns or 0 for entry in self.newest.values())

    def _receiver(self, topic: str) -> Any:
        entry, frame = self.newest[topic], self._frames[topic]

        def receive(message: Any) -> None:
            now_ns = self._clock.now_ns()
            try:
                check_frame(topic, message, frame)
                stamp = stamp_ns(message)
                if stamp < entry.stamp_ns:
                    raise RejectedInputError(f"{topic}: a stamp older than the one before")
                value = _READ[topic](topic, message)
            except RejectedInputError as error:
                entry.rejected += 1
                entry.reason = str(error)
                return
            entry.value, entry.stamp_ns, entry.received_ns = value, stamp, now_ns
            if topic == "imu" and self._on_state is not None:
                self._on_state(now_ns)

        return receive


def _read_pose(topic: str, message: Any) -> tuple[float, ...]:
    orientation_wxyz(topic, message.pose.orientation)
    return read_vector(message.pose.position)


def _read_twist(_topic: str, message: Any) -> tuple[float, ...]:
    return read_vector(message.twist.linear)


_READ = {"imu": read_imu, "pose": _read_pose, "twist": _read_twist}
