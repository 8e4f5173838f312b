"""Where the links of a robot are on their parents, from its URDF and its joints' angles: what RViz draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from hardware.states import Vector
from sim.errors import ConfigError

LONGEST = 1_000_000
"""A longer text is no description of a robot here."""


@dataclass(frozen=True, slots=True)
class LinkPose:
    """A link on its parent."""

    parent: str
    child: str
    position: Vector
    """(3,) m"""
    orientation_wxyz: Vector
    """(4,) unit quaternion, parent<-child."""


@dataclass(frozen=True, slots=True)
class _Joint:
    parent: str
    child: str
    position: Vector
    turn: Vector
    axis: Vector
    index: int | None
    """Its place among the angles; ``None`` for a fixed joint."""


class JointFrames:
    """The joints of a URDF.

    Args:
        urdf: the text.
        names: joints in the order of the angles that will be given.
        base: link that nothing moves.

    Raises:
        ConfigError: if the text is no URDF, has other joints, or another base.
    """

    def __init__(self, urdf: str, names: Sequence[str], base: str) -> None:
        if len(urdf) > LONGEST or "<!ENTITY" in urdf:
            raise ConfigError("this text is no robot's description (URDF)")
        try:
            root = ET.fromstring(urdf)
            self._joints = [_read_joint(element, names) for element in root.findall("joint")]
        except (ET.ParseError, ValueError, AttributeError) as error:
            raise ConfigError(f"this text is no robot's description (URDF): {error}") from None
        known = {element.get("name") for element in root.findall("joint")}
        missing = [name for name in names if name not in known]
        if missing:
            raise ConfigError(f"the robot's description has no joint '{missing[0]}': it is another robot's")
        moved = {joint.child for joint in self._joints}
        bases = [link.get("name") for link in root.findall("link") if link.get("name") not in moved]
        if bases != [base]:
            raise ConfigError(f"the robot's description has the base {bases}, expected '{base}'")

    def links(self, angles: Sequence[float]) -> list[LinkPose]:
        """Return where every link but the base is.

        Args:
            angles: (n,) rad.
        """
        poses = []
        for joint in self._joints:
            angle = 0.0 if joint.index is None else float(angles[joint.index])
            half, sine = 0.5 * angle, math.sin(0.5 * angle)
            x, y, z = joint.axis
            turn = _multiply(joint.turn, (math.cos(half), sine * x, sine * y, sine * z))
            poses.append(LinkPose(joint.parent, joint.child, joint.position, turn))
        return poses


def _read_joint(element: ET.Element, names: Sequence[str]) -> _Joint:
    kind, name = element.get("type"), element.get("name", "")
    if kind not in ("revolute", "continuous", "fixed"):
        raise ValueError(f"joint '{name}' of type '{kind}'")
    origin, axis = element.find("origin"), element.find("axis")
    position = _vector(origin, "xyz", "0 0 0")
    roll, pitch, yaw = _vector(origin, "rpy", "0 0 0")
    direction = _vector(axis, "xyz", "1 0 0")
    length = math.hypot(*direction)
    if not length > 0.0:
        raise ValueError(f"joint '{name}' has no axis")
    if kind != "fixed" and name not in names:
        raise ValueError(f"a joint '{name}' that the robot does not have")
    return _Joint(
        element.find("parent").get("link", ""),  # type: ignore[union-attr]  # its absence is an AttributeError
        element.find("child").get("link", ""),  # type: ignore[union-attr]
        position,
        _from_roll_pitch_yaw(roll, pitch, yaw),
        tuple(value / length for value in direction),
        None if kind == "fixed" else names.index(name),
    )


def _vector(element: ET.Element | None, attribute: str, default: str) -> Vector:
    text = default if element is None else element.get(attribute, default)
    values = tuple(float(word) for word in text.split())
    if len(values) != 3 or not all(map(math.isfinite, values)):
        raise ValueError(f"'{text}' where three numbers are expected")
    return values


def _from_roll_pitch_yaw(roll: float, pitch: float, yaw: float) -> Vector:
    """Return the quaternion of turns about fixed x, then y, then z."""
    turns = [(math.cos(angle / 2.0), math.sin(angle / 2.0)) for angle in (roll, pitch, yaw)]
    (cr, sr), (cp, sp), (cy, sy) = turns
    return _multiply((cy, 0.0, 0.0, sy), _multiply((cp, 0.0, sp, 0.0), (cr, sr, 0.0, 0.0)))


def _multiply(a: Vector, b: Vector) -> Vector:
    """Return the product of two quaternions, wxyz."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )
