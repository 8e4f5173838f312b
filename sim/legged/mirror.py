"""Left and right exchanged: what a body on legs sees and does, seen in a mirror.

The mirror is the robot's plane y = 0. Which joint is whose image, and with which sign, is found in the model: a joint's
anchor is mirrored as a point, its axis as an axial vector. So no names have to be agreed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.bodies.model import build_joint_model
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import JointParameters, ObservationTerm

POINT, AXIAL = np.array([1.0, -1.0, 1.0]), np.array([-1.0, 1.0, -1.0])
"""Signs of a mirrored vector, and of a mirrored turn or angular velocity."""
_NEAR_M = 0.01
"""How far the two sides of a robot differ: its parts are not all alike."""
_ITSELF_M = 1e-6
"""By which a part is further from its own image than it is: where the legs of a planar robot coincide, they change."""
_ALIGNED = 0.99
"""Cosine of the angle that axes may differ by."""
_SIGNS = {
    "gravity_b": POINT,
    "velocity_b": POINT,
    "angular_velocity_b": AXIAL,
    "velocity_command": np.array([1.0, -1.0, -1.0]),
    **dict.fromkeys(("twist_command", "hand_error", "hand_twist"), np.concatenate([POINT, AXIAL])),
}
_JOINT_TERMS = ("joint_position_offset", "joint_velocity", "applied_action", "target_centre")
_FOOT_TERMS = ("foot_height", "foot_contact", "air_time", "foot_height_command")
_SAME_TERMS = ("base_height", "friction", "base_mass", "action_delay")


@dataclass(frozen=True)
class Mirror:
    """A vector's image: ``vector[..., order] * sign``."""

    order: NDArray[np.intp]
    sign: NDArray[np.float32]

    def __call__(self, vector: NDArray) -> NDArray:
        """Return the image, (..., n)."""
        return vector[..., self.order] * self.sign


@dataclass(frozen=True)
class BodyMirror:
    """Images of a robot's joints and feet."""

    joints: Mirror
    feet: Mirror

    def terms(self, terms: Sequence[ObservationTerm]) -> Mirror:
        """Return the mirror of a flat observation.

        Raises:
            ConfigError: for a term whose image is not known.
        """
        order, sign, first = [], [], 0
        for term in terms:
            part = self._term(term)
            order.append(first + part.order)
            sign.append(part.sign)
            first += term.size
        return Mirror(np.concatenate(order), np.concatenate(sign).astype(np.float32))

    def _term(self, term: ObservationTerm) -> Mirror:
        if term.name in _JOINT_TERMS:
            return self.joints
        if term.name in _FOOT_TERMS:
            return self.feet
        sign = np.ones(term.size) if term.name in _SAME_TERMS else _SIGNS.get(term.name)
        if sign is None:
            raise ConfigError(f"observation '{term.name}' has no mirror image")
        return Mirror(np.arange(term.size), sign.astype(np.float32))


def find_mirror(robot: str, parameters: JointParameters) -> BodyMirror:
    """Find which joints and feet are each other's images.

    Raises:
        ConfigError: if the robot has a joint or a foot without an image, or a pose or action scales that are not
            their own.
    """
    model = build_joint_model(load_robot(robot), parameters, floor=False)
    data = mujoco.MjData(model)
    data.qpos[:7] = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    data.qpos[7:] = 0.0
    mujoco.mj_kinematics(model, data)
    joints = _joint_mirror(robot, parameters.joint_names, data.xanchor[1:], data.xaxis[1:])
    pose, scale = np.array(parameters.default_pose_rad), np.array(parameters.action_scale_rad)
    for what, one, image in (("default pose", pose, joints(pose)), ("action scale", scale, scale[joints.order])):
        if not np.allclose(image, one, atol=1e-3):
            raise ConfigError(f"robot '{robot}': its {what} differs between left and right")
    places = np.array([data.site(foot).xpos for foot in parameters.feet])
    feet = _images(robot, parameters.feet, np.linalg.norm(places[:, None] * POINT - places, axis=2))
    return BodyMirror(joints, Mirror(feet, np.ones(len(feet), np.float32)))


def _joint_mirror(robot: str, names: Sequence[str], anchors: NDArray, axes: NDArray) -> Mirror:
    along = (axes[:, None] * AXIAL * axes).sum(2)
    apart = np.linalg.norm(anchors[:, None] * POINT - anchors, axis=2)
    order = _images(robot, names, np.where(np.abs(along) > _ALIGNED, apart, np.inf))
    return Mirror(order, np.sign(along[np.arange(len(order)), order]).astype(np.float32))


def _images(robot: str, names: Sequence[str], apart: NDArray) -> NDArray[np.intp]:
    """Return the nearest of each; it must be near, and each the other's."""
    nearest = (apart + _ITSELF_M * np.eye(len(apart))).argmin(1)
    for k, name in enumerate(names):
        if not (apart[k, nearest[k]] < _NEAR_M and nearest[nearest[k]] == k):
            raise ConfigError(f"robot '{robot}': '{name}' has no mirror image")
    return nearest
