"""What a robot is to follow, whoever moves: a person, or a robot whose frames stand for a person's bodies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.motion import skeleton
from sim.motion.clip import HUMAN, Clip
from sim.motion.mapping import load_mapping
from sim.motion.rest import Rest
from sim.motion.robot_poses import robot_poses
from sim.quaternions import conjugate, multiply, rotate

Array = NDArray[np.float64]
Pose = tuple[Array, Array]

EASY_HEIGHT = 0.54
"""Of the pelvis of a person who stands easily, in statures: 0.02 below that of straight legs."""
SOLES = {"left_sole": "left", "right_sole": "right"}
"""Names of the middles of the soles, and their sides."""
REACH = 0.386
"""Shoulder to the middle of the hand, in statures: Winter's upper arm, forearm and half a hand."""


@dataclass(frozen=True)
class Source:
    """Bodies of who moves, over T frames.

    Attributes:
        poses: name of a person's body, or ``left_sole`` and ``right_sole`` -> positions, m, (T, 3), and turns, (T, 4),
            which are the identity in a person who stands upright, arms out, facing x.
        center_of_mass: m; (T, 3).
        height_m: of the pelvis in easy standing.
        reach_m: from the shoulder to the hand.
    """

    poses: dict[str, Pose]
    center_of_mass: Array
    height_m: float
    reach_m: float


def source_of(clip: Clip) -> Source:
    """Return what can be followed in a clip.

    Raises:
        ConfigError: for a robot that has no ``retarget.py``.
    """
    return _person(clip) if clip.character == HUMAN else _robot(clip)


def _person(clip: Clip) -> Source:
    stature = skeleton.stature_from(clip.body_position_w)
    poses = {name: (clip.body_position_w[:, k], clip.body_quaternion_w[:, k]) for k, name in enumerate(clip.body_names)}
    points = skeleton.sole_points(clip.body_position_w, clip.body_quaternion_w, stature)
    for index, (sole, side) in enumerate(SOLES.items()):
        poses[sole] = (points[:, index].mean(axis=1), poses[f"{side}_ankle"][1])
    mass = skeleton.center_of_mass(clip.body_position_w)
    return Source(poses, mass, EASY_HEIGHT * stature, REACH * stature)


def _robot(clip: Clip) -> Source:
    """Read the robot's mapping backwards: its frames are where a person of its size would have the bodies."""
    mapping, rest, at = load_mapping(clip.character), Rest(clip.character), robot_poses(clip)
    poses: dict[str, Pose] = {}
    reach = REACH * rest.height_m / EASY_HEIGHT
    for target in mapping.targets:
        index = at.of(target.frame)
        turn = multiply(at.quaternion[:, index], conjugate(rest.turn(target)))
        place = at.position[:, index] - along_heading(turn, target.offset_m)
        if target.source in SOLES:
            place = place - (0.0, 0.0, rest.above_ground_m(target))
        poses.setdefault(target.source, (place, turn))
        if target.anchor is not None:
            anchor = at.of(target.anchor[0])
            poses.setdefault(target.anchor[1], (at.position[:, anchor], at.quaternion[:, anchor]))
            reach = rest.reach_m(target)
    return Source(poses, at.center_of_mass, rest.height_m, reach)


def along_heading(quaternion: Array, offset_m: tuple[float, float]) -> Array:
    """Return an offset given in the heading of something, in the world; (T, 4) -> (T, 3), m."""
    x, y = offset_m
    ahead = rotate(quaternion, (1.0, 0.0, 0.0))
    level = np.linalg.norm(ahead[:, :2], axis=1, keepdims=True)
    cosine, sine = (ahead[:, :2] / np.where(level > 1e-9, level, 1.0)).T
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, np.zeros(len(quaternion))], axis=1)
