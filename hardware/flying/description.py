"""URDF of a multirotor from a bundle's constants, for ``robot_description`` and RViz."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

from sim.errors import ConfigError

BODY_THICKNESS_M = 0.02
ROTOR_RADIUS_SHARE = 0.5
"""Rotor radius as a share of the distance from the centre, for display."""


def multirotor_urdf(name: str, constants: dict[str, Any], body_frame: str = "base_link") -> str:
    """Return the URDF of a multirotor: one link with its mass and inertia, a disc per rotor.

    Args:
        name: of the robot.
        constants: ``MultirotorParameters`` as data, from the bundle.
        body_frame: name of the link.

    Raises:
        ConfigError: if a constant is missing.
    """
    try:
        mass, inertia, rotors = constants["mass"], constants["inertia"], constants["rotor_position_b"]
    except KeyError as error:
        raise ConfigError(f"robot '{name}' has no constant {error}: its description cannot be made") from None
    robot = ET.Element("robot", name=name)
    link = ET.SubElement(robot, "link", name=body_frame)
    inertial = ET.SubElement(link, "inertial")
    ET.SubElement(inertial, "mass", value=repr(float(mass)))
    ixx, iyy, izz = (repr(float(value)) for value in inertia)
    ET.SubElement(inertial, "inertia", ixx=ixx, iyy=iyy, izz=izz, ixy="0", ixz="0", iyz="0")
    for x, y, _ in rotors:
        _bar(link, (x, y))
    for x, y, z in rotors:
        _disc(link, (x, y, z + 0.5 * BODY_THICKNESS_M))
    return ET.tostring(robot, encoding="unicode")


def _bar(link: ET.Element, end: Sequence[float]) -> None:
    """Half the body's frame: a box from the centre to a rotor."""
    x, y = end
    visual = ET.SubElement(link, "visual")
    length = math.hypot(x, y)
    angle = math.atan2(y, x)
    ET.SubElement(visual, "origin", xyz=f"{x / 2} {y / 2} 0", rpy=f"0 0 {angle}")
    ET.SubElement(ET.SubElement(visual, "geometry"), "box", size=f"{length} 0.006 {BODY_THICKNESS_M}")
    _material(visual, "frame", "0.15 0.15 0.15 1")


def _disc(link: ET.Element, centre: Sequence[float]) -> None:
    x, y, z = centre
    visual = ET.SubElement(link, "visual")
    ET.SubElement(visual, "origin", xyz=f"{x} {y} {z}", rpy="0 0 0")
    radius = ROTOR_RADIUS_SHARE * math.hypot(x, y)
    ET.SubElement(ET.SubElement(visual, "geometry"), "cylinder", radius=repr(radius), length="0.002")
    _material(visual, "rotor", "0.2 0.5 0.9 0.6")


def _material(visual: ET.Element, name: str, rgba: str) -> None:
    ET.SubElement(ET.SubElement(visual, "material", name=name), "color", rgba=rgba)
