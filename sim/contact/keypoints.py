"""How far an object is from where it belongs, as the mean distance of keypoints on its axis, and the reward for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.quaternions import rotate

Array = NDArray[np.float64]
KEYPOINTS = 4
REWARD_LINE_M = 0.5
"""Length of the line of keypoints in the reward: longer than the object, so that tilt counts (TacSL's settings)."""
SCALE, SHARPNESS, OFFSET, CHANGE_WEIGHT = 0.1, 50.0, 1e-4, 0.001


def keypoint_distance(
    position_w: Array, quaternion_w: Array, goal_position_w: Array, goal_quaternion_w: Array, line_m: float
) -> Array:
    """Return the mean distance of keypoints, spread evenly over a line along z, from their goals, m; (n,)."""
    heights = np.linspace(-0.5, 0.5, KEYPOINTS) * line_m
    axis = rotate(quaternion_w, (0.0, 0.0, 1.0)) - rotate(goal_quaternion_w, (0.0, 0.0, 1.0))
    apart = (position_w - goal_position_w)[:, None] + heights[:, None] * axis[:, None]
    return np.linalg.norm(apart, axis=2).mean(axis=1)


def reward(distance_m: Array, change: Array, contact_n: Array, contact_weight: float) -> Array:
    """Return 0.1 (-d) + 0.1 / (e^(50 d) + 1e-4 + e^(-50 d)) - 0.001 |da| - w f (TacSL, arXiv 2408.06506); (n,).

    Args:
        distance_m: of the keypoints, (n,).
        change: of the action since the last step, (n, 6).
        contact_n: force between object and fixture, N, (n,).
        contact_weight: w, 1/N.
    """
    steep = np.exp(np.minimum(SHARPNESS * distance_m, 50.0))
    shaped = SCALE / (steep + OFFSET + 1.0 / steep)
    return -SCALE * distance_m + shaped - CHANGE_WEIGHT * np.linalg.norm(change, axis=1) - contact_weight * contact_n
