"""The URDF of a robot with joints, made from its compiled MuJoCo model: what ROS calls ``robot_description``.

Conventions of URDF (https://wiki.ros.org/urdf/XML): a link's frame is at the joint that moves it, which here is its
body's frame, because joints of these models sit at the origins of their bodies; ``rpy`` are angles about the fixed
axes x, y, z in this order; there are no capsules, so that one becomes a cylinder with a sphere at either end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.bodies.model import build_joint_model
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import JointParameters, RobotSpec

DIGITS = 9
"""Significant digits: rounding a length of a metre to nanometres."""
Geom = mujoco.mjtGeom


def joint_robot_urdf(robot: RobotSpec | str, parameter_set: JointParameters | str | None = None) -> str:
    """Return the URDF of a robot with joints: links, inertias, joints with their limits, primitive shapes.

    Args:
        robot: the robot or its name.
        parameter_set: the set or its name; the robot's default when None.

    Raises:
        ConfigError: for an unknown robot or set, a robot without joints, or a model that URDF cannot express.
    """
    spec = load_robot(robot) if isinstance(robot, str) else robot
    parameters = parameter_set if isinstance(parameter_set, JointParameters) else spec.parameters(parameter_set)
    model = build_joint_model(spec, parameters, floor=False)
    root = ET.Element("robot", name=spec.name)
    bodies = range(1, model.nbody)  # body 0 is the world
    for body in bodies:
        _link(root, model, body)
    speeds = dict(zip(parameters.joint_names, parameters.velocity_rad_s))
    for body in bodies:
        if model.body_parentid[body] != 0:
            _joint(root, model, body, speeds)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _link(root: ET.Element, model: mujoco.MjModel, body: int) -> None:
    link = ET.SubElement(root, "link", name=model.body(body).name)
    inertial = ET.SubElement(link, "inertial")
    _origin(inertial, model.body_ipos[body], np.array([1.0, 0.0, 0.0, 0.0]))
    ET.SubElement(inertial, "mass", value=_number(model.body_mass[body]))
    turn = _matrix(model.body_iquat[body])
    inertia = turn @ np.diag(model.body_inertia[body]) @ turn.T  # about the centre of mass, along the link's axes
    names = (("ixx", 0, 0), ("ixy", 0, 1), ("ixz", 0, 2), ("iyy", 1, 1), ("iyz", 1, 2), ("izz", 2, 2))
    ET.SubElement(inertial, "inertia", {name: _number(inertia[i, j]) for name, i, j in names})
    for geom in np.flatnonzero(model.geom_bodyid == body):
        _visual(link, model, int(geom))


def _joint(root: ET.Element, model: mujoco.MjModel, body: int, speeds: dict[str, float]) -> None:
    parent = model.body(model.body_parentid[body]).name
    if model.body_jntnum[body] == 0:
        _fixed(root, model, body, parent)
        return
    if model.body_jntnum[body] != 1:
        raise ConfigError(f"body '{model.body(body).name}' has {model.body_jntnum[body]} joints: URDF has one at most")
    index = int(model.body_jntadr[body])
    name = model.joint(index).name
    if model.jnt_type[index] != mujoco.mjtJoint.mjJNT_HINGE or model.jnt_pos[index].any() or name not in speeds:
        raise ConfigError(f"joint '{name}' is no hinge of the robot at the origin of its body: it has no URDF")
    joint = _between(root, model, body, parent, name, "revolute")
    ET.SubElement(joint, "axis", xyz=_numbers(model.jnt_axis[index]))
    low, high = model.jnt_range[index]
    effort = model.actuator(name).forcerange[1]
    limits = {"lower": low, "upper": high, "effort": effort, "velocity": speeds[name]}
    ET.SubElement(joint, "limit", {key: _number(value) for key, value in limits.items()})
    damping = model.dof_damping[model.jnt_dofadr[index]]
    ET.SubElement(joint, "dynamics", damping=_number(damping), friction="0")


def _fixed(root: ET.Element, model: mujoco.MjModel, body: int, parent: str) -> None:
    """Join a link that does not move to the one that carries it."""
    _between(root, model, body, parent, f"{model.body(body).name}_fixed", "fixed")


def _between(root: ET.Element, model: mujoco.MjModel, body: int, parent: str, name: str, kind: str) -> ET.Element:
    joint = ET.SubElement(root, "joint", name=name, type=kind)
    _origin(joint, model.body_pos[body], model.body_quat[body])
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=model.body(body).name)
    return joint


def _visual(link: ET.Element, model: mujoco.MjModel, geom: int) -> None:
    """Add what a shape looks like."""
    place, turn = model.geom_pos[geom], model.geom_quat[geom]
    material = model.geom_matid[geom]
    for offset, shape, sizes in _shapes(Geom(model.geom_type[geom]), model.geom_size[geom]):
        visual = ET.SubElement(link, "visual")
        _origin(visual, place + _matrix(turn) @ np.array([0.0, 0.0, offset]), turn)
        ET.SubElement(ET.SubElement(visual, "geometry"), shape, sizes)
        if material >= 0:
            look = ET.SubElement(visual, "material", name=model.mat(material).name)
            ET.SubElement(look, "color", rgba=_numbers(np.round(model.mat_rgba[material].astype(np.float64), 4)))


def _shapes(kind: mujoco.mjtGeom, size: NDArray) -> Iterator[tuple[float, str, dict[str, str]]]:
    """Yield offset along z, URDF shape and its sizes; MuJoCo's sizes are halves."""
    if kind == Geom.mjGEOM_BOX:
        yield 0.0, "box", {"size": _numbers(2.0 * size)}
    elif kind == Geom.mjGEOM_SPHERE:
        yield 0.0, "sphere", {"radius": _number(size[0])}
    elif kind in (Geom.mjGEOM_CAPSULE, Geom.mjGEOM_CYLINDER):
        yield 0.0, "cylinder", {"radius": _number(size[0]), "length": _number(2.0 * size[1])}
        if kind == Geom.mjGEOM_CAPSULE:
            for end in (-size[1], size[1]):
                yield end, "sphere", {"radius": _number(size[0])}
    else:
        raise ConfigError(f"a shape of kind {kind.name} has no URDF here: use boxes, spheres, capsules or cylinders")


def _origin(parent: ET.Element, place: NDArray, quaternion: NDArray) -> None:
    ET.SubElement(parent, "origin", xyz=_numbers(place), rpy=_numbers(roll_pitch_yaw(_matrix(quaternion))))


def roll_pitch_yaw(rotation: NDArray) -> tuple[float, float, float]:
    """Return the angles about fixed x, y, z with ``rotation`` = Rz(yaw) Ry(pitch) Rx(roll), rad.

    Args:
        rotation: (3, 3). At a pitch of 90 degrees, where only one of the others is defined, yaw is zero.
    """
    level = float(np.hypot(rotation[0, 0], rotation[1, 0]))
    pitch = float(np.arctan2(-rotation[2, 0], level))
    if level < 1e-9:
        return float(np.arctan2(-rotation[1, 2], rotation[1, 1])), pitch, 0.0
    return (
        float(np.arctan2(rotation[2, 1], rotation[2, 2])),
        pitch,
        float(np.arctan2(rotation[1, 0], rotation[0, 0])),
    )


def _matrix(quaternion: NDArray) -> NDArray:
    matrix = np.empty(9)
    mujoco.mju_quat2Mat(matrix, np.asarray(quaternion, np.float64))
    return matrix.reshape(3, 3)


def _number(value: float) -> str:
    return f"{float(value) + 0.0:.{DIGITS}g}"


def _numbers(values: Sequence[float] | NDArray) -> str:
    return " ".join(_number(0.0 if abs(value) < 1e-12 else value) for value in values)
