"""What every robot here tells the world about itself: description, transform, pose and odometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from geometry_msgs.msg import PoseStamped, TransformStamped
from nav_msgs.msg import Odometry
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from sim2metal_nodes.conversions import pose_message, quaternion_message, to_stamp
from sim2metal_nodes.qos import ASKED, LATCHED, SENSOR


class Moving(Protocol):
    """A body somewhere."""

    @property
    def position_w(self) -> Sequence[float]:
        """Return where it is, (3,) m."""
        ...

    @property
    def velocity_w(self) -> Sequence[float]:
        """Return how fast it moves, (3,) m/s."""
        ...

    @property
    def orientation_wxyz(self) -> Sequence[float]:
        """Return its unit quaternion, (4,) world<-body."""
        ...

    @property
    def angular_velocity_b(self) -> Sequence[float]:
        """Return how fast it turns, (3,) rad/s."""
        ...


class RobotPublisher:
    """Publishes ``robot_description``, ``pose``, ``odom`` and the transform of a robot's body.

    Args:
        node: to publish with.
        world_frame: of positions.
        body_frame: of the robot.
        description: URDF.
        measured: whether controllers are given the pose, too; else only people see where the robot is.
    """

    def __init__(self, node: Any, world_frame: str, body_frame: str, description: str, measured: bool = True) -> None:
        self._world, self._body = world_frame, body_frame
        self._pose = node.create_publisher(PoseStamped, "pose", SENSOR) if measured else None
        self._odometry = node.create_publisher(Odometry, "odom", SENSOR)
        self._transform = node.create_publisher(TFMessage, "/tf", ASKED)
        self._description = node.create_publisher(String, "robot_description", LATCHED)
        self._description.publish(String(data=description))

    def pose(self, time_ns: int, state: Moving) -> None:
        """Publish the pose: for controllers, as often as there is a new one."""
        assert self._pose is not None
        self._pose.publish(pose_message(self._world, time_ns, state.position_w, state.orientation_wxyz))

    def for_display(self, time_ns: int, state: Moving) -> None:
        """Publish odometry and transform: for people, a few times a second."""
        self._odometry.publish(self._odometry_message(time_ns, state))
        self._transform.publish(TFMessage(transforms=[self._transform_message(time_ns, state)]))

    def _odometry_message(self, time_ns: int, state: Moving) -> Odometry:
        message = Odometry(child_frame_id=self._body)
        message.header.frame_id = self._world
        message.header.stamp = to_stamp(time_ns)
        pose, twist = message.pose.pose, message.twist.twist
        _set(pose.position, state.position_w)
        pose.orientation = quaternion_message(state.orientation_wxyz)
        # The twist of an Odometry is in the child's frame (nav_msgs/Odometry.msg).
        _set(twist.linear, to_body(state.orientation_wxyz, state.velocity_w))
        _set(twist.angular, state.angular_velocity_b)
        return message

    def _transform_message(self, time_ns: int, state: Moving) -> TransformStamped:
        message = TransformStamped(child_frame_id=self._body)
        message.header.frame_id = self._world
        message.header.stamp = to_stamp(time_ns)
        _set(message.transform.translation, state.position_w)
        message.transform.rotation = quaternion_message(state.orientation_wxyz)
        return message


def to_body(wxyz: Sequence[float], vector_w: Sequence[float]) -> tuple[float, float, float]:
    """Return a world vector in the body frame.

    Args:
        wxyz: (4,) unit quaternion, world<-body.
        vector_w: (3,).
    """
    w, x, y, z = wxyz
    a, b, c = vector_w
    return (
        (1 - 2 * (y * y + z * z)) * a + 2 * (x * y + w * z) * b + 2 * (x * z - w * y) * c,
        2 * (x * y - w * z) * a + (1 - 2 * (x * x + z * z)) * b + 2 * (y * z + w * x) * c,
        2 * (x * z + w * y) * a + 2 * (y * z - w * x) * b + (1 - 2 * (x * x + y * y)) * c,
    )


def _set(target: Any, values: Sequence[float]) -> None:
    target.x, target.y, target.z = map(float, values)
