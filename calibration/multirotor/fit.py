"""Maximum likelihood of a flight's parameters: MuJoCo's box-constrained least squares on whitened innovations.

Gains and noise levels on one side and parameters on the other are found in turn: at given gains, least squares; at
given parameters, the filter (kalman.py) and its noise levels (noise.py). With prior residuals z appended (Quantities),

    covariance of z = (J^T J + I)^-1,    J = d residuals / d z

is the inverse Fisher information at the gains' own point (Ljung 1999, eqs. 9.14, 9.29 with white unit innovations).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from mujoco import sysid
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from calibration.multirotor.noise import improve
from calibration.multirotor.prediction import Predictor
from calibration.multirotor.quantities import Quantities
from calibration.multirotor.samples import Flight

Array = NDArray[np.floating]

ROUNDS = 4
"""Of gains and least squares in turn, at most."""
NOISE_ROUNDS = 2
"""After which noise levels are left as they are."""
MAX_ITERATIONS = 8
"""Of least squares in each round."""
SETTLED = 0.2
"""Standard errors by which no parameter moves any more in the last round."""
HEADINGS = 8
"""Tried where the log does not know the first one."""
HEADING_S = 8.0
"""How much of the flight they are tried on."""
SURPRISE = 5.0
"""Standard deviations beyond which a residual counts no more than one there (Huber 1964)."""


@dataclass(frozen=True)
class Solution:
    """Where the search ended."""

    predictor: Predictor
    """Tuned at the solution."""
    z: Array
    """(p,)"""
    covariance: Array
    """(p, p) of ``z``."""
    information: Array
    """(p, p): J^T J, of the flight alone."""
    residual: Array
    """(n, 9), whitened; zero where missing."""
    rounds: int
    iterations: int
    moved: float
    """How far the last round still moved any parameter, in standard errors."""


def solve(
    quantities: Quantities, flight: Flight, start: Array | None = None, heading_rad: float | None = None
) -> Solution:
    """Fit one flight.

    Args:
        quantities: of the robot's nominal airframe.
        flight: what it logged.
        start: coordinates to begin at, such as an earlier calibration's; the nominal ones when None.
        heading_rad: at the beginning; what the log says, or the likeliest, when None.
    """
    with threadpool_limits(1):  # matrices this small are slower on many threads, many times so on a busy machine
        return _solve(quantities, flight, start, heading_rad)


def _solve(quantities: Quantities, flight: Flight, start: Array | None, heading_rad: float | None) -> Solution:
    z = np.zeros(len(quantities)) if start is None else start.copy()
    heading = flight.heading_rad if heading_rad is None else heading_rad
    if heading is None:
        heading = find_heading(quantities, flight, z)
    predictor = Predictor(quantities, flight, heading)
    predictor.tune(z)
    iterations, moved, done = 0, np.inf, 0
    for done in range(1, ROUNDS + 1):
        before = z
        z, jacobian, used = least_squares(predictor, z)
        iterations += used
        error = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian + np.eye(len(z)))))
        moved = float(np.max(np.abs(z - before) / error))
        if moved < SETTLED:
            break
        if done <= NOISE_ROUNDS:
            improve(predictor, z, rounds=3 if done == 1 else 2)
        else:
            predictor.tune(z)
    jacobian = derivative(predictor, z)
    information = jacobian.T @ jacobian
    covariance = np.linalg.inv(information + np.eye(len(z)))
    return Solution(predictor, z, covariance, information, predictor.tune(z), done, iterations, moved)


def least_squares(predictor: Predictor, z: Array) -> tuple[Array, Array, int]:
    """Return the coordinates that fit best at the predictor's gains, the residuals' derivative, and the iterations."""
    quantities = predictor.quantities
    reach = np.array([quantity.reach for quantity in quantities.all])
    parameters = sysid.ParameterDict({"z": sysid.Parameter("z", z, -reach, reach)})

    def residual(columns: Array, _parameters: object) -> tuple[list[Array], None, None]:
        rows = np.stack([_all_residuals(predictor, column) for column in columns.reshape(len(z), -1).T], axis=1)
        return [rows], None, None

    _, result = sysid.optimize(
        parameters, residual, optimizer="mujoco", verbose=False, max_iters=MAX_ITERATIONS, output=io.StringIO(),
        eps=1e-6, xtol=1e-4,
    )  # fmt: skip
    return np.asarray(result.x).reshape(-1), np.asarray(result.jac)[: -len(z)], len(result.extras["objective"]) - 1


def derivative(predictor: Predictor, z: Array, step: float = 1e-4) -> Array:
    """Return the residuals' derivative at ``z``, (9 n, p), by central differences at the predictor's gains."""
    columns = []
    for k in range(len(z)):
        shift = np.zeros(len(z))
        shift[k] = step
        columns.append((predictor.residuals(z + shift) - predictor.residuals(z - shift)).reshape(-1) / (2.0 * step))
    return np.stack(columns, axis=1)


def find_heading(quantities: Quantities, flight: Flight, z: Array) -> float:
    """Return the first heading of several under which the beginning of the flight is most likely, rad."""
    costs = {}
    for heading in 2.0 * np.pi / HEADINGS * np.arange(HEADINGS):
        beginning = Predictor(quantities, flight, float(heading)).beginning(HEADING_S)
        beginning.tune(z)
        costs[float(heading)] = beginning.cost if np.isfinite(beginning.cost) else np.inf
    return min(costs, key=lambda heading: costs[heading])


def _all_residuals(predictor: Predictor, z: Array) -> Array:
    """Whitened innovations, large ones tamed, and the prior's."""
    return np.concatenate([tame(predictor.residuals(z).reshape(-1)), z])


def tame(residual: Array) -> Array:
    """Return residuals whose squares sum to twice Huber's loss: beyond ``SURPRISE`` they grow as the square root."""
    size = np.abs(residual)
    large = size > SURPRISE
    if large.any():
        residual = residual.copy()
        residual[large] = np.sign(residual[large]) * np.sqrt(2.0 * SURPRISE * size[large] - SURPRISE**2)
    return residual
