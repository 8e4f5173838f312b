"""What the whitened innovations say of the model: right, they are white noise of unit variance.

Where they are not, the model lacks something, and the intervals are too narrow. How much too narrow their scatter is
says the sandwich C B C (White 1982; with correlated scores Newey and West 1987), C the stated covariance and B the
scores' covariance summed over lags; what a missing term shifts is in no interval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Array = NDArray[np.floating]

OUTPUTS = ("gyro x", "gyro y", "gyro z", "accelerometer x", "accelerometer y", "accelerometer z", "x", "y", "z")
LAGS = 50
"""Samples over which scores may hang together: half a second."""
PORTMANTEAU_LAGS = 25
"""Lags that the test of whiteness looks at."""
SUSPICIOUS = 1e-4
"""Chance of white noise to look as coloured, below which a term is missing."""
BIASED = 0.1
"""Mean of residuals, in standard deviations, that says the same."""


def autocorrelation(residual: Array, lags: int) -> Array:
    """Return the autocorrelation of whitened residuals (n, 9) at lags 1 to ``lags``, (lags, 9); zero where missing."""
    total = np.maximum(np.sum(residual**2, axis=0), 1e-12)
    return np.stack([(residual[lag:] * residual[:-lag]).sum(axis=0) / total for lag in range(1, lags + 1)])


def chance_of_white(residual: Array) -> Array:
    """Return how likely white noise would look as coloured, (9,): the test of Ljung and Box (Biometrika 65, 1978)."""
    n = len(residual)
    squares = autocorrelation(residual, PORTMANTEAU_LAGS) ** 2
    remaining = n - np.arange(1, PORTMANTEAU_LAGS + 1)
    return chdtrc(PORTMANTEAU_LAGS, n * (n + 2.0) * (squares / remaining[:, None]).sum(axis=0))


def widening(residual: Array, jacobian: Array, covariance: Array) -> Array:
    """Return by how much the sandwich's standard errors exceed the stated ones, (p,).

    Args:
        residual: (n, 9) whitened.
        jacobian: (9 n, p).
        covariance: (p, p), stated.
    """
    scores = np.einsum("no,nop->np", residual, jacobian.reshape(len(residual), residual.shape[1], -1))
    total = scores.T @ scores
    for lag in range(1, LAGS + 1):
        cross = scores[lag:].T @ scores[:-lag]
        total += (1.0 - lag / (LAGS + 1.0)) * (cross + cross.T)
    sandwich = covariance @ total @ covariance
    return np.sqrt(np.maximum(np.diag(sandwich), 0.0) / np.diag(covariance))


def sentences(residual: Array) -> list[str]:
    """Return for people which residuals show that the model lacks something."""
    said = []
    mean, chance = residual.mean(axis=0), chance_of_white(residual)
    for name, unlikely, offset in zip(OUTPUTS, chance < SUSPICIOUS, mean):
        if unlikely:
            said.append(f"residuals of {name} are not white noise: a term is missing")
        elif abs(offset) > BIASED:
            said.append(f"residuals of {name} are {offset:+.2f} standard deviations on average: a term is missing")
    return said
