"""Where a leg's joints have to be for its foot to be somewhere, in closed form; its lengths are read in the model.

Legs are of the usual kind: hip pitch, roll and yaw, a knee, ankle pitch and roll. Hip yaw stays at zero; the hip's axes
are taken to meet, which the G1's miss by 3 cm: 15 cm beside its place a foot is off by up to 2 cm and 2 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.bodies.model import build_joint_model
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import JointParameters

Array = NDArray[np.float64]
SIDES = ("left", "right")
LEG_JOINTS = ("hip_pitch", "hip_roll", "hip_yaw", "knee", "ankle_pitch", "ankle_roll")
_STRETCHED_M, _FOLDED = 2e-3, 0.66
"""A leg is at most this much shorter than straight, and not shorter than this share of it."""


@dataclass(frozen=True)
class Leg:
    """One leg; lengths in m.

    Attributes:
        joints: indices of ``LEG_JOINTS``; (6,).
        hip_b: its hip, in the base's frame; (3,).
        thigh: from hip to knee.
        shank: from knee to ankle.
        ankle: of the ankle ahead of the middle of the sole, and above it; (2,).
    """

    joints: NDArray[np.intp]
    hip_b: Array
    thigh: float
    shank: float
    ankle: Array

    def angles(self, sole: Array, roll: Array | float = 0.0, pitch: Array | float = 0.0) -> Array:
        """Return the joints' angles that put a level foot somewhere, rad.

        Args:
            sole: its middle, from the base, in the frame of an upright one; (n, 3) m. One out of reach is approached.
            roll: of the base, rad; it is taken to turn about the hip.
            pitch: likewise, the nose down.

        Returns:
            In the order of ``LEG_JOINTS``; (n, 6).
        """
        x, y, z = (sole + np.array([self.ankle[0], 0.0, self.ankle[1]]) - self.hip_b).T
        x, z = x * np.cos(pitch) - z * np.sin(pitch), x * np.sin(pitch) + z * np.cos(pitch)
        y, z = y * np.cos(roll) + z * np.sin(roll), z * np.cos(roll) - y * np.sin(roll)
        straight = self.thigh + self.shank
        down = np.hypot(y, z)
        length = np.clip(np.hypot(x, down), _FOLDED * straight, straight - _STRETCHED_M)
        knee = np.pi - _corner(self.thigh, self.shank, length)
        hip_pitch = -np.arctan2(x, down) - _corner(self.thigh, length, self.shank)
        hip_roll = np.arctan2(y, -z)
        still = np.zeros_like(knee)
        level = -pitch - hip_pitch - knee, -roll - hip_roll
        return np.stack([hip_pitch, hip_roll, still, knee, *level], axis=1)


def find_legs(robot: str, parameters: JointParameters) -> tuple[Leg, Leg]:
    """Return the left and the right leg.

    Raises:
        ConfigError: if the robot has no two legs of this kind.
    """
    names = [[f"{side}_{joint}_joint" for joint in LEG_JOINTS] for side in SIDES]
    missing = [name for leg in names for name in leg if name not in parameters.joint_names]
    if missing or len(parameters.feet) != len(SIDES):
        kind = ", ".join(LEG_JOINTS)
        raise ConfigError(f"robot '{robot}' has no two legs with {kind}: choose one that has, such as g1")
    model = build_joint_model(load_robot(robot), parameters, floor=False)
    data = mujoco.MjData(model)
    data.qpos[:] = 0.0
    data.qpos[3] = 1.0
    mujoco.mj_kinematics(model, data)
    left, right = (_leg(model, data, parameters, leg, foot) for leg, foot in zip(names, parameters.feet))
    return left, right


def _leg(model: mujoco.MjModel, data: mujoco.MjData, p: JointParameters, names: list[str], foot: str) -> Leg:
    anchors = {joint: data.xanchor[model.joint(name).id] for joint, name in zip(LEG_JOINTS, names)}
    hip = np.array([anchors["hip_pitch"][0], anchors["knee"][1], anchors["hip_pitch"][2]])
    ankle = anchors["ankle_pitch"]
    return Leg(
        joints=np.array([p.joint_names.index(name) for name in names]),
        hip_b=hip,
        thigh=float(hip[2] - anchors["knee"][2]),
        shank=float(anchors["knee"][2] - ankle[2]),
        ankle=(ankle - data.site(foot).xpos)[[0, 2]],
    )


def _corner(one: ArrayLike, other: ArrayLike, opposite: ArrayLike) -> Array:
    """Return the angle between two sides of a triangle, rad, by the law of cosines."""
    one, other, opposite = np.asarray(one), np.asarray(other), np.asarray(opposite)
    return np.arccos(((one**2 + other**2 - opposite**2) / (2.0 * one * other)).clip(-1.0, 1.0))
