"""A robot behind topics as a ``Link``: what the supervisor's control loop reads and writes."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from control_msgs.msg import DynamicJointState
from crazyflie_interfaces.msg import Status
from geometry_msgs.msg import PoseStamped, TwistStamped
from std_msgs.msg import Bool, String

from hardware.clock import Clock
from hardware.link import LinkHealth
from hardware.states import FlightState, JointState
from sim.spec import ActionLevel, SafeAction
from sim2metal_nodes.conversions import reference_message, to_stamp
from sim2metal_nodes.flight_inputs import FlightInputs
from sim2metal_nodes.inputs import Inputs
from sim2metal_nodes.joint_inputs import JointInputs
from sim2metal_nodes.qos import ASKED, COMMAND, SENSOR
from sim2metal_nodes.status import RobotStatus, read_status
from sim2metal_nodes.temperatures import Temperatures

EMERGENCY = "emergency"
"""What ``safe_action`` says for an emergency stop: off, and locked until a restart."""


StateT = TypeVar("StateT", FlightState, JointState)


class TopicLink(ABC, Generic[StateT]):
    """Reads sensors and ``status``; writes ``reference``, ``arm_request`` and ``safe_action``.

    Args:
        node: to publish and subscribe with.
        clock: of the loop and of the stamps.
        inputs: the sensors' topics.
        reference: type of the message on ``reference``.
    """

    uri = "topics"
    level: ActionLevel = "position"
    """What ``write`` takes are references: the policy is elsewhere."""
    command_names: tuple[str, ...]

    def __init__(self, node: Any, clock: Clock, inputs: Inputs, reference: type[Any]) -> None:
        self.clock, self.inputs = clock, inputs
        self._status = RobotStatus()
        self._status_ns: int | None = None
        self._reference = node.create_publisher(reference, "reference", COMMAND)
        self._arm = node.create_publisher(Bool, "arm_request", ASKED)
        self._safe = node.create_publisher(String, "safe_action", ASKED)
        self._subscription = node.create_subscription(Status, "status", self._on_status, ASKED)

    @abstractmethod
    def _state(self) -> StateT | None:
        """Return the newest state from the sensors' topics, ``None`` until every one was heard."""

    @abstractmethod
    def _message(self, command: Sequence[float]) -> Any:
        """Return a reference's message."""

    @property
    def missing(self) -> list[str]:
        """Topics on which nothing was heard yet."""
        silent = [topic for topic, entry in self.inputs.newest.items() if entry.received_ns is None]
        return silent if self._status_ns is not None else [*silent, "status"]

    @property
    def status(self) -> RobotStatus:
        """The newest status."""
        return self._status

    def open(self) -> None:
        """Nothing to do: topics come and go."""

    def read(self) -> StateT | None:
        """Return the newest state; ``None`` until every topic and the status were heard."""
        state = self._state()
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
        """Publish the reference for the policy."""
        self._reference.publish(self._message(command))

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


class FlightTopicLink(TopicLink[FlightState]):
    """A flying robot: ``imu``, ``pose`` and ``twist`` in, a pose to be at out.

    Args:
        node: to publish and subscribe with.
        clock: of the loop and of the stamps.
        world_frame: of pose, twist and reference.
        body_frame: of imu.
    """

    command_names = ("x_m", "y_m", "z_m", "yaw_rad")

    def __init__(self, node: Any, clock: Clock, world_frame: str, body_frame: str) -> None:
        self._sensors = FlightInputs(node, clock, world_frame, body_frame)
        self._world = world_frame
        super().__init__(node, clock, self._sensors, PoseStamped)

    def _state(self) -> FlightState | None:
        return self._sensors.state()

    def _message(self, command: Sequence[float]) -> PoseStamped:
        return reference_message(self._world, self.inputs.newest["imu"].stamp_ns, command)


class JointTopicLink(TopicLink[JointState]):
    """A robot with joints: ``joint_states``, ``imu`` and ``dynamic_joint_states`` in, a velocity to walk at out.

    The ramp to the default pose (the reference's first number) is the policy node's own.

    Args:
        node: to publish and subscribe with.
        clock: of the loop and of the stamps.
        names: joints in the bundle's order.
        body_frame: of imu and of the velocity.
    """

    command_names = ("blend", "velocity_x_m_s", "velocity_y_m_s", "yaw_rate_rad_s")

    def __init__(self, node: Any, clock: Clock, names: Sequence[str], body_frame: str) -> None:
        self._sensors = JointInputs(node, clock, names, body_frame)
        self._body = body_frame
        self._temperatures = Temperatures(clock, names)
        self._warm = node.create_subscription(
            DynamicJointState, "dynamic_joint_states", self._temperatures.receive, SENSOR
        )
        super().__init__(node, clock, self._sensors, TwistStamped)

    @property
    def missing(self) -> list[str]:
        """Topics on which nothing was heard yet."""
        return super().missing + ([] if self._temperatures.heard else ["dynamic_joint_states"])

    def _state(self) -> JointState | None:
        state = self._sensors.state()
        return None if state is None else dataclasses.replace(state, temperature_c=self._temperatures.newest())

    def _message(self, command: Sequence[float]) -> TwistStamped:
        message = TwistStamped()
        message.header.frame_id, message.header.stamp = self._body, to_stamp(self._sensors.newest["imu"].stamp_ns)
        _, ahead, left, turn = map(float, command)
        message.twist.linear.x, message.twist.linear.y, message.twist.angular.z = ahead, left, turn
        return message
