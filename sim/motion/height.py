"""Bring a motion down (or up) to the ground: recorded people float and sink by centimetres.

First as a whole, by its lowest foot. Then as in PBHC (arXiv 2506.12851): in frames with contact the lowest point
belongs on the ground; in flight the last correction holds; an exponential moving average smooths the result. Here it
smooths the correction, not the height itself, so that jumps and squats keep their shape.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.motion.clip import Clip
from sim.motion.ground import RULE_FPS, ground_of

Array = NDArray[np.float64]

SMOOTHING = 0.3
"""Share of the new value at 30 frames per second (PBHC)."""


def correct_height(clip: Clip) -> Clip:
    """Return the clip with its feet on the ground.

    Raises:
        ConfigError: for a clip that is not of the robot it says it is of.
    """
    if not clip.contact_names:  # where nobody knows what is in contact, the rule looks near the ground
        clip = _lowered(clip, np.full(clip.num_frames, ground_of(clip).foot_heights.min()))
    ground = ground_of(clip)
    heights = np.where(ground.contact, ground.foot_heights, np.inf).min(axis=1)
    return _lowered(clip, smooth(held(heights), clip.fps))


def _lowered(clip: Clip, shift: Array) -> Clip:
    down = np.stack([np.zeros_like(shift), np.zeros_like(shift), shift], axis=1)
    bodies = clip.body_position_w - down[:, None] if clip.body_names else clip.body_position_w
    return replace(clip, root_position_w=clip.root_position_w - down, body_position_w=bodies)


def held(heights: Array) -> Array:
    """Fill frames without contact (infinite) with the last height before them, or the first there is; (T,).

    Without any contact there is no knowing where the ground is: all zero.
    """
    known = np.flatnonzero(np.isfinite(heights))
    if not len(known):
        return np.zeros(len(heights))
    last = np.searchsorted(known, np.arange(len(heights)), side="right") - 1
    return heights[known[np.maximum(last, 0)]]


def smooth(values: Array, fps: float) -> Array:
    """Return the exponential moving average, which starts at the first value; (T,)."""
    share = 1.0 - (1.0 - SMOOTHING) ** (RULE_FPS / fps)
    result = np.empty(len(values))
    state = values[0]
    for frame, value in enumerate(values):
        state += share * (value - state)
        result[frame] = state
    return result
