"""The URDF: well-formed, with the bundle's mass, inertia and one disc per rotor."""

from dataclasses import asdict
from xml.etree import ElementTree as ET

import pytest

from hardware.flying.description import multirotor_urdf
from sim.errors import ConfigError
from sim.registry import load_robot


def test_the_description_says_what_the_constants_say():
    parameters = load_robot("crazyflie").parameters()
    root = ET.fromstring(multirotor_urdf("crazyflie", asdict(parameters), "cf1"))
    (link,) = root.findall("link")
    assert link.get("name") == "cf1"
    assert float(link.find("inertial/mass").get("value")) == parameters.mass
    inertia = link.find("inertial/inertia")
    assert tuple(float(inertia.get(axis)) for axis in ("ixx", "iyy", "izz")) == parameters.inertia
    discs = [
        [float(value) for value in visual.find("origin").get("xyz").split()]
        for visual in link.findall("visual")
        if visual.find("geometry/cylinder") is not None
    ]
    assert [tuple(disc[:2]) for disc in discs] == [rotor[:2] for rotor in parameters.rotor_position_b]


def test_missing_constants_are_named():
    with pytest.raises(ConfigError, match="mass"):
        multirotor_urdf("thing", {})
