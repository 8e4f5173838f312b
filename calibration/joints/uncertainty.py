"""How well each quantity is known: covariance from the Jacobian, honest where residuals are not white noise.

White residuals: the usual ``s^2 inv(J' J)``, noise per joint. Where neighbouring residuals agree more than chance has
it, a term is missing and fewer readings are independent than there are; then the middle of the sandwich is summed over
blocks of a second (White 1980; Newey and West 1987), and never below the white one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.joints.problem import Problem
from sim.bodies.dynamics import QUANTITIES

Array = NDArray[np.float64]
PRIOR = 1e3
"""Standard deviation of a prior in ``SCALE``: wide enough to say nothing, it keeps matrices invertible."""
BLOCK_S = 1.0
WHITE = 0.1
"""Largest correlation of neighbouring residuals that counts as none."""
LARGEST_CORRELATION = 0.95
"""Two quantities with more are hard to tell apart."""


@dataclass(frozen=True)
class Uncertainty:
    """Of one fit.

    Attributes:
        covariance: ``(6 n, 6 n)`` in the products of ``SCALE``.
        noise_rad: ``(n,)`` standard deviation of the residuals.
        correlation: ``(n,)`` of neighbouring residuals.
        condition: of the Jacobian with columns of length one, the worst limb's.
    """

    covariance: Array
    noise_rad: Array
    correlation: Array
    condition: float


def uncertainty(problem: Problem, residual: Array, jacobian: Array) -> Uncertainty:
    """Return how well a fit knows what it says.

    Args:
        problem: that was solved.
        residual: ``(k, n)`` at the solution, rad.
        jacobian: ``(k n, 6 n)`` there.
    """
    readings, n = residual.shape
    jacobian = jacobian.reshape(readings, n, len(QUANTITIES), n)
    free = readings - len(QUANTITIES)
    noise = np.sqrt((residual**2).sum(axis=0) / free)
    white = np.array([_neighbours(column) for column in residual.T])
    covariance, condition = np.zeros((len(QUANTITIES), n, len(QUANTITIES), n)), 0.0
    blocks = (problem.log.time_s[problem.judged] // BLOCK_S).astype(np.intp)
    for limb in np.unique(problem.coarse.branch):
        joints = np.flatnonzero(problem.coarse.branch == limb)
        columns = jacobian[:, joints][..., joints].reshape(readings, len(joints), -1)
        part = _covariance(columns, residual[:, joints], noise[joints], white[joints], blocks)
        shape = (len(QUANTITIES), len(joints)) * 2
        rows = np.arange(len(QUANTITIES))[:, None], joints[None, :]
        covariance[rows[0][..., None, None], rows[1][..., None, None], rows[0], rows[1]] = part.reshape(shape)
        condition = max(condition, _condition(columns.reshape(-1, columns.shape[-1])))
    return Uncertainty(covariance.reshape(len(QUANTITIES) * n, -1), noise, white, condition)


def _covariance(columns: Array, residual: Array, noise: Array, white: Array, blocks: NDArray[np.intp]) -> Array:
    """Return one limb's covariance; ``columns`` (k, joints, parameters), the rest for its joints."""
    size = columns.shape[-1]
    scaled = columns / noise[:, None]
    information = np.einsum("kjp,kjq->pq", scaled, scaled) + np.eye(size) / PRIOR**2
    plain = np.linalg.inv(information)
    if np.abs(white).max() <= WHITE:
        return plain
    scores = np.einsum("kjp,kj->kp", scaled, residual / noise)
    sums = np.zeros((int(blocks.max()) + 1, size))
    np.add.at(sums, blocks, scores)
    many = len(np.unique(blocks))
    sandwich = plain @ (sums.T @ sums * many / max(many - 1, 1)) @ plain
    wider = np.sqrt(np.maximum(np.diag(sandwich) / np.diag(plain), 1.0))
    return plain * wider[:, None] * wider[None, :]


def _neighbours(residual: Array) -> float:
    """Return the correlation of each residual with the next."""
    power = float((residual**2).sum())
    return float((residual[1:] * residual[:-1]).sum()) / power if power > 0.0 else 0.0


def _condition(columns: Array) -> float:
    lengths = np.linalg.norm(columns, axis=0)
    if not lengths.min() > 0.0:
        return float("inf")
    return float(np.linalg.cond(columns / lengths))
