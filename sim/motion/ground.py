"""What of a character meets the ground: soles, centre of mass, and which feet are in contact, whoever moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.motion import skeleton
from sim.motion.clip import HUMAN, Clip
from sim.motion.robot_poses import robot_poses

Array = NDArray[np.float64]

CONTACT_STEP_M = float(np.sqrt(0.002))
"""A foot that moves less from frame to frame at ``RULE_FPS`` may be in contact (PBHC, arXiv 2506.12851)."""
RULE_FPS = 30.0
"""Frame rate of the rules of PBHC; they are applied to other rates in seconds."""
ANKLE_HEIGHT_M, TOE_HEIGHT_M = 0.15, 0.10
"""Below which they may be in contact (PBHC), for a person of ``skeleton.STATURE_M``; others in proportion."""


@dataclass(frozen=True)
class Ground:
    """A character over T frames.

    Attributes:
        feet: names.
        foot_position: middle of each sole, m; (T, feet, 3).
        foot_points: points of each foot, one of which is its lowest, m; a list of (T, points, 3).
        center_of_mass: m; (T, 3).
        lowest: of all shapes, m; (T,).
        contact: (T, feet), bool: the clip's own where it has it, else by the published rule.
    """

    feet: tuple[str, ...]
    foot_position: Array
    foot_points: list[Array]
    center_of_mass: Array
    lowest: Array
    contact: NDArray[np.bool_]

    @property
    def foot_heights(self) -> Array:
        """Height of the lowest point of each foot, m; (T, feet)."""
        return np.stack([points[..., 2].min(axis=1) for points in self.foot_points], axis=1)

    @property
    def all_points(self) -> Array:
        """Points of all feet, m; (T, points, 3)."""
        return np.concatenate(self.foot_points, axis=1)


def ground_of(clip: Clip) -> Ground:
    """Compute it.

    Raises:
        ConfigError: for a clip that is not of the robot it says it is of.
    """
    return _of_person(clip) if clip.character == HUMAN else _of_robot(clip)


def contact_mask(ankle_w: Array | None, toe_w: Array, fps: float, size: float = 1.0) -> NDArray[np.bool_]:
    """Return which feet are in contact, by PBHC's rule: slow and low, at the ankle or at the toes; (T, feet).

    Args:
        ankle_w: m; (T, feet, 3); ``None`` for feet without.
        toe_w: m; (T, feet, 3).
        fps: frames per second.
        size: of the character over a person's, which scales the rule's lengths.
    """
    toes = _slow_and_low(toe_w, fps, size * TOE_HEIGHT_M, size)
    return toes if ankle_w is None else toes | _slow_and_low(ankle_w, fps, size * ANKLE_HEIGHT_M, size)


def _slow_and_low(place: Array, fps: float, height_m: float, size: float) -> NDArray[np.bool_]:
    step = np.linalg.norm(np.diff(place, axis=0, prepend=place[:1]), axis=2) * fps / RULE_FPS
    step[0] = step[1]
    return (step < size * CONTACT_STEP_M) & (place[..., 2] < height_m)


def _of_person(clip: Clip) -> Ground:
    stature = skeleton.stature_from(clip.body_position_w)
    points = skeleton.sole_points(clip.body_position_w, clip.body_quaternion_w, stature)
    if clip.contact_names:
        contact = clip.contact[:, [clip.contact_names.index(name) for name in skeleton.FEET]]
    else:
        ankle = clip.body_position_w[:, [clip.body(name) for name in skeleton.FEET]]
        toe = clip.body_position_w[:, [clip.body("left_foot"), clip.body("right_foot")]]
        contact = contact_mask(ankle, toe, clip.fps, stature / skeleton.STATURE_M)
    return Ground(
        skeleton.FEET, points.mean(axis=2), [points[:, 0], points[:, 1]], skeleton.center_of_mass(clip.body_position_w),
        points[..., 2].min(axis=(1, 2)), contact,
    )  # fmt: skip


def _of_robot(clip: Clip) -> Ground:
    poses = robot_poses(clip)
    place = poses.position[:, [poses.of(name) for name in poses.foot_names]]
    known = [clip.contact_names.index(name) for name in poses.foot_names if name in clip.contact_names]
    if len(known) == len(poses.foot_names):
        contact = clip.contact[:, known]
    else:  # a robot's feet have one point: the site is at the sole, so the lower of the two heights counts
        size = float(np.median(clip.root_position_w[:, 2])) / (skeleton.OFFSETS[0, 2] * skeleton.STATURE_M)
        contact = contact_mask(None, place, clip.fps, size)
    return Ground(poses.foot_names, place, poses.foot_points, poses.center_of_mass, poses.lowest, contact)
