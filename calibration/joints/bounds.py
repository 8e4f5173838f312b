"""Where the search may go: typical sizes, generous bounds, and how well a quantity must be known to be stated.

Bounds are those of physics and of motors of any size, not a box around the data sheet, which may exclude the truth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.joints.model import LONGEST_DELAY_S, HeldRobot
from sim.bodies.dynamics import QUANTITIES

Array = NDArray[np.float64]

SCALE = {"armature": 0.005, "damping": 0.05, "friction": 0.1, "bias": 0.01, "strength": 0.1, "delay": 0.002}
"""Typical sizes, in the units of ``sim.bodies.dynamics``: the search works in these."""
_LARGEST = {"armature": 0.5, "damping": 5.0, "bias": 0.3, "strength": 2.0, "delay": LONGEST_DELAY_S}
_SMALLEST = {"armature": 1e-5, "damping": 0.0, "friction": 0.0, "bias": -0.3, "strength": 0.2, "delay": 0.0}
FRICTION_SHARE = 0.4
"""Of a motor's largest torque: with more dry friction no robot walks."""
RELATIVE = {"armature": 0.2, "damping": 0.2, "friction": 0.2, "strength": 0.1}
ABSOLUTE = {"bias": 0.01, "delay": 0.002}
"""Largest standard error, of the value or in its unit, with which a quantity is stated; ours."""


def scales(joints: int) -> Array:
    """Return typical sizes, (6, n)."""
    return np.repeat(np.array([SCALE[name] for name in QUANTITIES])[:, None], joints, axis=1)


def bounds(held: HeldRobot) -> tuple[Array, Array]:
    """Return lowest and highest values, (6, n) each."""
    n = held.parameters.num_joints
    low = np.repeat(np.array([_SMALLEST[name] for name in QUANTITIES])[:, None], n, axis=1)
    high = np.array(
        [
            FRICTION_SHARE * np.asarray(held.parameters.effort_n_m)
            if name == "friction"
            else np.full(n, _LARGEST[name])
            for name in QUANTITIES
        ]
    )
    return low, high


def largest_error(quantity: str, value: float) -> float:
    """Return the largest standard error with which a value is stated."""
    if quantity in ABSOLUTE:
        return ABSOLUTE[quantity]
    return RELATIVE[quantity] * max(abs(value), 0.1 * SCALE[quantity])
