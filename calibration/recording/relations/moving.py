"""Position, velocity and specific force are one motion: metres taken for millimetres, or m/s^2 for g, are not.

Velocity over a window is the change of position over its length; specific force turned into the world, with gravity,
is the second derivative of position: p(t + w) - 2 p(t) + p(t - w) is w^2 times its mean with triangular weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.recording.record import Recording
from calibration.recording.relations.agreement import Comparison, explained, moving_mean
from calibration.recording.resample import resample
from sim.flight.rotation import rotation_matrix
from sim.spec import GRAVITY

RATE_HZ = 100.0
VELOCITY_WINDOW_S = 0.2
FORCE_WINDOW_S = 0.3
REACH_S = 0.3
LENGTHS = {"millimetres": 1e-3, "centimetres": 1e-2}
"""Units that are taken for metres, in metres."""
FORCES = {"g": GRAVITY, "millimetres per second squared": 1e-3, "thousandths of g": 1e-3 * GRAVITY}
"""Units that are taken for m/s^2, in m/s^2."""
TOLERANCE = 2.5
"""A robot's specific force is gravity's most of the time: its median is within this factor of it."""


@dataclass(frozen=True)
class Weight:
    """What the accelerometer says at rest and on average."""

    median: float
    """Of the specific force's size, m/s^2."""
    upward: float | None
    """Its mean along the world's z axis, m/s^2; ``None`` without an attitude."""

    @property
    def unit(self) -> str | None:
        """The unit that it must be in, if not m/s^2."""
        if GRAVITY / TOLERANCE < self.median < TOLERANCE * GRAVITY:
            return None
        for name, size in FORCES.items():
            if GRAVITY / TOLERANCE < self.median * size < TOLERANCE * GRAVITY:
                return name
        return None


def weigh(recording: Recording) -> Weight:
    """Return what the accelerometer says of gravity.

    Raises:
        ConfigError: if there is no accelerometer.
    """
    force = recording.stream("accelerometer").values
    upward = None
    if "attitude" in recording.streams:
        grid = resample(recording, ("accelerometer", "attitude"), RATE_HZ)
        turned = np.einsum("nij,nj->ni", rotation_matrix(grid["attitude"]), grid["accelerometer"])
        upward = float(turned[grid.valid, 2].mean())
    return Weight(float(np.median(np.linalg.norm(force, axis=1))), upward)


def compare_velocity(recording: Recording) -> Comparison:
    """Return how well the velocity explains the change of position, as logged and after each mistake.

    Raises:
        ConfigError: if the recording lacks one of them, or they do not overlap.
    """
    grid = resample(recording, ("position", "velocity"), RATE_HZ)
    rows = max(round(VELOCITY_WINDOW_S / grid.period_s), 2)
    change = (grid["position"][rows:] - grid["position"][:-rows]) / (rows * grid.period_s)
    mean = 0.5 * (moving_mean(grid["velocity"][:-1], rows) + moving_mean(grid["velocity"][1:], rows))
    whole = moving_mean(grid.valid[:, None].astype(np.float64), rows + 1)[:, 0] > 0.999
    reach = round(REACH_S / grid.period_s)
    mistakes = {}
    for name, size in LENGTHS.items():
        mistakes[f"position in {name}"] = explained(size * change, mean, whole, reach)
        mistakes[f"velocity in {name} per second"] = explained(change, size * mean, whole, reach)
    return Comparison(explained(change, mean, whole, reach), mistakes)


def compare_force(recording: Recording) -> Comparison:
    """Return how well specific force, turned by the attitude, explains the second derivative of position.

    Raises:
        ConfigError: if the recording lacks one of them, or they do not overlap.
    """
    grid = resample(recording, ("position", "accelerometer", "attitude"), RATE_HZ)
    rows = max(round(FORCE_WINDOW_S / grid.period_s), 2)
    position = grid["position"]
    bend = (position[2 * rows :] - 2.0 * position[rows:-rows] + position[: -2 * rows]) / (rows * grid.period_s) ** 2
    turned = np.einsum("nij,nj->ni", rotation_matrix(grid["attitude"]), grid["accelerometer"])
    # A triangle is a box over a box; with an odd sum of rows the middle stays the middle.
    triangle = moving_mean(moving_mean(turned, rows), rows + 1)[: len(bend)]
    whole = moving_mean(grid.valid[:, None].astype(np.float64), 2 * rows + 1)[:, 0] > 0.999
    reach = round(REACH_S / grid.period_s)
    mistakes = {f"position in {name}": explained(size * bend, triangle, whole, reach) for name, size in LENGTHS.items()}
    return Comparison(explained(bend, triangle, whole, reach), mistakes)
