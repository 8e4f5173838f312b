"""A flying robot behind topics as a ``Link``: what the supervisor's flight loop reads and writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from crazyflie_interfaces.msg import Status
from geometry_msgs.msg import PoseStamped
from std_msgs.msg import Bool, String

from hardware.clock import Clock
from hardware.link import LinkHealth
from hardware.states import FlightState
from sim.spec import ActionLevel, SafeAction
from sim2metal_nodes.conversions import reference_message
from sim2metal_nodes.flight_inputs import FlightInputs
from sim2metal_nodes.qos import ASKED, COMMAND
from sim2metal_nodes.status import RobotStatus, read_status

EMERGENCY = "emergency"
"""What ``safe_action`` says for an emergency stop: off, and locked until a restart."""


class TopicLink:
    """Reads ``imu``, ``pose``, ``twist`` and ``status``; writes ``reference``, ``arm_request`` and ``safe_action``.

    Args:
        node: to publish and subscribe with.
        clock: of the loop and of the stamps.
        world_frame: of pose, twist and reference.
        body_frame: of imu.
    """

    uri = "topics"
    level: ActionLevel = "position"
    command_names: tuple[str, ...] = ("x_m", "y_m", "z_m", "yaw_rad")

    def __init__(self, node: Any, clock: Clock, world_frame: str, body_frame: str) -> None:
        self.clock = clock
        self.inputs = FlightInputs(node, clock, world_frame, body_frame)
        self._world = world_frame
        self._status = RobotStatus()
        self._status_ns: int | None = None
        self._reference = node.create_publisher(PoseStamped, "reference", COMMAND)
        self._arm = node.create_publisher(Bool, "arm_request", ASKED)
        self._safe = node.create_publisher(String, "safe_action", ASKED)
        self._subscription = node.create_subscription(Status, "status", self._on_status, ASKED)

    @property
    def status(self) -> RobotStatus:
        """The newest status."""
        return self._status

    def open(self) -> None:
        """Nothing to do: topics come and go."""

    def read(self) -> FlightState | None:
        """Return the newest state; ``None`` until every topic and the status were heard."""
        state = self.inputs.state()
        if state is None or self._status_ns is None:
            return None
        status = self._status
        return dataclasses.replace(
            state, armed=status.armed, crashed=status.crashed, battery_v=status.battery_v,
        )  # fmt: skip

    def health(self) -> LinkHealth:
        """Return when any of the topics was heard last."""
        heard_ns = max(self.inputs.heard_ns(), self._status_ns or 0)
        return LinkHealth(connected=heard_ns > 0, heard_ns=heard_ns)

    def write(self, command: Sequence[float]) -> None:
        """Publish the reference for the policy: x, y, z in m and yaw in rad."""
        self._reference.publish(reference_message(self._world, self.inputs.newest["imu"].stamp_ns, command))

    def safe_stop(self, action: SafeAction) -> None:
        """Ask the robot for a safe action of its own."""
        self._safe.publish(String(data=action))
        if action == "off":
            self._arm.publish(Bool(data=False))

    def request_arm(self, armed: bool) -> None:
        """Ask the robot to arm or disarm."""
        self._arm.publish(Bool(data=armed))

    def emergency_stop(self) -> None:
        """Ask the robot to cut its motors for good."""
        self._safe.publish(String(data=EMERGENCY))

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _on_status(self, message: Status) -> None:
        self._status = read_status(message)
        self._status_ns = self.clock.now_ns()
