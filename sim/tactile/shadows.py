"""Shadows of the skin on itself, as what ``kernels.shadow`` needs to know of the lamps.

Taxim (arXiv 2109.04027) measures for each direction and height by how much a channel darkens along a fan of lines
away from a contact's rim, and takes the darker of that and the colour. Here the lines are rays of each channel's lamp
and the darkest is the flat skin without that lamp, so that a sensor needs its lamps' places and no table.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.tactile.lights import Lamps

SOFTNESS_M = 0.12e-3
"""Depth below a grazing ray at which a shadow is full: lamps are wide, and light scatters in the gel; assumed."""


def lamp_rows(lamps: Lamps | None) -> npt.NDArray[np.float64]:
    """Return direction x, y (towards the lamp), tangent of the elevation and softness, m, of each channel's lamp.

    Args:
        lamps: of the pad; ``None`` for no shadows.

    Returns:
        (3, 4), or (0, 4) without lamps.
    """
    if lamps is None:
        return np.zeros((0, 4))
    angles = np.radians(lamps.angles_deg)
    slopes = np.full(3, np.tan(np.radians(lamps.elevation_deg)))
    return np.stack([np.cos(angles), np.sin(angles), slopes, np.full(3, SOFTNESS_M)], axis=1)


def darkening(lamps: Lamps | None) -> float:
    """Return the part of a channel's level on the flat skin that comes straight from its own lamp."""
    return 0.0 if lamps is None else (1.0 - lamps.ambient) * (1.0 - 2.0 * lamps.crosstalk)
