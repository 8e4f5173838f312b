"""Press an object on a pad with a load, move it sideways, turn it: the field of one contact without a simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.field import ForceField
from sim.tactile.objects import Held
from sim.tactile.sensor import Pad

STEPS = 50
"""Of the way sideways: anchors follow the path, not only its end."""
SCAN, BISECTIONS = 100, 25
SECOND_S = 1.0
"""The way takes one second: slowly enough that damping is nothing."""
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contact:
    """An object at rest on a pad.

    Attributes:
        field: with depth and forces.
        position: of the object, pad frame, m; (3,).
        quaternion: object to pad, wxyz; (4,).
    """

    field: ForceField
    position: Vector
    quaternion: Vector


def press(
    pad: Pad,
    held: Held,
    load_n: float,
    place_m: tuple[float, float] = (0.0, 0.0),
    shear_m: tuple[float, float] = (0.0, 0.0),
    twist_rad: float = 0.0,
    stiffness: float | None = None,
) -> Contact:
    """Press straight down until the gel carries the load, then move and turn at that height.

    Args:
        pad: the sensor.
        held: the object.
        load_n: normal force, N.
        place_m: where on the pad, x and y, m.
        shear_m: way sideways, m.
        twist_rad: turn about the pad's normal through the object's origin, rad.
        stiffness: of the pad, N/m^3; default: its nominal one.

    Raises:
        ConfigError: if the load is not positive or more than the gel carries at its whole thickness.
    """
    if not load_n > 0.0:
        raise ConfigError(f"the load must be a positive number of newtons, not {load_n:g}")
    field = ForceField(pad, [held.shape], stiffness=stiffness)
    depth = depth_at(field, held, place_m, load_n)
    start = np.array([*place_m, held.clearance_m - depth])
    field.reset()
    rate = np.array([*shear_m, 0.0]) / SECOND_S
    # One step of rest afterwards, so that no speed is left in damping.
    for step in range(STEPS + 2):
        share = min(step / STEPS, 1.0)
        moves = 0.0 if step in (0, STEPS + 1) else 1.0
        place, quaternion = start + share * rate * SECOND_S, turned(held, share * twist_rad)
        field.step(place, quaternion, moves * rate, moves * _about_z(twist_rad), SECOND_S / STEPS)
    return Contact(field, start + rate * SECOND_S, np.asarray(turned(held, twist_rad)))


def depth_at(field: ForceField, held: Held, place_m: tuple[float, float], load_n: float) -> float:
    """Return the smallest indentation at which the gel carries a load, m; presses and forgets with the field.

    Deeper than its distance to its own rim a flat face carries less again (the nearest face is then a side): so the
    first of many depths that carries the load is looked for, and refined by bisection.

    Raises:
        ConfigError: if the load is more than the gel carries at its whole thickness.
    """
    depths = np.linspace(0.0, field.pad.gel.thickness_m, SCAN + 1)[1:]
    most = 0.0
    for high in map(float, depths):
        carried = _carried(field, held, place_m, high)
        most = max(most, carried)
        if carried >= load_n:
            break
    else:
        raise ConfigError(f"{load_n:g} N is more than {field.pad.title} carries of this object there: {most:.1f} N")
    low = high - float(depths[0])
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _carried(field, held, place_m, middle) < load_n else (low, middle)
    return high


def _carried(field: ForceField, held: Held, place_m: tuple[float, float], depth: float) -> float:
    field.reset()
    zero = np.zeros(3)
    field.step((*place_m, held.clearance_m - depth), held.quaternion, zero, zero, SECOND_S / STEPS)
    return -float(field.wrench()[0][0, 2])


def _about_z(rate: float) -> Vector:
    return np.array([0.0, 0.0, rate / SECOND_S])


def turned(held: Held, angle: float) -> tuple[float, float, float, float]:
    """Return an object's orientation after a turn about the pad's normal, rad: the product of both quaternions."""
    c, s = np.cos(angle / 2.0), np.sin(angle / 2.0)
    w, x, y, z = held.quaternion
    return c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w
