"""What a network sees of three poses: the last second of them, from above the head now, turned with it.

The frame has its origin on the ground under the head and its x axis where the face looks, level, so that neither
place nor heading in the world is seen. Turns are the first two columns of their matrices (Zhou et al. 2019,
arXiv 1812.07035), which have no jumps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.motion.sparse.tracked import TRACKED, Tracked
from sim.quaternions import conjugate, multiply, rotate

Array = NDArray[np.float64]

FRAMES_AGO = (0, 2, 5, 10, 16, 24, 34, 46, 60)
"""Which frames are seen: dense now, back to one second, about a stride of a person, at 60 poses per second."""
HISTORY = FRAMES_AGO[-1] + 1
"""Frames to keep."""
PER_POSE = 9
"""Numbers of one pose: place and two columns."""
WINDOW_SIZE = len(FRAMES_AGO) * len(TRACKED) * PER_POSE


@dataclass(frozen=True)
class Heading:
    """T frames on the ground under the head, turned with it.

    Attributes:
        origin: m, world, z = 0; (T, 3).
        quaternion: about z; (T, 4).
    """

    origin: Array
    quaternion: Array

    def to_local(self, place: Array) -> Array:
        """World to heading frame, m; (T, K, 3)."""
        return rotate(conjugate(self.quaternion)[:, None], place - self.origin[:, None])

    def to_world(self, place: Array) -> Array:
        """Heading frame to world, m; (T, K, 3)."""
        return rotate(self.quaternion[:, None], place) + self.origin[:, None]


def heading_of(tracked: Tracked) -> Heading:
    """Return the heading frame of each frame."""
    ahead = rotate(tracked.quaternion[:, 0], np.array([1.0, 0.0, 0.0]))
    half = 0.5 * np.arctan2(ahead[:, 1], ahead[:, 0])
    zero = np.zeros(len(half))
    origin = tracked.position[:, 0] * (1.0, 1.0, 0.0)
    return Heading(origin, np.stack([np.cos(half), zero, zero, np.sin(half)], axis=1))


def windows_of(tracked: Tracked, heading: Heading) -> Array:
    """Return what is seen in each frame, (T, WINDOW_SIZE); before the first frame the first is taken to have been."""
    at = np.maximum(np.arange(len(tracked))[:, None] - np.array(FRAMES_AGO), 0)
    return _seen(tracked.position[at], tracked.quaternion[at], heading)


def window_now(tracked: Tracked, heading: Heading) -> Array:
    """Return what is seen in the last frame, (1, WINDOW_SIZE).

    Args:
        tracked: the last frames, at most ``HISTORY`` of them count.
        heading: of the last frame alone.
    """
    at = np.maximum(len(tracked) - 1 - np.array(FRAMES_AGO), 0)
    return _seen(tracked.position[None, at], tracked.quaternion[None, at], heading)


def columns(quaternion: Array) -> Array:
    """Return the first two columns of rotation matrices; (..., 4) -> (..., 6)."""
    x, y = (rotate(quaternion, np.array(axis)) for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    return np.concatenate([x, y], axis=-1)


def _seen(position: Array, quaternion: Array, heading: Heading) -> Array:
    """(T, ago, 3, 3) and (T, ago, 3, 4) -> (T, WINDOW_SIZE)."""
    back = conjugate(heading.quaternion)[:, None, None]
    place = rotate(back, position - heading.origin[:, None, None])
    turn = columns(multiply(back, quaternion))
    return np.concatenate([place, turn], axis=-1).reshape(len(position), -1)
