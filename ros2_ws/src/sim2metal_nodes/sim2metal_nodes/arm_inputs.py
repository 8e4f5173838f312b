"""An arm's state from its topics: joints, the tool's pose, the fixture's, and what each pad feels or shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import Image, PointCloud2
from sensor_msgs.msg import JointState as JointMessage

from hardware.arm.state import ArmState
from hardware.clock import Clock
from hardware.states import Vector
from hardware.tactile.difference import NO_CHANGE
from policies.bundle import BundleInfo
from sim2metal_nodes.conversions import RejectedInputError, orientation_wxyz, read_vector
from sim2metal_nodes.inputs import Inputs, Source
from sim2metal_nodes.joint_inputs import joint_order
from sim2metal_nodes.tactile_messages import read_forces, read_pixels

JOINTS, TOOL, FIXTURE = "joint_states", "current_pose", "fixture_pose"
PADS = ("left", "right")
WRIST = "wrist/image"


@dataclass(frozen=True)
class ArmTopics:
    """What an arm's topics carry, which its owner says.

    Attributes:
        base: frame of all poses.
        joints: names in ``joint_states``, in the bundle's order; empty: the bundle's names.
        fixture_s: how much older than the rest the fixture's estimate may be: it stands still.
        no_shear: shear that a pad does not know counts as none.
    """

    base: str
    joints: tuple[str, ...] = ()
    fixture_s: float = 1.0
    no_shear: bool = False


class ArmInputs(Inputs):
    """Subscribes to what one bundle sees, and to nothing else.

    Args:
        node: to subscribe with.
        clock: stamps arrivals.
        info: from the bundle.
        topics: see there.
        on_arrival: called after every message of what comes last: the second pad, or else the tool's pose.
    """

    def __init__(
        self,
        node: Any,
        clock: Clock,
        info: BundleInfo,
        topics: ArmTopics,
        on_arrival: Callable[[int], None] | None = None,
    ) -> None:
        names = topics.joints or info.robot.joint_names
        sources = {
            JOINTS: Source(JointMessage, None, lambda topic, message: read_positions(topic, message, names)),
            TOOL: Source(PoseStamped, topics.base, read_pose),
            FIXTURE: Source(PoseStamped, topics.base, read_pose, topics.fixture_s),
        }
        self._images: dict[str, tuple[str, ...]] = {}
        for image in info.images:
            found = _image_sources(image.name, image.shape, topics.no_shear)
            self._images[image.name] = tuple(found)
            sources |= found
        pace = list(sources)[-1] if self._images else TOOL
        super().__init__(node, clock, sources, pace, on_arrival)
        self.pace = pace

    def state(self) -> ArmState | None:
        """Return the newest state, as old as its oldest part; ``None`` before every topic was heard."""
        received_ns = self.oldest_ns
        if received_ns is None:
            return None
        values = {topic: entry.value for topic, entry in self.newest.items()}
        tool, fixture = values[TOOL], values[FIXTURE]
        return ArmState(
            received_ns=received_ns,
            robot_ms=self.newest[TOOL].stamp_ns // 1_000_000,
            joint_position=values[JOINTS],
            tool_position=tool[:3],
            tool_wxyz=tool[3:],
            fixture_position=fixture[:3],
            fixture_wxyz=fixture[3:],
            images={name: np.stack([values[topic] for topic in topics]) for name, topics in self._images.items()},
        )


def _image_sources(name: str, shape: tuple[int, ...], no_shear: bool) -> dict[str, Source]:
    """Return the topics of one of the bundle's images; see ``hardware.arm.observation.IMAGES``."""
    if name == "wrist":
        return {WRIST: Source(Image, None, partial(_read_picture, shape=shape))}
    if name == "field":
        read = partial(_read_field, shape=shape[1:], no_shear=no_shear)
        return {f"{pad}/force_field": Source(PointCloud2, None, read) for pad in PADS}
    return {f"{pad}/difference": Source(Image, None, partial(_read_difference, shape=shape[1:])) for pad in PADS}


def _read_field(topic: str, message: Any, shape: tuple[int, ...], no_shear: bool) -> np.ndarray:
    return read_forces(topic, message, shape, no_shear)


def _read_difference(topic: str, message: Any, shape: tuple[int, ...]) -> np.ndarray:
    return read_pixels(topic, message, shape) - NO_CHANGE


def _read_picture(topic: str, message: Any, shape: tuple[int, ...]) -> np.ndarray:
    return read_pixels(topic, message, shape)


def read_positions(topic: str, message: Any, names: Sequence[str]) -> Vector:
    """Return positions in the order of ``names``; other joints, velocities and efforts do not matter.

    Raises:
        RejectedInputError: if a joint is missing or twice there, or positions are.
    """
    if len(message.position) != len(message.name):
        raise RejectedInputError(f"{topic}: {len(message.name)} names need as many positions")
    return tuple(float(message.position[i]) for i in joint_order(topic, message, names))


def read_pose(topic: str, message: Any) -> Vector:
    """Return position, m, and quaternion, wxyz, (7,).

    Raises:
        RejectedInputError: if the quaternion is no rotation.
    """
    return (*read_vector(message.pose.position), *orientation_wxyz(topic, message.pose.orientation))
