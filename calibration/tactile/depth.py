"""How deep each ball is in the gel, from its picture, and how stiff the gel is, from weights.

The depth is the one whose rendered picture is nearest to the recorded one. Inside the contact all depths look alike
(the skin lies on the same ball): it is the contact's edge and the skin around it that tell, so the depth is as good as
the renderer's skin (``sim.tactile.image``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.tactile.ball import Circle
from sim.tactile.calibration import Calibration
from sim.tactile.image import TactileCamera, camera_of
from sim.tactile.sensor import Pad
from sim.tactile.shapes import Shape
from sim.tactile.stiffness import Press as Weighed
from sim.tactile.stiffness import fit_stiffness

AROUND = 1.6
"""Pixels up to this many radii of the contact are compared."""
BRACKET = (0.6, 1.7)
"""Depths that are tried, in that of the circle found in the picture."""
RESOLUTION_M = 2e-6
GOLDEN = (5.0**0.5 - 1.0) / 2.0

Levels = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


class BallRenderer:
    """Pictures of balls on a calibrated pad."""

    def __init__(self, pad: Pad, calibration: Calibration) -> None:
        """Prepare.

        Args:
            pad: nominal sensor.
            calibration: of it.
        """
        self.pad, self._pictures = calibration.of(pad), calibration.pictures(pad)
        self._cameras: dict[float, TactileCamera] = {}

    def picture(self, circle: Circle, radius_m: float, depth_m: float) -> npt.NDArray[np.uint8]:
        """Return the picture of a ball, (rows, columns, 3); overwritten by the next call.

        Args:
            circle: whose middle is the ball's.
            radius_m: of the ball, m.
            depth_m: in the gel, m.
        """
        if radius_m not in self._cameras:
            ball = Shape("sphere", (radius_m,))
            self._cameras[radius_m] = TactileCamera(self.pad, [ball], calibration=self._pictures)
        place = (*self.place(circle), radius_m - depth_m)
        return self._cameras[radius_m].render(place, (1.0, 0.0, 0.0, 0.0))[0]

    def place(self, circle: Circle) -> tuple[float, float]:
        """Return the place of a circle's middle in the pad frame, m."""
        camera = camera_of(self.pad)
        pixel_x, pixel_y = camera.pixel_m
        x = (circle.column - 0.5 * (camera.columns - 1)) * pixel_x
        return x, (circle.row - 0.5 * (camera.rows - 1)) * pixel_y

    def around(self, circle: Circle) -> tuple[slice, slice]:
        """Return the rows and columns around a contact."""
        camera = camera_of(self.pad)
        across = AROUND * circle.radius
        down = across * camera.pixel_m[0] / camera.pixel_m[1]
        rows = slice(max(int(circle.row - down), 0), min(int(circle.row + down) + 2, camera.rows))
        return rows, slice(max(int(circle.column - across), 0), min(int(circle.column + across) + 2, camera.columns))


def fit_depth(renderer: BallRenderer, picture: Levels, circle: Circle, radius_m: float) -> float:
    """Return the depth of a ball, m.

    Args:
        renderer: of the pad.
        picture: as the camera saw it, grey levels; (rows, columns, 3).
        circle: the contact; its middle is taken as right.
        radius_m: of the ball, m.
    """
    part = renderer.around(circle)
    seen = picture[part]
    first = circle_depth(circle, radius_m, camera_of(renderer.pad).pixel_m[0])
    deepest = min(renderer.pad.gel.thickness_m, 0.99 * radius_m)

    def misfit(depth_m: float) -> float:
        return float(np.square(renderer.picture(circle, radius_m, depth_m)[part] - seen).sum())

    return _least(misfit, BRACKET[0] * first, min(BRACKET[1] * first, deepest))


def circle_depth(circle: Circle, radius_m: float, pixel_m: float) -> float:
    """Return the depth of a cap whose edge is a circle, m: R - sqrt(R^2 - a^2)."""
    edge = min(circle.radius * pixel_m, 0.95 * radius_m)
    return radius_m - (radius_m**2 - edge**2) ** 0.5


@dataclass(frozen=True)
class Stiffness:
    """What weights say.

    Attributes:
        value: N/m^3.
        loads_n: N; (weights,).
        forces_n: what the force field with that stiffness sums up to at the same depths, N; (weights,).
        numbers: of the presses; those whose contact leaves the taxels cannot be used.
    """

    value: float
    loads_n: Numbers
    forces_n: Numbers
    numbers: list[int]


def fit_weights(pad: Pad, weighed: dict[int, Weighed]) -> Stiffness | None:
    """Return the stiffness at which the force field shows the loads, or ``None`` without a usable press.

    Args:
        pad: the sensor.
        weighed: presses with a weight, by their numbers.
    """
    usable = {number: press for number, press in weighed.items() if _on_taxels(pad, press)}
    if not usable:
        return None
    value = fit_stiffness(pad, list(usable.values()))
    loads = np.array([press.load_n for press in usable.values()])
    # fit_stiffness of one press is its load over what the taxels displace: so a press's force is value / own x load.
    forces = np.array([value / fit_stiffness(pad, [press]) * press.load_n for press in usable.values()])
    return Stiffness(value, loads, forces, list(usable))


def _on_taxels(pad: Pad, press: Weighed) -> bool:
    taxels = pad.taxels
    edge = (2.0 * press.radius_m * press.depth_m - press.depth_m**2) ** 0.5
    half = 0.5 * taxels.pitch_m * np.array([taxels.columns, taxels.rows])
    return bool((np.abs(press.place_m) + edge <= half).all())


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one minimum is least (golden-section search)."""
    a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_a, at_b = function(a), function(b)
    while high - low > RESOLUTION_M:
        if at_a < at_b:
            high, b, at_b = b, a, at_a
            a = high - GOLDEN * (high - low)
            at_a = function(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + GOLDEN * (high - low)
            at_b = function(b)
    return 0.5 * (low + high)
