"""A flying robot's state from its topics ``imu``, ``pose`` and ``twist``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from geometry_msgs.msg import PoseStamped, TwistStamped
from sensor_msgs.msg import Imu

from hardware.clock import Clock
from hardware.states import FlightState
from sim2metal_nodes.conversions import orientation_wxyz, read_imu, read_vector
from sim2metal_nodes.inputs import Inputs, Source

PACE = "imu"
"""The fastest topic: attitude and rates come from it, and the loop follows its phase."""


class FlightInputs(Inputs):
    """Pose and twist are in the world frame, the inertial unit in the body frame.

    Args:
        node: to subscribe with.
        clock: stamps arrivals.
        world_frame: frame of positions and velocities.
        body_frame: frame of the inertial unit.
        on_arrival: called after every inertial message, from the executor.
    """

    def __init__(
        self,
        node: Any,
        clock: Clock,
        world_frame: str,
        body_frame: str,
        on_arrival: Callable[[int], None] | None = None,
    ) -> None:
        sources = {
            PACE: Source(Imu, body_frame, read_imu),
            "pose": Source(PoseStamped, world_frame, _read_pose),
            "twist": Source(TwistStamped, world_frame, lambda _topic, message: read_vector(message.twist.linear)),
        }
        super().__init__(node, clock, sources, PACE, on_arrival)

    def state(self) -> FlightState | None:
        """Return the newest state, as old as its oldest part; ``None`` before every topic was heard."""
        received_ns = self.oldest_ns
        if received_ns is None:
            return None
        orientation, rate = self.newest[PACE].value
        return FlightState(
            received_ns=received_ns,
            robot_ms=self.newest[PACE].stamp_ns // 1_000_000,
            position_w=self.newest["pose"].value,
            velocity_w=self.newest["twist"].value,
            orientation_wxyz=orientation,
            angular_velocity_b=rate,
            battery_v=math.nan,
            armed=True,
            crashed=False,
            policy_fault=False,
            dead_man=False,
            landed=False,
            onboard_mode=0,
        )


def _read_pose(topic: str, message: Any) -> tuple[float, ...]:
    orientation_wxyz(topic, message.pose.orientation)
    return read_vector(message.pose.position)
