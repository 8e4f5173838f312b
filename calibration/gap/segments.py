"""Cut a flight into short stretches in the air, each with the state it begins in and the commands that came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.recording.record import Recording, Stream
from calibration.recording.resample import Resampled, resample
from sim.errors import ConfigError

RATE_HZ = 100.0
LENGTH_S = 0.5
BEFORE_S = 1.5
"""Commands before a stretch that its rotors' speeds follow from: ten of the slowest rotors' time constants here."""
KNOWN_BEFORE_S = 0.6
"""Of them, so many must be in the log; before its beginning the first one is taken to have been held."""
LEAST_HEIGHT_M = 0.1
"""Above the place where it stood: nearer the ground holds the robot, or its air cushion does."""
FLOOR_M = 0.05
"""A robot that stands is no further than this above its lowest place."""
REST_M_S, REST_RAD_S = 0.1, 0.2
"""Slower than this it may stand."""
STOOD_S = 0.3
"""Shorter than this it did not."""
LEAST_COMMAND = 0.2
"""Mean command below which the motors idle."""
LEAST_SEGMENTS = 4
NAMES = ("position", "velocity", "attitude", "gyro", "motor_command")


@dataclass(frozen=True)
class Segments:
    """``S`` stretches of ``T`` steps each, the state before the first step included in ``T``."""

    start_s: np.ndarray
    """(S,) on the recording's clock."""
    offset_s: np.ndarray
    """(T,) from a stretch's beginning."""
    position_w: np.ndarray
    """(S, T, 3)"""
    velocity_w: np.ndarray
    attitude: np.ndarray
    """(S, T, 4) wxyz, world<-body."""
    angular_velocity_b: np.ndarray
    commands: Stream
    """Of the whole flight, each at the time it was given."""
    period_s: float
    """Between two steps."""
    resampling: str
    """How the states were made, in a sentence."""


def cut(recording: Recording, length_s: float = LENGTH_S) -> Segments:
    """Return the stretches of a flight that are wholly in the air and without a gap.

    Raises:
        ConfigError: if the log lacks a stream, or holds too little flight.
    """
    grid = resample(recording, [name for name in NAMES if _needed(recording, name)], RATE_HZ)
    length = round(length_s * RATE_HZ)
    before = round(KNOWN_BEFORE_S * RATE_HZ)
    flying = grid.valid & _in_the_air(grid)
    first = [row for row in range(before, len(grid.time_s) - length, length) if flying[row : row + length + 1].all()]
    if len(first) < LEAST_SEGMENTS:
        raise ConfigError(
            f"{recording.source} holds {len(first)} stretches of {length_s:g} s in the air without a gap:"
            f" {LEAST_SEGMENTS} are needed"
        )
    rows = np.array(first)[:, None] + np.arange(length + 1)
    return Segments(
        start_s=grid.time_s[rows[:, 0]],
        offset_s=np.arange(length + 1) / RATE_HZ,
        position_w=grid["position"][rows],
        velocity_w=_velocity(grid)[rows],
        attitude=grid["attitude"][rows],
        angular_velocity_b=grid["gyro"][rows],
        commands=recording.stream("motor_command"),
        period_s=grid.period_s,
        resampling=grid.statement,
    )


def _needed(recording: Recording, name: str) -> bool:
    return name != "velocity" or "velocity" in recording.streams


def _velocity(grid: Resampled) -> np.ndarray:
    """As logged, else the slope of the position over 50 ms."""
    if "velocity" in grid.values:
        return grid["velocity"]
    width = 5
    slope = np.gradient(grid["position"], grid.period_s, axis=0)
    kernel = np.ones(width) / width
    return np.stack([np.convolve(column, kernel, mode="same") for column in slope.T], axis=1)


def _in_the_air(grid: Resampled) -> np.ndarray:
    """Rows with the motors running, above the place where the robot stood: at rest, at its lowest, by the floor."""
    z = grid["position"][:, 2]
    speed, turn = (np.linalg.norm(values, axis=1) for values in (_velocity(grid), grid["gyro"]))
    stood = (speed < REST_M_S) & (turn < REST_RAD_S) & (z < z.min() + FLOOR_M) & (np.abs(z) < LEAST_HEIGHT_M)
    ground = z[stood].max() if stood.mean() * len(z) * grid.period_s > STOOD_S else -np.inf
    return (grid["motor_command"].mean(axis=1) > LEAST_COMMAND) & (z > ground + LEAST_HEIGHT_M)
