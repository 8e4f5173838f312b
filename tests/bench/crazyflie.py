"""How well Crazyflies with hidden parameters are identified from 60 s of flight, and how often stated intervals hold.

The robots are drawn from the hover task's table and fly the excitation that ``collect`` chooses in the fast simulator,
with noise, delay, drop-outs and gusts; what that gains over the multisine is excitation.py's part. Most have every term
in the model, which judges the statistics (an inverse crime otherwise: ``calibration/multirotor/simulated.py``); some
fly over a floor whose cushion the model does not have.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from calibration.multirotor.collect import HEIGHT_M
from calibration.multirotor.excitation import Excitation
from calibration.multirotor.fit import solve
from calibration.multirotor.identify import Weight, identify_multirotor
from calibration.multirotor.planning import Plan, plan_excitation
from calibration.multirotor.quantities import Quantities
from calibration.multirotor.samples import read_flight
from sim.registry import load_robot
from sim.spec import FlightLimits
from tests.support.hidden_multirotors import NOMINAL, hidden_flights, truth

ROBOTS, SEED = 100, 7
NEAR_FLOOR, FLOOR_M = 20, -0.2
"""Robots over a floor, and its height below the take-off point: set-points go 15 cm down."""
WHOLE = 10
"""Robots whose whole identification is run, with held-out predictions: these are timed."""
SHARE = 0.90
BALANCE_KG = 1e-4
TARGETS = {
    "thrust_over_mass": "share", "inertia_over_mass_x": "share", "inertia_over_mass_y": "share",
    "torque_constant_mass_over_yaw_inertia": "share", "motor_rise_s": "share", "motor_fall_s": "share",
    "latency_s": "ms",
}  # fmt: skip
"""Errors that are reported by name: relative, or in milliseconds."""


def measure(repeats: int = 1, robots: int = ROBOTS, near_floor: int = NEAR_FLOOR, whole: int = WHOLE) -> dict[str, Any]:
    """Return the figures ``crazyflie.*``.

    Args:
        repeats: ignored: robots are many.
        robots: with every term in the model.
        near_floor: over a floor.
        whole: identified with held-out predictions.
    """
    quantities = Quantities(NOMINAL)
    chosen = planned().excitation
    flights = hidden_flights(robots, SEED, excitation=chosen)
    values, inside = fitted(quantities, flights)
    figures: dict[str, Any] = {"crazyflie.robots": robots, "crazyflie.errors": errors(quantities, values)}
    figures["crazyflie.excitation"] = {kind: round(share, 3) for kind, share in chosen.parts}
    figures["crazyflie.farthest_m"] = float(flights.farthest_m.max())
    figures["crazyflie.coverage"] = float(inside.mean())
    figures["crazyflie.coverage_by_parameter"] = dict(zip(quantities.names, inside.mean(axis=0).round(3).tolist()))
    figures["crazyflie.coverage_lowest"] = float(inside.mean(axis=0).min())
    figures |= _whole(flights, min(whole, robots))
    if near_floor:
        above = hidden_flights(near_floor, SEED + 1, floor_m=FLOOR_M, excitation=chosen)
        values, inside = fitted(quantities, above)
        figures["crazyflie.near_floor.coverage"] = float(inside.mean())
        figures["crazyflie.near_floor.errors"] = errors(quantities, values)
    return figures


def planned(duration_s: float = 60.0) -> Plan:
    """Return the excitation that tells most of the nominal robot, with an accelerometer in the log."""
    limits = load_robot("crazyflie").limits
    assert isinstance(limits, FlightLimits)
    return plan_excitation("crazyflie", NOMINAL, limits, Excitation(duration_s), HEIGHT_M)


def fitted(quantities: Quantities, flights: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return values over true values and whether each interval holds the truth: (robots, 2, p), (robots, p)."""
    values, inside = [], []
    for robot, recording in enumerate(flights.recordings):
        solution = solve(quantities, read_flight(recording, NOMINAL.num_rotors))
        real = truth(quantities, flights, robot)
        error = np.abs(solution.z - quantities.coordinates(real)) / np.sqrt(np.diag(solution.covariance))
        values.append((quantities.values(solution.z), real))
        inside.append(error < 1.6449)
    return np.array(values), np.array(inside)


def errors(quantities: Quantities, values: np.ndarray, share: float = 0.9) -> dict[str, float]:
    """Return what this share of the robots stays below, of values as ``fitted`` returns them."""
    found = {}
    for name, kind in TARGETS.items():
        estimated, real = values[:, 0, quantities.index(name)], values[:, 1, quantities.index(name)]
        error = np.abs(estimated - real)
        found[name if kind == "share" else "latency_ms"] = float(
            np.quantile(error / real if kind == "share" else 1e3 * error, share)
        )
    return found


def _whole(flights: Any, count: int) -> dict[str, Any]:
    ratios, spent = [], []
    for robot in range(count):
        weight = Weight(float(flights.flight.mass[robot]), BALANCE_KG)
        began = time.process_time()
        holdout = identify_multirotor(flights.recordings[robot], NOMINAL, weight).estimate.holdout
        spent.append(time.process_time() - began)
        ratios.append(holdout["nominal.position_m.0.5s"] / holdout["position_m.0.5s"])
    return {
        "crazyflie.holdout_ratio": float(np.median(ratios)),
        "crazyflie.holdout_ratio_lowest": float(np.min(ratios)),
        "crazyflie.cpu_s": float(np.median(spent)),
        "crazyflie.cpu_s_largest": float(np.max(spent)),
    }
