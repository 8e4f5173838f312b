"""The state of a robot with joints from its topics ``imu`` and ``joint_states``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from sensor_msgs.msg import Imu
from sensor_msgs.msg import JointState as JointMessage

from hardware.clock import Clock
from hardware.states import JointState, Vector
from sim2metal_nodes.conversions import RejectedInputError, read_imu
from sim2metal_nodes.inputs import Inputs, Source

PACE = "joint_states"


class JointInputs(Inputs):
    """Joints may come in any order and be more than the policy's.

    Args:
        node: to subscribe with.
        clock: stamps arrivals.
        names: joints in the bundle's order.
        body_frame: frame of the inertial unit.
        on_arrival: called after every joint message, from the executor.
    """

    def __init__(
        self,
        node: Any,
        clock: Clock,
        names: Sequence[str],
        body_frame: str,
        on_arrival: Callable[[int], None] | None = None,
    ) -> None:
        sources = {
            PACE: Source(JointMessage, None, lambda topic, message: read_joints(topic, message, names)),
            "imu": Source(Imu, body_frame, read_imu),
        }
        super().__init__(node, clock, sources, PACE, on_arrival)

    def state(self) -> JointState | None:
        """Return the newest state, as old as its older part; ``None`` before both topics were heard."""
        received_ns = self.oldest_ns
        if received_ns is None:
            return None
        orientation, rate = self.newest["imu"].value
        position, velocity, effort = self.newest[PACE].value
        return JointState(
            received_ns=received_ns,
            robot_ms=self.newest[PACE].stamp_ns // 1_000_000,
            position=position,
            velocity=velocity,
            torque=effort,
            temperature_c=(math.nan,) * len(position),
            orientation_wxyz=orientation,
            angular_velocity_b=rate,
            battery_v=math.nan,
            armed=True,
        )


def read_joints(topic: str, message: Any, names: Sequence[str]) -> tuple[Vector, Vector, Vector]:
    """Return position (rad), velocity (rad/s) and effort (N m, NaN if not given) in the order of ``names``.

    Raises:
        RejectedInputError: if a joint is missing or twice there, or an array has another length than the names.
    """
    count = len(message.name)
    if len(message.position) != count or len(message.velocity) != count:
        raise RejectedInputError(f"{topic}: {count} names need as many positions and velocities")
    if len(message.effort) not in (0, count):
        raise RejectedInputError(f"{topic}: {len(message.effort)} efforts for {count} names")
    order = joint_order(topic, message, names)
    effort = message.effort if len(message.effort) else [math.nan] * count
    return (
        tuple(float(message.position[i]) for i in order),
        tuple(float(message.velocity[i]) for i in order),
        tuple(float(effort[i]) for i in order),
    )


def joint_order(topic: str, message: Any, names: Sequence[str]) -> list[int]:
    """Return where each of ``names`` is in a message, which may carry others, too.

    Raises:
        RejectedInputError: if a joint is missing or twice there.
    """
    index = {name: i for i, name in enumerate(message.name)}
    missing = [name for name in names if name not in index]
    if missing or len(index) != len(message.name):
        raise RejectedInputError(f"{topic}: joint '{missing[0]}' is missing" if missing else f"{topic}: a joint twice")
    return [index[name] for name in names]
