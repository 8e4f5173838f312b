"""What a generator decides: footsteps, how the trunk turns, where the arms are; everything else follows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.motion.generators.steps import Footwork
from sim.motion.skeleton import STATURE_M, STATURE_RANGE_M

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """What a user chooses.

    Attributes:
        duration_s: of one loop.
        fps: frames per second.
        speed_m_s: forward, for motions that go somewhere; the motion's own when None.
        amplitude: 1 is the motion as it is meant, 0.5 half as large.
        seed: of motions with chance in them.
        stature_m: how tall the person is.

    Raises:
        ConfigError: naming the value.
    """

    duration_s: float = 10.0
    fps: float = 50.0
    speed_m_s: float | None = None
    amplitude: float = 1.0
    seed: int = 0
    stature_m: float = STATURE_M

    def __post_init__(self) -> None:
        bounds = {
            "duration": (self.duration_s, 1.0, 600.0, "s"),
            "fps": (self.fps, 10.0, 500.0, "frames per second"),
            "amplitude": (self.amplitude, 0.0, 1.5, ""),
            "stature": (self.stature_m, *STATURE_RANGE_M, "m"),
            "speed": (self.speed_m_s or 0.0, -0.5, 1.5, "m/s"),
        }
        for name, (value, low, high, unit) in bounds.items():
            if not low <= value <= high:
                raise ConfigError(f"--{name} {value:g}: expected {low:g} to {high:g} {unit}".rstrip())
        if self.seed < 0:
            raise ConfigError(f"--seed must not be negative, got {self.seed}")

    @property
    def num_frames(self) -> int:
        """Of one loop."""
        return max(round(self.duration_s * self.fps), 2)

    @property
    def time_s(self) -> Array:
        """Of each frame; (T,)."""
        return np.arange(self.num_frames) / self.fps

    def repeats(self, period_s: float) -> tuple[int, float]:
        """Return how often something of about ``period_s`` fits into the loop, and how long it then takes, s."""
        loop_s = self.num_frames / self.fps
        count = max(round(loop_s / period_s), 1)
        return count, loop_s / count


@dataclass(frozen=True)
class Arm:
    """Angles of one arm over time, rad, (T,) each; all zero is hanging down.

    Attributes:
        forward: raised to the front.
        aside: raised to the side.
        twist: of the upper arm about itself, the bend of the elbow going upward from forward.
        elbow: bent.
    """

    forward: Array
    aside: Array
    twist: Array
    elbow: Array

    @staticmethod
    def hanging(frames: int) -> Arm:
        """Return one that hangs, a little bent and away from the body."""
        return Arm(np.zeros(frames), np.full(frames, 0.15), np.zeros(frames), np.full(frames, 0.35))

    def moved(self, **changes: Array) -> Arm:
        """Return one with angles added, rad."""
        return replace(self, **{name: getattr(self, name) + change for name, change in changes.items()})


@dataclass(frozen=True)
class Plan:
    """One loop of a motion.

    Attributes:
        footwork: of both feet.
        arms: left, right.
        lower_m: the pelvis below where it is in easy standing, m; (T,).
        pelvis: turn, rotation vector, rad; (T, 3).
        spine: turn of the chest against the pelvis, the same.
        neck: turn of the head against the chest, the same.
        foot_way_m: of each foot beside its footsteps, m; (T, 2, 3).
        foot_pitch: toes down, rad; (T, 2).
    """

    footwork: Footwork
    arms: tuple[Arm, Arm]
    lower_m: Array
    pelvis: Array
    spine: Array
    neck: Array
    foot_way_m: Array
    foot_pitch: Array
    name: str = field(default="")

    @staticmethod
    def standing(settings: Settings, footwork: Footwork | None = None) -> Plan:
        """Return a plan in which nothing moves but the feet, to change parts of."""
        frames = settings.num_frames
        return Plan(
            footwork or Footwork(stance(settings)), (Arm.hanging(frames), Arm.hanging(frames)), np.zeros(frames),
            np.zeros((frames, 3)), np.zeros((frames, 3)), np.zeros((frames, 3)), np.zeros((frames, 2, 3)),
            np.zeros((frames, 2)),
        )  # fmt: skip


HALF_STANCE = 0.075
"""Of the distance between the feet, in statures; ours: wider than people stand (about 0.05), as robots do."""


def stance(settings: Settings) -> Array:
    """Return where the feet stand at first, x and y, m; (2, 2)."""
    half = HALF_STANCE * settings.stature_m
    return np.array([[0.0, half], [0.0, -half]])
