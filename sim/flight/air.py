"""Forces of the air on the rotors: drag along the wind and the cushion above a floor, with their adjoints.

Both are evaluated at the start of a step and held over it (the drag's force in the world, its
torque in the body), in the kernel and in MuJoCo alike; docs/flight.md has formulas and sources.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit

from sim.flight.rotor import FASTMATH, ONE, TWO

ZERO = np.float32(0.0)
LOWEST_OVER_RADIUS = 0.5
"""Below this height over the rotors' radius the ground effect grows no more (4/3 of the free thrust):
the formula has a pole at a quarter, and its derivation needs discs well above the floor."""


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def ground_effect(height, quarter_radius):
    """Thrust over that far from the ground, 1/(1 - (r/4z)^2) (Cheeseman and Bennett 1955, ARC R&M 3021).

    Args:
        height: of the centre of mass above the floor, m; infinite without one. Below the floor,
            where only a model without contact can be, there is no cushion.
        quarter_radius: a quarter of the rotors' radius, m, positive.
    """
    lowest = TWO * quarter_radius
    z = lowest if height < lowest else height
    ratio = quarter_radius / z
    return ONE if height < ZERO else ONE / (ONE - ratio * ratio)


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def ground_effect_slope(height, quarter_radius):
    """Derivative of ``ground_effect`` with respect to the height, 1/m; zero below the bound."""
    lowest = TWO * quarter_radius
    z = lowest if height < lowest else height
    ratio = quarter_radius / z
    factor = ONE / (ONE - ratio * ratio)
    return ZERO if height < lowest else -TWO * ratio * ratio * factor * factor / z


@njit(inline="always", fastmath=FASTMATH)
def drag_turn(packed, n, dx, dy, dz):
    """Angular acceleration (3) that the drag's acceleration d (body) causes: it acts at the rotors' middle."""
    return (
        packed[n, 27] * dz - packed[n, 28] * dy,
        packed[n, 29] * dx - packed[n, 30] * dz,
        packed[n, 31] * dy - packed[n, 32] * dx,
    )


@njit(inline="always", fastmath=FASTMATH)
def drag_turn_adjoint(packed, n, ax, ay, az):
    """Gradient of ``drag_turn`` with respect to d, given that of the angular acceleration."""
    return (
        packed[n, 29] * ay - packed[n, 32] * az,
        packed[n, 31] * az - packed[n, 28] * ax,
        packed[n, 27] * ax - packed[n, 30] * ay,
    )
