"""Which motions somebody could do standing on the ground: the filter of PBHC (arXiv 2506.12851, section 3.1).

The centre of pressure is guessed from how low the feet are, and a frame is stable where the centre of mass is above it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.motion.ground import RULE_FPS, Ground

Array = NDArray[np.float64]

MOST_DISTANCE_M = 0.1
"""Between the centres in a stable frame (PBHC), level."""
LONGEST_GAP_S = 100.0 / RULE_FPS
"""Between stable frames: 100 frames (PBHC)."""
DECAY_PER_M, SINK_PER_M = 10.0, 100.0
"""A point at height h above the ground counts exp(-10 h), below it 1 - 100 h (PBHC)."""


@dataclass(frozen=True)
class Stability:
    """The verdict.

    Attributes:
        distance_m: of the centres; (T,).
        stable: (T,), bool.
        accepted: whether the motion may be trained on.
        reason: why not, else empty.
    """

    distance_m: Array
    stable: NDArray[np.bool_]
    accepted: bool
    reason: str


def judge_stability(ground: Ground, fps: float) -> Stability:
    """Accept a motion whose first and last frames are stable, with no long gap between stable frames."""
    distance = np.linalg.norm(ground.center_of_mass[:, :2] - center_of_pressure(ground.all_points), axis=1)
    stable = distance < MOST_DISTANCE_M
    reason = _why_not(stable, distance, fps)
    return Stability(distance, stable, not reason, reason)


def center_of_pressure(points: Array) -> Array:
    """Return the mean of points weighted by how low they are, x and y, m; (T, points, 3) -> (T, 2).

    PBHC weighs all vertices of a body model; ours are those of the feet: no other part is low in standing motions.
    """
    height = points[..., 2]
    weight = np.where(height >= 0.0, np.exp(-DECAY_PER_M * height), 1.0 - SINK_PER_M * height)
    return (weight[..., None] * points[..., :2]).sum(axis=1) / weight.sum(axis=1, keepdims=True)


def _why_not(stable: NDArray[np.bool_], distance: Array, fps: float) -> str:
    for which, frame in (("first", 0), ("last", -1)):
        if not stable[frame]:
            return (
                f"the {which} frame is not stable: centre of mass {distance[frame]:.2f} m from the centre of pressure"
            )
    gap = int(np.diff(np.flatnonzero(stable)).max(initial=1)) - 1
    if gap / fps >= LONGEST_GAP_S:
        return f"{gap} frames in a row are not stable"
    return ""
