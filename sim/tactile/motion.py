"""Paths of an object over a pad: press straight down, then slide or turn; and random ones to compare on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim import quaternions
from sim.tactile.objects import Held
from sim.tactile.shapes import Shape

Vector = npt.NDArray[np.float64]

PRESS_S, MOVE_S, REST_S = 0.05, 0.15, 0.03
"""Slow against the pins' and the gel's own times, a few milliseconds; at rest at the end."""
BALL_RADII_M = (2e-3, 8e-3)
PEG_RADII_M, PEG_LENGTH_M = (2e-3, 8e-3), 50e-3
"""TacSL (arXiv 2408.06506): pegs are 4 to 16 mm thick and 50 mm long."""
BOX_HALF_SIZES_M = (3e-3, 8e-3)
TILT_RAD = 0.05
DEPTHS_M, PLACES_M = (0.2e-3, 1.0e-3), 3e-3
SLIDES_M, TWISTS_RAD = (0.1e-3, 2.0e-3), (0.02, 0.25)
"""Short ones stick, long ones slip."""
KINDS, MOTIONS = ("ball", "peg", "box"), ("press", "slide", "twist")


@dataclass(frozen=True)
class Path:
    """What an object does.

    Attributes:
        held: the object and its orientation at the start.
        place_m: where on the pad it touches, x and y.
        depth_m: how deep it is pressed.
        slide_m: way sideways.
        twist_rad: turn about the pad's normal through the object's origin.
    """

    held: Held
    place_m: tuple[float, float]
    depth_m: float
    slide_m: tuple[float, float] = (0.0, 0.0)
    twist_rad: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether it slides or turns after the press."""
        return self.twist_rad != 0.0 or self.slide_m != (0.0, 0.0)

    def steps(self, dt: float) -> Iterator[tuple[Vector, Vector, Vector, Vector]]:
        """Yield position, m, quaternion, velocity, m/s, and spin, rad/s, at the end of each step; pad frame.

        The velocity is that with which the step's end was reached.
        """
        down = np.array([0.0, 0.0, -self.depth_m])
        sideways = np.array([*self.slide_m, 0.0])
        start = np.array([*self.place_m, self.held.clearance_m])
        zero = np.zeros(3)
        for share in _shares(PRESS_S, dt):
            yield start + share * down, self._turned(0.0), down / PRESS_S, zero
        start = start + down
        if self.moves:
            spin = np.array([0.0, 0.0, self.twist_rad / MOVE_S])
            for share in _shares(MOVE_S, dt):
                yield start + share * sideways, self._turned(share), sideways / MOVE_S, spin
            start = start + sideways
        for _ in _shares(REST_S, dt):
            yield start, self._turned(1.0), zero, zero

    def _turned(self, share: float) -> Vector:
        return quaternions.multiply(_about((0.0, 0.0, 1.0), share * self.twist_rad), self.held.quaternion)


def random_path(random: np.random.Generator, motion: str) -> Path:
    """Return a press, slide or twist (one of ``MOTIONS``) of a ball, a lying peg or a box that is almost level."""
    held = _random_object(random, str(random.choice(KINDS)))
    place, depth = random.uniform(-PLACES_M, PLACES_M, 2), float(random.uniform(*DEPTHS_M))
    slide, twist = np.zeros(2), 0.0
    if motion == "slide":
        heading = random.uniform(0.0, 2.0 * np.pi)
        slide = random.uniform(*SLIDES_M) * np.array([np.cos(heading), np.sin(heading)])
    if motion == "twist":
        twist = random.uniform(*TWISTS_RAD) * random.choice((-1.0, 1.0))
    return Path(
        held, (float(place[0]), float(place[1])), float(depth), (float(slide[0]), float(slide[1])), float(twist)
    )


def _pair(vector: Vector) -> tuple[float, float]:
    return float(vector[0]), float(vector[1])


def _random_object(random: np.random.Generator, kind: str) -> Held:
    if kind == "ball":
        return Held(Shape("sphere", (random.uniform(*BALL_RADII_M),)))
    tilt = quaternions.from_rotation_vector([*random.uniform(-TILT_RAD, TILT_RAD, 2), 0.0])
    turn = quaternions.multiply(tilt, _about((0.0, 0.0, 1.0), random.uniform(0.0, 2.0 * np.pi)))
    if kind == "box":
        shape = Shape("box", tuple(random.uniform(*BOX_HALF_SIZES_M, 3)))
    else:
        shape = Shape("cylinder", (random.uniform(*PEG_RADII_M), PEG_LENGTH_M / 2.0))
        turn = quaternions.multiply(turn, _about((0.0, 1.0, 0.0), np.pi / 2.0))
    w, x, y, z = map(float, turn)
    return Held(shape, (w, x, y, z))


def _about(axis: tuple[float, float, float], angle: float) -> Vector:
    return quaternions.from_rotation_vector(np.array(axis) * angle)


def _shares(seconds: float, dt: float) -> Vector:
    count = round(seconds / dt)
    return (np.arange(count) + 1.0) / count
