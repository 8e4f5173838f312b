"""A clip played on a clock, as a policy that follows it observes it: phase, joint angles and their speeds.

NumPy alone, so that a robot plays what training played; ``sim.motion.reference`` says the same of many simulations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.motion.clip import Clip

Array = NDArray[np.floating]


class Moment(NamedTuple):
    """What is observed of a clip at one moment."""

    phase: Array
    """(2,) sine and cosine of how far it has come."""
    joint_position: Array
    """(J,) rad"""
    joint_velocity: Array
    """(J,) rad/s"""


def phase_of(time_s: Array, duration_s: float, loops: bool) -> Array:
    """Return sine and cosine of how far a motion has come, (n,) -> (n, 2).

    A round of a loop is a turn; a motion that ends is half of one, so that its end is not its beginning.
    """
    share = time_s / duration_s
    angle = 2.0 * np.pi * share if loops else np.pi * np.clip(share, 0.0, 1.0)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


class Playback:
    """Plays a clip from its beginning, on and on if it loops; one that ends is held there.

    Args:
        clip: of a robot.
        period_s: of the control.
    """

    def __init__(self, clip: Clip, period_s: float) -> None:
        angles, self._fps, self._period_s = clip.joint_angles, clip.fps, period_s
        self._duration_s, self._loops = clip.duration_s, clip.loops
        if clip.loops:
            self._velocity = 0.5 * clip.fps * (np.roll(angles, -1, axis=0) - np.roll(angles, 1, axis=0))
            self._velocity = np.concatenate([self._velocity, self._velocity[:1]])
            self._position = np.concatenate([angles, angles[:1]])
        else:
            self._position, self._velocity = angles, np.gradient(angles, axis=0) * clip.fps
        self._steps = 0

    def rewind(self) -> None:
        """Begin again."""
        self._steps = 0

    def advance(self) -> None:
        """Go on by one control period."""
        self._steps += 1

    @property
    def now(self) -> Moment:
        """What is observed now."""
        time_s = self._steps * self._period_s
        frame = (time_s % self._duration_s if self._loops else min(time_s, self._duration_s)) * self._fps
        low = min(int(frame), len(self._position) - 2)
        share = frame - low
        position, velocity = (
            rows[low] + share * (rows[low + 1] - rows[low]) for rows in (self._position, self._velocity)
        )
        return Moment(phase_of(np.array(time_s), self._duration_s, self._loops), position, velocity)
