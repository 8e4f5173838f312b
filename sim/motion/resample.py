"""A clip at another frame rate: places and angles in straight lines, turns along the shortest way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.motion.clip import HUMAN, Clip
from sim.motion.loops import opened
from sim.motion.plausible import FPS_RANGE
from sim.motion.skeleton import joint_angles_from

Array = NDArray[np.float64]


def resample(clip: Clip, fps: float) -> Clip:
    """Return the clip with ``fps`` frames per second; a loop keeps its duration, so its rate is rounded to fit.

    Raises:
        ConfigError: for a rate that no clip has, or that gives fewer than two frames.
    """
    lowest, highest = FPS_RANGE
    if not lowest <= fps <= highest:
        raise ConfigError(f"--fps {fps:g}: expected {lowest:g} to {highest:g} frames per second")
    frames = round(clip.duration_s * fps) + (0 if clip.loops else 1)
    if frames < 2:
        raise ConfigError(f"clip '{clip.name}' of {clip.duration_s:.3g} s has no two frames at {fps:g} per second")
    rate = frames / clip.duration_s if clip.loops else fps
    loops, clip = clip.loops, opened(clip) if clip.loops else clip
    at = np.minimum(np.arange(frames) * clip.fps / rate, clip.num_frames - 1.0)
    low = np.minimum(at.astype(int), clip.num_frames - 2)
    share = at - low
    bodies = _turns(clip.body_quaternion_w, low, share) if clip.body_names else clip.body_quaternion_w
    return replace(
        clip,
        fps=rate,
        loops=loops,
        root_position_w=_line(clip.root_position_w, low, share),
        root_quaternion_w=_turns(clip.root_quaternion_w, low, share),
        # A person's rotation vectors do not lie on lines, and its bodies must agree with them.
        joint_angles=joint_angles_from(bodies) if clip.character == HUMAN else _line(clip.joint_angles, low, share),
        body_position_w=_line(clip.body_position_w, low, share) if clip.body_names else clip.body_position_w,
        body_quaternion_w=bodies,
        contact=clip.contact[np.round(at).astype(int)] if clip.contact_names else clip.contact,
    )


def _line(values: Array, low: NDArray[np.intp], share: Array) -> Array:
    weight = share.reshape(-1, *(1,) * (values.ndim - 1))
    return (1.0 - weight) * values[low] + weight * values[low + 1]


def _turns(values: Array, low: NDArray[np.intp], share: Array) -> Array:
    before, after = values[low], values[low + 1]
    sign = np.where((before * after).sum(axis=-1, keepdims=True) < 0.0, -1.0, 1.0)
    weight = share.reshape(-1, *(1,) * (values.ndim - 1))
    mixed = (1.0 - weight) * before + weight * sign * after
    return mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)
