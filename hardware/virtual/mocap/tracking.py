"""What the cameras see: the robots' true poses with noise, at a fixed rate, spoiled by faults on request."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from hardware.mocap.frame import MocapFrame, RigidBody, UpAxis
from hardware.virtual.mocap.faults import Sighting
from hardware.virtual.multirotor.quaternion import Quaternion, tilted
from hardware.virtual.multirotor.setpoint import Vector

POSITION_STD_M = 3e-4
"""Noise of a position: cameras of this kind claim better than 0.3 mm."""
ORIENTATION_STD_RAD = 5e-3
"""Noise of an orientation: that of markers 6 cm apart."""
MOST_WAITING = 10_000


class TrackedBody(Protocol):
    """The truth of one robot."""

    position_w: Vector
    attitude: Quaternion


class TrackedRobot(Protocol):
    """What is needed of a robot."""

    sighting: Sighting

    @property
    def body(self) -> TrackedBody:
        """Its true state."""
        ...


class TrackingSystem:
    """Makes frames of robots; they are called cf1, cf2, ...

    Args:
        robots: at least one.
        rate_hz: frames per second, at most 1000.
        up: vertical axis of what it sends.
        seed: of the noise.
    """

    def __init__(self, robots: Sequence[TrackedRobot], rate_hz: float = 100.0, up: UpAxis = "z", seed: int = 0) -> None:
        self.names = tuple(f"cf{number}" for number in range(1, len(robots) + 1))
        self._robots, self._period_ms = robots, 1000.0 / rate_hz
        self._up: UpAxis = up
        self._rng = np.random.default_rng([seed, 0x6D6F])
        self._number = 0
        self._waiting: deque[tuple[float, MocapFrame]] = deque(maxlen=MOST_WAITING)

    def advance(self, now_ms: int) -> list[MocapFrame]:
        """Return the frames to send now.

        Args:
            now_ms: time of the robots, which is also that of the frames.
        """
        if now_ms >= self._number * self._period_ms:
            self._number = math.floor(now_ms / self._period_ms) + 1
            if not any(robot.sighting.stalled for robot in self._robots):
                late_ms = max(robot.sighting.late_ms for robot in self._robots)
                self._waiting.append((now_ms + late_ms, self._frame(now_ms)))
        due = []
        while self._waiting and self._waiting[0][0] <= now_ms:
            due.append(self._waiting.popleft()[1])
        return due

    def _frame(self, now_ms: int) -> MocapFrame:
        bodies = tuple(
            self._see(name, robot) for name, robot in zip(self.names, self._robots) if not robot.sighting.occluded
        )
        return MocapFrame(0, bodies, self._number, now_ms / 1000.0)

    def _see(self, name: str, robot: TrackedRobot) -> RigidBody:
        sighting = robot.sighting
        other = sighting.swapped_with
        truth = (self._robots[other] if other is not None and other < len(self._robots) else robot).body
        noise = (self._rng.standard_normal(6) * np.repeat([POSITION_STD_M, ORIENTATION_STD_RAD], 3)).tolist()
        x, y, z = (value + error for value, error in zip(truth.position_w, noise[:3]))
        attitude = _turned(tilted(truth.attitude, *noise[3:]), math.radians(sighting.flip_deg))
        if sighting.broken:
            x = math.nan
        return _with_up(RigidBody(name, (x + sighting.jump_m, y, z), attitude), self._up)


def _turned(q: Quaternion, angle_rad: float) -> Quaternion:
    """Turn a body about its own z."""
    w, x, y, z = q
    c, s = math.cos(0.5 * angle_rad), math.sin(0.5 * angle_rad)
    return w * c - z * s, x * c + y * s, y * c - x * s, z * c + w * s


def _with_up(body: RigidBody, up: UpAxis) -> RigidBody:
    """Turn a world with z up into one with y up: the inverse of ``hardware.mocap.frame.turned_up``."""
    if up == "z":
        return body
    (x, y, z), (w, qx, qy, qz) = body.position_w, body.orientation_wxyz
    return RigidBody(body.name, (x, z, -y), (w, qx, qz, -qy))
