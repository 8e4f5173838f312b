"""A character's pose as the numbers that a network gives, and back.

In order, in the heading frame of ``window.py``: place of the base, two columns of its rotation, joint angles, places
of the frames that follow head and hands, and for each foot the probability of contact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sim.errors import ConfigError
from sim.motion.clip import Clip
from sim.motion.mapping import Target, load_mapping
from sim.motion.robot_poses import robot_poses
from sim.motion.source import SOLES
from sim.motion.sparse.tracked import TRACKED
from sim.motion.sparse.window import Heading, columns
from sim.quaternions import conjugate, multiply
from sim.registry import load_robot

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Guess:
    """Where a character probably is, world frame.

    Attributes:
        qpos: base, its quaternion and joints; (7 + J,).
        places: of the frames that follow head and hands, m; (3, 3).
        contact: probability, of each foot; (F,).
    """

    qpos: Array
    places: Array
    contact: Array


def tracked_targets(robot: str) -> list[Target]:
    """Return which of a robot's frames follow head and hands, in the order of ``TRACKED``.

    Raises:
        ConfigError: for a robot without mapping, or one with no head or hands that follow a person's.
    """
    by_source = {target.source: target for target in load_mapping(robot).targets}
    missing = [name for name in TRACKED if name not in by_source]
    if missing:
        raise ConfigError(f"robot '{robot}' has no frame that follows a person's '{missing[0]}' (in its retarget.py)")
    return [by_source[name] for name in TRACKED]


def foot_targets(robot: str) -> list[Target]:
    """Return the targets of a robot's feet, left and right."""
    return [target for target in load_mapping(robot).targets if target.source in SOLES]


def frame_places(clip: Clip, targets: list[Target]) -> Array:
    """Return where frames of a robot are in a clip, world, m; (T, frames, 3)."""
    poses = robot_poses(clip)
    return poses.position[:, [poses.of(target.frame) for target in targets]]


def code_size(robot: str) -> int:
    """Return how many numbers a pose has."""
    return 9 + len(load_robot(robot).joint_names) + 3 * len(TRACKED) + len(foot_targets(robot))


def encode(clip: Clip, heading: Heading) -> Array:
    """Return the numbers of every frame of a robot's clip; (T, code_size).

    Args:
        clip: of the robot, with the contacts of its feet.
        heading: of the person it was made from.
    """
    places = frame_places(clip, tracked_targets(clip.character))
    root = heading.to_local(clip.root_position_w[:, None])[:, 0]
    turn = columns(multiply(conjugate(heading.quaternion), clip.root_quaternion_w))
    local = heading.to_local(places).reshape(clip.num_frames, -1)
    feet = [clip.contact_names.index(target.frame) for target in foot_targets(clip.character)]
    return np.concatenate([root, turn, clip.joint_angles, local, clip.contact[:, feet].astype(float)], axis=1)


def decode(code: Array, heading: Heading, num_joints: int) -> Guess:
    """Return the pose of one frame.

    Args:
        code: (code_size,).
        heading: of one frame.
        num_joints: J of the robot.
    """
    root, places = heading.to_world(code[None, None, :3])[0, 0], 9 + num_joints
    local = code[places : places + 3 * len(TRACKED)].reshape(1, -1, 3)
    turn = multiply(heading.quaternion[0], _quaternion(code[3:6], code[6:9]))
    return Guess(
        qpos=np.concatenate([root, turn, code[9:places]]),
        places=heading.to_world(local)[0],
        contact=code[places + 3 * len(TRACKED) :],
    )


def _quaternion(x: Array, y: Array) -> Array:
    """Return the rotation with these columns, after Gram and Schmidt."""
    first = x / max(float(np.linalg.norm(x)), 1e-9)
    second = y - (first @ y) * first
    second = second / max(float(np.linalg.norm(second)), 1e-9)
    matrix = np.stack([first, second, np.cross(first, second)], axis=1)
    return Rotation.from_matrix(matrix).as_quat(scalar_first=True)
