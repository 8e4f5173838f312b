"""A joint's velocity is its position's derivative, and it goes where it is told: degrees and swapped joints do not."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from calibration.recording.record import Recording
from calibration.recording.relations.agreement import Comparison, explained, moving_mean
from calibration.recording.resample import resample

RATE_HZ = 100.0
WINDOW_S = 0.06
REACH_S = 0.1
_DEGREE = np.pi / 180.0
FOLLOWS = 0.8
"""Correlation of a joint with its target, at the best delay, in the order that is right."""
UNRELATED = 0.3
"""And at most this in one that is wrong: symmetric gaits move pairs of joints alike, and then nothing is said."""


def compare_joint_velocity(recording: Recording) -> Comparison:
    """Return how well joint velocities explain the change of joint positions, as logged and after each mistake.

    Raises:
        ConfigError: if the recording lacks one of them.
    """
    grid = resample(recording, ("joint_position", "joint_velocity"), RATE_HZ)
    rows = max(round(WINDOW_S / grid.period_s), 2)
    change = (grid["joint_position"][rows:] - grid["joint_position"][:-rows]) / (rows * grid.period_s)
    velocity = grid["joint_velocity"]
    mean = 0.5 * (moving_mean(velocity[:-1], rows) + moving_mean(velocity[1:], rows))
    whole = moving_mean(grid.valid[:, None].astype(np.float64), rows + 1)[:, 0] > 0.999
    reach = round(REACH_S / grid.period_s)
    mistakes = {
        "joint position in degrees": explained(_DEGREE * change, mean, whole, reach),
        "joint velocity in degrees per second": explained(change, _DEGREE * mean, whole, reach),
    }
    return Comparison(explained(change, mean, whole, reach), mistakes)


def compare_joint_target(recording: Recording) -> Comparison:
    """Return how well joint targets explain joint positions, as logged and if one of them were in degrees.

    Raises:
        ConfigError: if the recording lacks one of them.
    """
    grid = resample(recording, ("joint_position", "joint_target"), RATE_HZ)
    position, target, valid = grid["joint_position"], grid["joint_target"], grid.valid
    reach = round(REACH_S / grid.period_s)
    mistakes = {
        "joint target in degrees": explained(position, _DEGREE * target, valid, reach),
        "joint position in degrees": explained(_DEGREE * position, target, valid, reach),
    }
    return Comparison(explained(position, target, valid, reach), mistakes)


def swapped_targets(recording: Recording) -> list[tuple[int, int]]:
    """Return joints whose target goes with another joint's motion: (column of the target, column that follows it).

    Raises:
        ConfigError: if the recording lacks targets or positions.
    """
    grid = resample(recording, ("joint_position", "joint_target"), RATE_HZ)
    position, target = np.diff(grid["joint_position"], axis=0), np.diff(grid["joint_target"], axis=0)
    correlation = np.full((target.shape[1], position.shape[1]), -1.0)
    for shift in range(round(REACH_S / grid.period_s) + 1):
        later, earlier = position[shift:], target[: len(target) - shift]
        correlation = np.maximum(correlation, _correlation(earlier, later))
    _, follower = linear_sum_assignment(-correlation)
    return [
        (asked, int(moved))
        for asked, moved in enumerate(follower)
        if asked != moved and correlation[asked, moved] > FOLLOWS and correlation[asked, asked] < UNRELATED
    ]


def _correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    size = np.linalg.norm(first, axis=0)[:, None] * np.linalg.norm(second, axis=0)[None, :]
    return np.where(size > 1e-12, first.T @ second / np.maximum(size, 1e-12), 0.0)
