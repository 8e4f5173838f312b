"""How deep a lying cylinder sinks into a pad that presses it: what a grasp begins with."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.contact.workpieces import MAX_DIAMETER_M
from sim.tactile.field import ForceField
from sim.tactile.sensor import Pad
from sim.tactile.shapes import Shape

_DIAMETERS = np.linspace(2e-3, MAX_DIAMETER_M, 8)
_DEPTHS = np.linspace(0.0, 2e-3, 21)
_LONG_M = 0.05
DEEPEST_SHARE = 0.5
"""Of the radius."""
_ALONG_Y = (math.sqrt(0.5), math.sqrt(0.5), 0.0, 0.0)


class GripDepth:
    """A table of forces over diameters and depths, of the pad's nominal gel."""

    def __init__(self, pad: Pad) -> None:
        """Press cylinders of all diameters to all depths."""
        count = len(_DIAMETERS) * len(_DEPTHS)
        diameter, depth = (grid.ravel() for grid in np.meshgrid(_DIAMETERS, _DEPTHS, indexing="ij"))
        field = ForceField(pad, [Shape("cylinder", (1e-3, _LONG_M / 2.0))], count)
        field.set_sizes(np.arange(count), 0, np.stack([diameter / 2, np.full(count, _LONG_M / 2), 0 * depth], axis=1))
        place = np.stack([0 * depth, 0 * depth, diameter / 2 - depth], axis=1)
        still = np.zeros((count, 3))
        field.step(place, np.tile(_ALONG_Y, (count, 1)), still, still, 1e-3)
        force = -field.wrench()[0][:, 2].reshape(len(_DIAMETERS), len(_DEPTHS))
        self._force = np.maximum.accumulate(force, axis=1)  # (beyond the middle of the object it would fall again)

    def hold(
        self, diameter_m: NDArray[np.float64], force_n: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return at which depth, m, the nominal gel presses back, and the force, N; (n,) each.

        Objects so thin that the force would press them halfway in are held with less: beyond that, gel would meet gel.
        """
        at = np.interp(diameter_m, _DIAMETERS, np.arange(len(_DIAMETERS)))
        low = np.minimum(at.astype(int), len(_DIAMETERS) - 2)
        share = (at - low)[:, None]
        curve = (1.0 - share) * self._force[low] + share * self._force[low + 1]  # (n, depths)
        deepest = np.minimum(DEEPEST_SHARE * diameter_m / 2.0, _DEPTHS[-1])
        depth = np.array([np.interp(f, row, _DEPTHS) for f, row in zip(force_n, curve)])
        depth = np.minimum(depth, deepest)
        return depth, np.array([np.interp(d, _DEPTHS, row) for d, row in zip(depth, curve)])
