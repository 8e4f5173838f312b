"""The three poses that a headset and two controllers give, and how they are scaled to a character.

Positions are scaled about the world's origin by the heights of the bases, as feet and centre of mass are in
``sim/motion/retarget.py``; a wearer's size is therefore all that is asked of a person beside the poses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.motion.clip import Clip
from sim.motion.rest import Rest
from sim.motion.source import Source, source_of

Array = NDArray[np.float64]

TRACKED = ("head", "left_hand", "right_hand")
"""Names of the poses, in their order everywhere."""
TRACKER_FPS = 60.0
"""Poses per second; headsets give 60 to 120."""
MOST_FROM_GROUND = 3.0
"""The head of a person is never higher than this many heights of the pelvis."""
MOST_REACH = 2.5
"""A hand is never further from the head than this many heights of the pelvis."""


@dataclass(frozen=True)
class Tracked:
    """T frames of the three poses, of a person scaled to a character; world frame, z up, the ground at z = 0.

    Attributes:
        position: m; (T, 3, 3), in the order of ``TRACKED``.
        quaternion: wxyz, the identity in a person who stands upright, arms out, facing x; (T, 3, 4).
    """

    position: Array
    quaternion: Array

    def __len__(self) -> int:
        return len(self.position)

    def noisy(self, rng: np.random.Generator, position_m: float, turn_rad: float) -> Tracked:
        """Return the poses with normal noise of these deviations on each component."""
        from sim.quaternions import from_rotation_vector, multiply

        turns = from_rotation_vector(rng.normal(0.0, turn_rad, (*self.quaternion.shape[:2], 3)))
        return Tracked(
            self.position + rng.normal(0.0, position_m, self.position.shape), multiply(self.quaternion, turns)
        )


def tracked_of(clip: Clip, robot: str) -> Tracked:
    """Return the three poses in a clip, scaled to a robot.

    Raises:
        ConfigError: if the clip has no head or hands, or its places are not those of a person in metres.
    """
    return tracked_from(source_of(clip), robot, clip.name)


def tracked_from(source: Source, robot: str, name: str) -> Tracked:
    """Return the three poses in what moves, scaled to a robot; ``name`` is for errors.

    Raises:
        ConfigError: as ``tracked_of``.
    """
    missing = [part for part in TRACKED if part not in source.poses]
    if missing:
        raise ConfigError(f"clip '{name}' has no '{missing[0]}': three poses are needed, {', '.join(TRACKED)}")
    rest = Rest(robot)
    scale = rest.height_m / source.height_m
    position = np.stack([scale * source.poses[part][0] for part in TRACKED], axis=1)
    tracked = Tracked(position, np.stack([source.poses[part][1] for part in TRACKED], axis=1))
    check_tracked(tracked, rest.height_m, name)
    return tracked


def check_tracked(tracked: Tracked, height_m: float, name: str) -> None:
    """Refuse poses that no person has.

    Args:
        tracked: scaled to a robot.
        height_m: of the robot's base above the ground.
        name: of where they are from.

    Raises:
        ConfigError: naming the pose and the frame.
    """
    lengths = np.linalg.norm(tracked.quaternion, axis=-1)
    ways = np.linalg.norm(tracked.position - tracked.position[:, :1], axis=-1)
    heights = tracked.position[..., 2]
    high = np.zeros(heights.shape, bool)
    high[:, 0] = (heights[:, 0] < 0.0) | (heights[:, 0] > MOST_FROM_GROUND * height_m)
    problems = (
        (~np.isfinite(tracked.position).all(axis=-1) | ~np.isfinite(lengths), "is not finite"),
        (np.abs(lengths - 1.0) > 1e-3, "has a quaternion that is not of length 1"),
        (high, "is below the ground or far above a standing person: expected metres, z up"),
        (ways > MOST_REACH * height_m, "is further from the head than an arm: expected metres"),
    )
    for wrong, text in problems:
        if wrong.any():
            frame, part = np.argwhere(wrong)[0]
            raise ConfigError(f"'{name}': the pose of '{TRACKED[part]}' in frame {frame} {text}")
