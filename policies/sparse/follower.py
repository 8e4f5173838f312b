"""A character that follows three poses as they come: network, then inverse kinematics, one frame at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.motion.clip import Clip
from sim.motion.sparse.pose_code import decode, foot_targets
from sim.motion.sparse.solver import SparseSolver
from sim.motion.sparse.tracked import TRACKER_FPS, Tracked
from sim.motion.sparse.window import HISTORY, heading_of, window_now
from sim.registry import load_robot

Array = NDArray[np.float64]

Predict = Callable[[Array], NDArray[np.floating]]
"""Windows (N, window) to poses (N, code)."""


class SparseFollower:
    """Follows the three poses of one person, causally.

    Args:
        robot: the character.
        predict: the network.
    """

    def __init__(self, robot: str, predict: Predict) -> None:
        self._predict, self._joints = predict, len(load_robot(robot).joint_names)
        self._solver = SparseSolver(robot, TRACKER_FPS)
        self._position: deque[Array] = deque(maxlen=HISTORY)
        self._quaternion: deque[Array] = deque(maxlen=HISTORY)

    def step(self, position: Array, quaternion: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Follow one frame.

        Args:
            position: of head and hands, scaled to the character, m; (3, 3).
            quaternion: of the same; (3, 4).

        Returns:
            base, its quaternion and joints, (7 + J,), and which feet stand, (F,).
        """
        while len(self._position) < HISTORY:  # at first, the first frame is taken to have been for a second
            self._position.append(position)
            self._quaternion.append(quaternion)
        self._position.append(position)
        self._quaternion.append(quaternion)
        heading = heading_of(Tracked(position[None], quaternion[None]))
        seen = window_now(Tracked(np.stack(self._position), np.stack(self._quaternion)), heading)
        code = np.asarray(self._predict(seen)[0], float)
        return self._solver.step(decode(code, heading, self._joints))


@dataclass(frozen=True)
class Followed:
    """What came of following a motion.

    Attributes:
        clip: of the character.
        cpu_s: of all frames together, network and inverse kinematics.
        frame_s: wall time of each frame; (T,).
    """

    clip: Clip
    cpu_s: float
    frame_s: Array

    @property
    def rate_hz(self) -> float:
        """Frames per second of one core."""
        return len(self.frame_s) / max(self.cpu_s, 1e-9)


def follow(tracked: Tracked, robot: str, predict: Predict, name: str, source: str, *, live: bool = False) -> Followed:
    """Follow a whole motion, frame after frame, as if it came live.

    Args:
        tracked: at ``TRACKER_FPS``, scaled to the robot.
        robot: the character.
        predict: the network.
        name: of the clip.
        source: of the clip.
        live: wait for the time of each frame.
    """
    follower = SparseFollower(robot, predict)
    frames = len(tracked)
    frame_s = np.zeros(frames)
    begin = time.process_time()
    states, standing = [], []
    start = time.perf_counter()
    for frame in range(frames):
        at = time.perf_counter()
        if live and at < start + frame / TRACKER_FPS:
            time.sleep(start + frame / TRACKER_FPS - at)
            at = time.perf_counter()
        state, stands = follower.step(tracked.position[frame], tracked.quaternion[frame])
        frame_s[frame] = time.perf_counter() - at
        states.append(state)
        standing.append(stands)
    cpu_s = time.process_time() - begin
    values = np.stack(states)
    clip = Clip(
        name=name, character=robot, fps=TRACKER_FPS, joint_names=load_robot(robot).joint_names,
        root_position_w=values[:, :3], root_quaternion_w=values[:, 3:7], joint_angles=values[:, 7:],
        contact_names=tuple(target.frame for target in foot_targets(robot)), contact=np.stack(standing), source=source,
    )  # fmt: skip
    return Followed(clip, cpu_s, frame_s)
