"""What a flight does not hold: quantities that it hardly narrows, that ran into a bound, or that it cannot tell apart.

A quantity is stated when its standard error is well below the width it could have had anyway (the prior of
quantities.py) and the search did not end at its bound. What is not stated gets a reason: the other quantity that could
take its place, or the movement that would have shown it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.multirotor.quantities import Quantities

Array = NDArray[np.floating]

WIDEST = 0.2
"""Standard error, of the prior's one, beyond which a quantity is not stated: 10 % of an inertia, 2 ms, a millimetre."""
INSEPARABLE = 0.95
"""Correlation beyond which two quantities cannot be told apart."""
LEAST_INFORMATION = 1e-12
"""Of a direction that the flight says nothing of, beside the prior's one."""
AT_BOUND = 0.99
"""Of the reach."""

_WANTED = {
    "thrust_over_mass": "thrust: climb and sink, with changes of all motors together",
    "thrust_linear_share": "thrust, from far below to far above hover",
    "inertia_over_mass_x": "roll",
    "inertia_over_mass_y": "pitch",
    "inertia_over_mass_z": "yaw while it rolls and pitches: only that tells its inertia from its torque",
    "torque_constant_mass_over_yaw_inertia": "yaw",
    "motor_rise_s": "quick changes of the motors",
    "motor_fall_s": "quick changes of the motors",
    "latency_s": "quick changes of the motors",
    "centre_of_mass": "turns of the body, with an accelerometer",
    "motor_imbalance": "each motor apart, in roll, pitch and yaw at once",
    "battery_sag": "hard climbs with all motors",
    "drag_over_mass": "speed along that axis",
    "gyro_bias": "a longer flight",
    "accelerometer_bias": "a longer flight with positions",
}
"""What a flight needs too much of, by how a quantity's name begins."""


@dataclass(frozen=True)
class Identifiability:
    """What can be stated."""

    unknown: dict[str, str]
    """Quantities that cannot, and why."""
    pairs: tuple[tuple[str, str, float], ...]
    """Stated quantities that are hard to tell apart, and their correlation."""
    condition: float
    """Of the scaled Fisher information's square root: the best known direction's error into the worst one's."""


def judge(quantities: Quantities, z: Array, covariance: Array, information: Array) -> Identifiability:
    """Return what a fit can state.

    Args:
        quantities: of the airframe.
        z: (p,) coordinates found.
        covariance: (p, p) of them, prior included.
        information: (p, p), of the flight alone.
    """
    error = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(error, error)
    unknown: dict[str, str] = {}
    for k, quantity in enumerate(quantities.all):
        if error[k] > WIDEST:
            unknown[quantity.name] = _reason(quantities, k, correlation[k])
        elif abs(z[k]) > AT_BOUND * quantity.reach:
            unknown[quantity.name] = f"the search ended at its bound, {quantity.value(float(z[k])):.3g} {quantity.unit}"
    pairs = [
        (quantities.names[i], quantities.names[j], float(correlation[i, j]))
        for i in range(len(z))
        for j in range(i)
        if abs(correlation[i, j]) > INSEPARABLE and not {quantities.names[i], quantities.names[j]} & set(unknown)
    ]
    eigenvalues = np.maximum(np.linalg.eigvalsh(information), LEAST_INFORMATION)
    return Identifiability(unknown, tuple(pairs), float(np.sqrt(eigenvalues[-1] / eigenvalues[0])))


def _reason(quantities: Quantities, k: int, correlation: Array) -> str:
    others = np.abs(correlation)
    others[k] = 0.0
    twin = int(others.argmax())
    if others[twin] > INSEPARABLE:
        return f"this flight does not tell it from {quantities.names[twin]}"
    name = quantities.names[k]
    wanted = next(text for beginning, text in _WANTED.items() if name.startswith(beginning))
    return f"too little excitation: it takes {wanted}"
