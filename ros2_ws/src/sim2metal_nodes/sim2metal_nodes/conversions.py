"""Messages to SI tuples and back; what does not fit is refused with a reason that names the topic.

Numbers that are not finite pass: the supervisor and the policy loop call them by their name and act.
ROS orders quaternions xyzw, this project wxyz.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped, Quaternion
from sensor_msgs.msg import Imu

NS = 1_000_000_000
NORM_TOLERANCE = 0.01
"""Largest distance of a quaternion's length from one; a message that is further off is no orientation."""


class RejectedInputError(Exception):
    """A message that cannot be what its topic promises; counted and reported, never used."""


def stamp_ns(message: Any) -> int:
    """Return a message's time stamp in ns."""
    return message.header.stamp.sec * NS + message.header.stamp.nanosec


def to_stamp(time_ns: int) -> Time:
    """Return a time stamp."""
    return Time(sec=time_ns // NS, nanosec=time_ns % NS)


def check_frame(topic: str, message: Any, expected: str) -> None:
    """Refuse a message in another frame.

    Raises:
        RejectedInputError: with both frames.
    """
    if message.header.frame_id != expected:
        raise RejectedInputError(f"{topic}: frame '{message.header.frame_id}', expected '{expected}'")


def orientation_wxyz(topic: str, quaternion: Quaternion) -> tuple[float, float, float, float]:
    """Return a unit quaternion, wxyz; NaN stays NaN.

    Raises:
        RejectedInputError: if its length is not one.
    """
    wxyz = (quaternion.w, quaternion.x, quaternion.y, quaternion.z)
    norm = math.hypot(*wxyz)
    if abs(norm - 1.0) > NORM_TOLERANCE:  # false for NaN, on purpose
        raise RejectedInputError(f"{topic}: a quaternion of length {norm:.3f}, expected 1")
    return wxyz


def quaternion_message(wxyz: Sequence[float]) -> Quaternion:
    """Return the message of a quaternion, wxyz."""
    w, x, y, z = map(float, wxyz)
    return Quaternion(x=x, y=y, z=z, w=w)


def read_imu(topic: str, message: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return orientation (wxyz) and angular velocity (body, rad/s) of a ``sensor_msgs/Imu``.

    Raises:
        RejectedInputError: if the message says that it carries one of them not (first covariance -1).
    """
    for part in ("orientation", "angular_velocity"):
        if getattr(message, f"{part}_covariance")[0] == -1.0:
            raise RejectedInputError(f"{topic}: carries no {part} (its covariance starts with -1)")
    rate = message.angular_velocity
    return orientation_wxyz(topic, message.orientation), (rate.x, rate.y, rate.z)


def imu_message(frame: str, time_ns: int, wxyz: Sequence[float], rate: Sequence[float]) -> Imu:
    """Return an ``Imu`` with orientation (wxyz) and angular velocity (body, rad/s); the rest is the caller's."""
    message = Imu(orientation=quaternion_message(wxyz))
    message.header.frame_id, message.header.stamp = frame, to_stamp(time_ns)
    vector = message.angular_velocity
    vector.x, vector.y, vector.z = map(float, rate)
    return message


def read_vector(vector: Any) -> tuple[float, float, float]:
    """Return x, y, z of a ``geometry_msgs`` Vector3 or Point."""
    return (vector.x, vector.y, vector.z)


def yaw_of(wxyz: Sequence[float]) -> float:
    """Return the heading of a quaternion, rad."""
    w, x, y, z = wxyz
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def read_reference(topic: str, message: PoseStamped) -> tuple[float, float, float, float]:
    """Return x, y, z (m) and yaw (rad) of a pose to be at.

    Raises:
        RejectedInputError: if its orientation is no rotation.
    """
    heading = yaw_of(orientation_wxyz(topic, message.pose.orientation))
    return (*read_vector(message.pose.position), heading)


def pose_message(frame: str, time_ns: int, position: Sequence[float], wxyz: Sequence[float]) -> PoseStamped:
    """Return a ``PoseStamped``."""
    message = PoseStamped()
    message.header.frame_id = frame
    message.header.stamp = to_stamp(time_ns)
    point = message.pose.position
    point.x, point.y, point.z = map(float, position)
    message.pose.orientation = quaternion_message(wxyz)
    return message


def reference_message(frame: str, time_ns: int, reference: Sequence[float]) -> PoseStamped:
    """Return the pose of a reference: x, y, z in m and yaw in rad."""
    x, y, z, yaw = reference
    return pose_message(frame, time_ns, (x, y, z), (math.cos(yaw / 2.0), 0.0, 0.0, math.sin(yaw / 2.0)))
