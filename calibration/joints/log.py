"""What the identification of joints takes from a recording: targets, readings, and which way gravity points.

It refuses a recording that is not one of a held robot whose joints moved, and says what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.recording.record import Recording
from sim.errors import ConfigError
from sim.spec import GRAVITY, JointParameters

Array = NDArray[np.float64]
SHORTEST_S = 5.0
"""Less holds no slow movement, which friction shows in."""
SILENCE_S = 0.15
"""Targets that stay away for longer: the robot's watchdog damps after 0.2 s, and its joints follow nothing."""
HELD_RAD_S = 0.3
"""A base that turns faster than this, root mean square, is not held."""
LEVEL: tuple[float, float, float] = (0.0, 0.0, -GRAVITY)


@dataclass(frozen=True)
class JointLog:
    """Times count from the first target used; n joints in the robot's order."""

    target_time_s: Array
    """(m,)"""
    target: Array
    """(m, n) rad"""
    time_s: Array
    """(k,) of the readings."""
    position: Array
    """(k, n) rad, as the encoders read."""
    gravity_b: tuple[float, float, float]
    """m/s^2 in the frame of the base."""
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """From the first to the last target."""
        return float(self.target_time_s[-1])

    def between(self, start_s: float, end_s: float) -> JointLog:
        """Return a part of it, its times counted anew."""
        targets = (self.target_time_s >= start_s) & (self.target_time_s <= end_s)
        begin = float(self.target_time_s[targets][0])
        read = (self.time_s >= begin) & (self.time_s <= end_s)
        return JointLog(
            self.target_time_s[targets] - begin, self.target[targets], self.time_s[read] - begin, self.position[read],
            self.gravity_b, self.warnings,
        )  # fmt: skip

    def start(self, span_s: float = 0.03) -> tuple[Array, Array]:
        """Return angles and speeds at time zero by a straight line through the first readings, (n,) each."""
        first = self.time_s <= max(span_s, float(self.time_s[min(4, len(self.time_s) - 1)]))
        slope, offset = np.polyfit(self.time_s[first], self.position[first], 1)
        return offset, slope


def read_joint_log(recording: Recording, parameters: JointParameters) -> JointLog:
    """Return what a recording of a held robot holds.

    Raises:
        ConfigError: if targets or readings are missing, are of another robot, too few, or the base moved.
    """
    target, position = recording.stream("joint_target"), recording.stream("joint_position")
    for name, stream in (("joint_target", target), ("joint_position", position)):
        if stream.size != parameters.num_joints:
            raise ConfigError(
                f"{recording.source}: '{name}' has {stream.size} joints, robot '{recording.robot}' has"
                f" {parameters.num_joints}: is it a log of another robot?"
            )
    _require_held(recording)
    warnings = list(recording.warnings)
    begin, end = _longest_run(target.time_s)
    if end - begin < target.time_s[-1] - target.time_s[0]:
        warnings.append(
            f"targets stayed away for more than {SILENCE_S:g} s: only the longest stretch, {end - begin:.1f} s, is used"
        )
    target, position = target.between(begin, end), position.between(begin, end)
    if len(target) < 2 or len(position) < 2 or end - begin < SHORTEST_S:
        raise ConfigError(
            f"{recording.source} holds {max(end - begin, 0.0):.1f} s of joints that follow targets;"
            f" at least {SHORTEST_S:g} s are needed, and 40 s are what 'calibrate collect' records"
        )
    log = JointLog(
        target.time_s - begin, target.values, position.time_s - begin, position.values, gravity_of(recording),
        tuple(warnings),
    )  # fmt: skip
    _require_radians(recording, log, parameters)
    return log


def _longest_run(time_s: Array) -> tuple[float, float]:
    """Return begin and end of the longest stretch without a silence."""
    if not len(time_s):
        return 0.0, 0.0
    edges = np.flatnonzero(np.diff(time_s) > SILENCE_S)
    starts, ends = np.concatenate([[0], edges + 1]), np.concatenate([edges, [len(time_s) - 1]])
    longest = int(np.argmax(time_s[ends] - time_s[starts]))
    return float(time_s[starts[longest]]), float(time_s[ends[longest]])


def _require_held(recording: Recording) -> None:
    if "gyro" not in recording.streams or not len(recording.streams["gyro"]):
        return
    turning = float(np.sqrt((recording.streams["gyro"].values ** 2).sum(axis=1).mean()))
    if turning > HELD_RAD_S:
        raise ConfigError(
            f"{recording.source}: the base turned at {turning:.2f} rad/s (root mean square): joints are identified with"
            " the base held still, feet off the ground"
        )


def _require_radians(recording: Recording, log: JointLog, parameters: JointParameters) -> None:
    """Refuse angles that no joint of this robot has, and joints in another order than the targets'."""
    low, high = np.asarray(parameters.position_low_rad), np.asarray(parameters.position_high_rad)
    beyond = np.maximum(log.position - high, low - log.position).max(axis=0)
    worst = int(np.argmax(beyond))
    if beyond[worst] > 0.5:
        raise ConfigError(
            f"{recording.source}: {parameters.joint_names[worst]} reads {beyond[worst]:.1f} rad beyond its range:"
            " are the angles in degrees, or the joints in another order?"
        )
    at = np.stack([np.interp(log.time_s, log.target_time_s, column) for column in log.target.T], axis=1)
    moved = at.std(axis=0) > 1e-3
    distance = np.abs(log.position.mean(axis=0)[:, None] - at.mean(axis=0)[None, :])
    own, nearest = np.diag(distance), distance.argmin(axis=1)
    swapped = [j for j in np.flatnonzero(moved) if own[j] > 0.3 and distance[j, nearest[j]] < 0.5 * own[j]]
    if swapped:
        raise ConfigError(
            f"{recording.source}: {parameters.joint_names[swapped[0]]} reads where the target of"
            f" {parameters.joint_names[nearest[swapped[0]]]} is: the joints are logged in two different orders"
        )


def gravity_of(recording: Recording) -> tuple[float, float, float]:
    """Return gravity in the frame of the base from its mean attitude; a base whose attitude is not logged is level."""
    if "attitude" not in recording.streams or not len(recording.streams["attitude"]):
        return LEVEL
    w, x, y, z = recording.streams["attitude"].values.T
    down = np.stack([-2.0 * (x * z - w * y), -2.0 * (y * z + w * x), 2.0 * (x * x + y * y) - 1.0], axis=1).mean(axis=0)
    down *= GRAVITY / np.linalg.norm(down)
    return (float(down[0]), float(down[1]), float(down[2]))
