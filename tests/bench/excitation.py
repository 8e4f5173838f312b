"""What the excitation chosen by its information gains over the one that is always the same, on hidden robots.

The same robots fly both, with the same sensors; both flights of each are fitted. What was expected of the nominal robot
stands beside the errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from calibration.multirotor.excitation import Excitation
from calibration.multirotor.quantities import Quantities
from tests.bench.crazyflie import TARGETS, fitted, planned
from tests.support.hidden_multirotors import NOMINAL, hidden_flights

ROBOTS, SEED = 12, 19
LOST_M = 1.5
"""From the start: who is so far away has fallen."""
COMPARED = (*(name for name in TARGETS if name != "latency_s"), "inertia_over_mass_z", "latency_s")


def measure(repeats: int = 1, robots: int = ROBOTS, duration_s: float = 60.0) -> dict[str, Any]:
    """Return the figures ``excitation.*``.

    Args:
        repeats: ignored: robots are many.
        robots: how many.
        duration_s: of each flight.
    """
    quantities = Quantities(NOMINAL)
    plan = planned(duration_s)
    figures: dict[str, Any] = {
        "excitation.robots": robots,
        "excitation.parts": {kind: round(share, 3) for kind, share in plan.excitation.parts},
        "excitation.information": {kind: round(told, 3) for kind, told in plan.told.items()},
        "excitation.expected": _by_name(quantities, plan.errors),
    }
    for name, excitation in (("multisine", Excitation(duration_s)), ("plan", plan.excitation)):
        flights = hidden_flights(robots, SEED, excitation=excitation)
        values, inside = fitted(quantities, flights)
        away = [[quantities.coordinates(each) for each in pair] for pair in values]
        error = np.sqrt(np.mean(np.diff(away, axis=1)[:, 0] ** 2, axis=0))
        figures[f"excitation.errors.{name}"] = _by_name(quantities, error)
        figures[f"excitation.coverage.{name}"] = float(inside.mean())
        figures[f"excitation.lost.{name}"] = int((flights.farthest_m > LOST_M).sum())
    return figures


def _by_name(quantities: Quantities, error: np.ndarray) -> dict[str, float]:
    """Errors of coordinates as shares of what is positive, and of the latency in milliseconds."""
    scaled = error * [quantity.spread for quantity in quantities.all]
    return {
        "latency_ms" if name == "latency_s" else name: float(
            scaled[quantities.index(name)] * (1e3 if name == "latency_s" else 1.0)
        )
        for name in COMPARED
    }
