"""How widely to randomise a parameter: the spread that makes the log likely, as DROPO asks, not the error of its mean.

A covariance says how well one value is known if the model is right. Where it is not, the value that fits best changes
from moment to moment, and a policy must bear that. Following DROPO (Tiboni, Arndt, Kyrki, "DROPO: Sim-to-real transfer
with offline domain randomization", RAS 2023) parameters are drawn anew for each stretch of the log from a normal
distribution whose mean and diagonal spread maximise the likelihood of what was measured. DROPO samples simulations;
here they are linear in the parameters about the fit, so that the likelihood has a closed form and a gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sim.errors import ConfigError

Array = NDArray[np.float64]
SMALLEST, LARGEST = 1e-4, 30.0
"""Of a spread, in the units of the Jacobian's columns."""
START = 0.1
FEWEST = 8
"""Stretches; with fewer a spread is a guess."""


@dataclass(frozen=True)
class Ranges:
    """A normal distribution of parameters about a fit, in the units of the Jacobian's columns.

    Attributes:
        shift: ``(p,)`` of the mean from the fit.
        spread: ``(p,)`` standard deviations.
        log_likelihood: of all residuals, nats.
    """

    shift: Array
    spread: Array
    log_likelihood: float


def likelihood_ranges(residual: Array, jacobian: Array, noise: float) -> Ranges:
    """Return the distribution that makes the residuals of a fit likeliest.

    Args:
        residual: ``(W, m)`` reading less prediction of the fit, in W stretches.
        jacobian: ``(W, m, p)`` derivatives of the predictions there.
        noise: standard deviation of a reading's white noise.

    Raises:
        ConfigError: for too few stretches, or shapes that do not belong together.
    """
    if residual.shape != jacobian.shape[:2]:
        raise ConfigError(f"ranges: residuals {residual.shape} and derivatives {jacobian.shape} do not belong together")
    if len(residual) < FEWEST:
        raise ConfigError(f"ranges: {len(residual)} stretches of log say nothing of a spread: {FEWEST} are needed")
    size = jacobian.shape[-1]
    squares = np.einsum("wmp,wmq->wpq", jacobian, jacobian) / noise**2
    pull = np.einsum("wmp,wm->wp", jacobian, residual) / noise**2
    rest = float((residual**2).sum()) / noise**2 + residual.size * np.log(2.0 * np.pi * noise**2)

    def loss(free: Array) -> tuple[float, Array]:
        return _loss(free[:size], free[size:], squares, pull, rest)

    bounds = [(-LARGEST, LARGEST)] * size + [(np.log(SMALLEST), np.log(LARGEST))] * size
    start = np.concatenate([np.zeros(size), np.full(size, np.log(START))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    return Ranges(found.x[:size], np.exp(found.x[size:]), -float(found.fun))


def log_likelihood(residual: Array, jacobian: Array, noise: float, shift: Array, covariance: Array) -> float:
    """Return how likely residuals are where parameters are drawn for each stretch, nats.

    Args:
        residual: ``(W, m)``.
        jacobian: ``(W, m, p)``.
        noise: of a reading.
        shift: ``(p,)`` mean.
        covariance: ``(p, p)``.
    """
    total = 0.0
    for r, j in zip(residual, jacobian, strict=True):
        away, seen = r - j @ shift, j @ covariance @ j.T + noise**2 * np.eye(len(r))
        _, logarithm = np.linalg.slogdet(seen)
        total -= 0.5 * (float(away @ np.linalg.solve(seen, away)) + logarithm + len(r) * np.log(2.0 * np.pi))
    return total


def _loss(shift: Array, logs: Array, squares: Array, pull: Array, rest: float) -> tuple[float, Array]:
    """Return minus the log-likelihood and its gradient, by the matrix inversion lemma in p dimensions.

    With S = diag(spread), A = J'J / noise^2 and b = J'(r - J shift) / noise^2 of a stretch, B = I + S A S:
    the quadratic form is |r - J shift|^2 / noise^2 - b' S inv(B) S b, and the determinant's factor is |B|.
    """
    spread = np.exp(logs)
    b = pull - squares @ shift
    inner = np.eye(len(spread)) + spread[:, None] * squares * spread
    inverse = np.linalg.inv(inner)
    _, logarithms = np.linalg.slogdet(inner)
    solved = np.einsum("wpq,wq->wp", inverse, spread * b)  # inv(B) S b
    explained = float((spread * b * solved).sum())
    distance = rest + float((shift @ squares @ shift).sum()) - 2.0 * float((pull @ shift).sum())
    value = 0.5 * (distance - explained + float(logarithms.sum()))
    # J' inv(covariance) (r - J shift) = b - A S inv(B) S b, and J' inv(covariance) J = A - A S inv(B) S A.
    weighted = b - np.einsum("wpq,wq->wp", squares, spread * solved)
    halves = np.einsum("wpq,wqr->wpr", inverse, spread[:, None] * squares)  # inv(B) S A
    own = np.einsum("wpp->wp", squares) - np.einsum("wpq,q,wqp->wp", squares, spread, halves)
    by_spread = (own - weighted**2).sum(axis=0) * spread**2
    return value, np.concatenate([-weighted.sum(axis=0), by_spread])
