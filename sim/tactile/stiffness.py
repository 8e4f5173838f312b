"""One stiffness per pad: what turns depths into newtons, fixed once by pressing known loads.

The field is an elastic foundation: each taxel carries stiffness x area x depth. The stiffness, N/m^3, is the one
number that makes the sums of taxels equal the loads; presses come from weights on one's own pad, or, for a pad that
nobody has pressed yet, from Hertz's law for a ball on the gel's nominal modulus.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from sim.errors import ConfigError
from sim.tactile.sensor import Gel, Pad

SCALES = Path(__file__).with_name("stiffness_scales.json")
"""Of the taxels of each pad against a bed of pins, from ``python -m sim.tactile.known_loads``."""
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


def foundation_stiffness(gel: Gel) -> float:
    """Return the stiffness of the springs, N/m^3, that stand for a gel nobody has pressed yet.

    The one that carries the nominal loads at Hertz's depths in the mean: a ball of radius R that is d deep displaces
    pi d^2 (R - d / 3).
    """
    depths = [hertz_depth(gel, NOMINAL_BALL_M, load) for load in NOMINAL_LOADS_N]
    displaced = [np.pi * depth**2 * (NOMINAL_BALL_M - depth / 3.0) for depth in depths]
    return float(1.0 / np.mean(np.divide(displaced, NOMINAL_LOADS_N)))


@lru_cache
def nominal_stiffness(pad: Pad) -> float:
    """Return the stiffness of a pad that nobody has pressed yet, N/m^3.

    The gel's, times the pad's own scale: with it the taxels show the loads that a bed of pins, far finer than they
    are, carries in MuJoCo. Scales are measured once by ``python -m sim.tactile.known_loads``; a pad without has 1.
    """
    return foundation_stiffness(pad.gel) * _scales().get(pad.name, 1.0)


@lru_cache
def _scales() -> dict[str, float]:
    return {name: float(scale) for name, scale in json.loads(SCALES.read_text()).items()}


def _displaced(pad: Pad, press: Press) -> float:
    """Sum over the taxels of area times depth, m^3: the field's force per stiffness while nothing slips."""
    offsets = pad.taxels.positions[:, :2] - np.array(press.place_m)
    under = press.radius_m**2 - (offsets**2).sum(axis=1)
    depth = np.sqrt(np.maximum(under, 0.0)) - (press.radius_m - press.depth_m)
    return float(np.clip(depth, 0.0, pad.gel.thickness_m).sum() * pad.taxels.area_m2)
