"""What a hand does with an object on a pad, to look at: press, slide, go round in a circle, twist, let go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.tactile.field import ForceField
from sim.tactile.image import TactileCamera
from sim.tactile.objects import Held
from sim.tactile.press import Contact, depth_at, turned
from sim.tactile.sensor import Pad

STEP_S = 5e-3
"""Of the force field."""
PHASES = (("approach", 0.4), ("press", 1.0), ("shear", 0.8), ("circle", 2.0), ("twist", 1.6), ("release", 0.8))
"""Names and durations, s."""
CLEARANCE_M = 0.2e-3
"""Above the gel at the beginning."""
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """One picture of the tour; what it holds is overwritten by the next.

    Attributes:
        time_s: since the beginning.
        phase: of ``PHASES``.
        contact: with the force field.
        picture: (rows, columns, 3), or ``None`` for a pad without a camera.
    """

    time_s: float
    phase: str
    contact: Contact
    picture: npt.NDArray[np.uint8] | None


@dataclass(frozen=True)
class Tour:
    """A way over a pad.

    Attributes:
        pad: the sensor.
        held: the object.
        load_n: with which it is pressed, N.
        place_m: where on the pad, x and y, m.
        shear_m: radius of the slide and the circle, m: along x and y.
        twist_rad: turn to either side.
        stiffness: of the pad, N/m^3; default: its nominal one.
    """

    pad: Pad
    held: Held
    load_n: float
    place_m: tuple[float, float] = (0.0, 0.0)
    shear_m: tuple[float, float] = (0.5e-3, 0.0)
    twist_rad: float = 0.1
    stiffness: float | None = None

    @property
    def duration_s(self) -> float:
        """Of all phases, s."""
        return sum(seconds for _, seconds in PHASES)

    def moments(self, frames_per_s: float, camera: TactileCamera | None) -> Iterator[Moment]:
        """Yield what the pad feels and sees, evenly in time.

        Args:
            frames_per_s: how often.
            camera: of the pad; default: no pictures.

        Raises:
            ConfigError: if the gel does not carry the load.
        """
        field = ForceField(self.pad, [self.held.shape], stiffness=self.stiffness)
        depth = depth_at(field, self.held, self.place_m, self.load_n)
        field.reset()
        before = self._pose(0.0, depth)
        due, frame = 0.0, 0
        for step in range(1, round(self.duration_s / STEP_S) + 1):
            now = self._pose(step * STEP_S, depth)
            velocity, spin = (now[0] - before[0]) / STEP_S, np.array([0.0, 0.0, (now[1] - before[1]) / STEP_S])
            quaternion = np.asarray(turned(self.held, now[1]))
            field.step(now[0], quaternion, velocity, spin, STEP_S)
            before = now
            if step * STEP_S >= due - 1e-9:
                picture = None if camera is None else camera.render(now[0], quaternion, field)[0]
                yield Moment(step * STEP_S, self._phase(step * STEP_S)[0], Contact(field, now[0], quaternion), picture)
                frame += 1
                due = frame / frames_per_s

    def _phase(self, time_s: float) -> tuple[str, float]:
        """Return the phase and how much of it is over, 0 to 1."""
        for name, seconds in PHASES:
            if time_s <= seconds:
                return name, time_s / seconds
            time_s -= seconds
        return PHASES[-1][0], 1.0

    def _pose(self, time_s: float, depth: float) -> tuple[Vector, float]:
        """Return the object's position, m, (3,), and its turn, rad."""
        phase, share = self._phase(time_s)
        smooth = share * share * (3.0 - 2.0 * share)
        touching = self.held.clearance_m
        height, along, turn = touching - depth, np.zeros(2), 0.0
        shear = np.array(self.shear_m)
        if phase == "approach":
            height = touching + CLEARANCE_M * (1.0 - smooth)
        elif phase == "press":
            height = touching - depth * smooth
        elif phase == "shear":
            along = smooth * shear
        elif phase == "circle":
            c, s = np.cos(2.0 * np.pi * smooth), np.sin(2.0 * np.pi * smooth)
            along = np.array([c * shear[0] - s * shear[1], s * shear[0] + c * shear[1]])
        elif phase == "twist":
            along, turn = shear, self.twist_rad * float(np.sin(2.0 * np.pi * smooth))
        else:
            along, height = shear, touching - depth + (depth + CLEARANCE_M) * smooth
        return np.array([self.place_m[0] + along[0], self.place_m[1] + along[1], height]), turn
