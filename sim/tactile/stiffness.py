"""One stiffness per pad: what turns depths into newtons, fixed once by pressing known loads.

The field is an elastic foundation: each taxel carries stiffness x area x depth. The stiffness, N/m^3, is the one
number that makes the sums of taxels equal the loads; presses come from weights on one's own pad, or, for a pad that
nobody has pressed yet, from Hertz's law for a ball on the gel's nominal modulus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sim.errors import ConfigError
from sim.tactile.sensor import Gel, Pad

SHEAR_RATIO = 2.0 / 3.0
"""Tangential over normal stiffness: 2 (1 - nu) / (2 - nu) at nu = 0.5 (Mindlin, "Compliance of Elastic Bodies in
Contact", J. Appl. Mech. 16, 1949)."""
NOMINAL_LOADS_N = (0.25, 0.5, 1.0, 2.0, 3.0)
NOMINAL_BALL_M = 4e-3
"""Loads and radius of the ball of the nominal presses: 0.25 to 1.3 mm deep in the nominal gel."""


@dataclass(frozen=True)
class Press:
    """A ball resting on a pad.

    Attributes:
        load_n: the known load, N.
        depth_m: how deep the ball is in the gel, m.
        radius_m: of the ball, m.
        place_m: where on the pad, x and y, m.
    """

    load_n: float
    depth_m: float
    radius_m: float
    place_m: tuple[float, float] = (0.0, 0.0)


def fit_stiffness(pad: Pad, presses: Sequence[Press]) -> float:
    """Return the stiffness, N/m^3, at which the field's sums differ from the loads by 0 % in the mean.

    Raises:
        ConfigError: without presses, with impossible ones, or if no taxel feels any of them.
    """
    if not presses:
        raise ConfigError(f"no presses to fit the stiffness of {pad.name} to")
    for press in presses:
        if not (press.load_n > 0.0 and press.radius_m > 0.0 and press.depth_m > 0.0):
            raise ConfigError(f"a press needs a positive load, depth and radius, not {press}")
    per_stiffness = np.mean([_displaced(pad, press) / press.load_n for press in presses])
    if per_stiffness == 0.0:
        raise ConfigError(f"no taxel of {pad.name} feels any of {len(presses)} presses")
    return float(1.0 / per_stiffness)


def hertz_depth(gel: Gel, radius_m: float, load_n: float) -> float:
    """Return how deep a rigid ball sinks into an elastic half-space, m.

    F = 4/3 E / (1 - nu^2) sqrt(R) d^(3/2): H. Hertz 1881; K. L. Johnson, "Contact Mechanics", 1985, eq. 4.23. The
    gel's finite thickness, which makes it stiffer, is left out.
    """
    modulus = gel.modulus_pa / (1.0 - gel.poisson**2)
    return (0.75 * load_n / (modulus * radius_m**0.5)) ** (2.0 / 3.0)


@lru_cache
def nominal_stiffness(pad: Pad) -> float:
    """Return the stiffness of a pad that nobody has pressed yet, N/m^3.

    The ball is pressed at several places between four taxels, so that the grid's phase counts for nothing.
    """
    offsets = (np.arange(5) - 2) / 5 * pad.taxels.pitch_m
    presses = [
        Press(load, hertz_depth(pad.gel, NOMINAL_BALL_M, load), NOMINAL_BALL_M, (float(x), float(y)))
        for load in NOMINAL_LOADS_N
        for x in offsets
        for y in offsets
    ]
    return fit_stiffness(pad, presses)


def _displaced(pad: Pad, press: Press) -> float:
    """Sum over the taxels of area times depth, m^3: the field's force per stiffness while nothing slips."""
    offsets = pad.taxels.positions[:, :2] - np.array(press.place_m)
    under = press.radius_m**2 - (offsets**2).sum(axis=1)
    depth = np.sqrt(np.maximum(under, 0.0)) - (press.radius_m - press.depth_m)
    return float(np.clip(depth, 0.0, pad.gel.thickness_m).sum() * pad.taxels.area_m2)
