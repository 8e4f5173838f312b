"""What every robot with joints tells the world about them: ``joint_states``, and its links' transforms for RViz."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import JointState
from tf2_msgs.msg import TFMessage

from hardware.joints.description import JointFrames, LinkPose
from sim.errors import ConfigError
from sim2metal_nodes.conversions import quaternion_message, to_stamp
from sim2metal_nodes.qos import ASKED, SENSOR


class JointPublisher:
    """Publishes joint states and, from the robot's description, the transform of every link.

    Args:
        node: to publish with.
        names: joints in the order of what will be given.
        description: URDF; empty: no transforms.
        base: link that the robot's place is told of.
        world: frame that ``attitude`` turns the base in.

    Raises:
        ConfigError: if the description is none, lacks a joint, or has another base.
    """

    def __init__(self, node: Any, names: Sequence[str], description: str, base: str, world: str = "world") -> None:
        self._names, self._base, self._world = list(names), base, world
        self._frames = JointFrames(description, names, base) if description else None
        self._states = node.create_publisher(JointState, "joint_states", SENSOR)
        self._transforms = node.create_publisher(TFMessage, "/tf", ASKED) if description else None

    def states(
        self, time_ns: int, position: Sequence[float], velocity: Sequence[float], effort: Sequence[float]
    ) -> None:
        """Publish joint states, each (n,): rad, rad/s, N m."""
        message = JointState(name=self._names)
        message.header.stamp = to_stamp(time_ns)
        message.position, message.velocity, message.effort = map(list, (position, velocity, effort))
        self._states.publish(message)

    def transforms(self, time_ns: int, position: Sequence[float], attitude: Sequence[float] | None = None) -> None:
        """Publish where every link is on its parent, as ``robot_state_publisher`` does.

        Args:
            time_ns: stamp.
            position: (n,) rad.
            attitude: (4,) wxyz of a base whose place nobody measures: it is drawn at the origin of the world.
        """
        if self._frames is None or self._transforms is None:
            return
        links = self._frames.links(position)
        if attitude is not None:
            links.append(LinkPose(self._world, self._base, (0.0, 0.0, 0.0), tuple(attitude)))
        self._transforms.publish(TFMessage(transforms=[_transform(time_ns, link) for link in links]))


def _transform(time_ns: int, link: LinkPose) -> TransformStamped:
    message = TransformStamped(child_frame_id=link.child)
    message.header.frame_id, message.header.stamp = link.parent, to_stamp(time_ns)
    place = message.transform.translation
    place.x, place.y, place.z = link.position
    message.transform.rotation = quaternion_message(link.orientation_wxyz)
    return message


def read_description(path: str) -> str:
    """Return the URDF in a file; empty for no file.

    Raises:
        ConfigError: if it cannot be read.
    """
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"parameter 'description_file': cannot read {path}: {error}") from None
