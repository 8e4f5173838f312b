"""Noise density and bias instability from the Allan deviation of a sensor at rest (``allantools``).

The overlapping Allan variance of white noise, flicker noise and a random walk of the bias is
``N^2 / tau + (2 ln 2 / pi) B^2 + K^2 tau / 3`` (IEEE Std 952-1997, annex C). The three are fitted together; one that
the log is too short for, or that noise covers, is not stated, but bounded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Array = NDArray[np.float64]
FLOOR = 2.0 * math.log(2.0) / math.pi
"""Variance at the floor, in ``B^2``."""
COEFFICIENTS = ("noise_density", "bias_instability", "random_walk")
LONGEST_SHARE = 0.1
"""Of the log: averages over more are too few to say anything."""
SURE = 3.0
"""Standard errors from none at which a coefficient is stated."""
ROUNDS = 4
"""Of the fit, each weighted by the last one's curve."""


@dataclass(frozen=True)
class AllanFit:
    """One axis of a sensor; its unit is called u here.

    Attributes:
        tau_s: ``(m,)`` averaging times.
        deviation: ``(m,)`` Allan deviation, u.
        relative_error: ``(m,)`` of the deviation.
        values: what is stated: noise density in u/sqrt(Hz), bias instability in u, random walk in u sqrt(Hz).
        errors: standard error of each.
        unknown: what is not stated, and why.
        rate_hz: of the rows.
    """

    tau_s: Array
    deviation: Array
    relative_error: Array
    values: Mapping[str, float]
    errors: Mapping[str, float]
    rate_hz: float
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def sample_std(self) -> float | None:
        """Standard deviation of the white noise of one row, u: what a simulated sensor at this rate adds."""
        density = self.values.get("noise_density")
        return None if density is None else density * math.sqrt(self.rate_hz)

    def curve(self, tau_s: Array) -> Array:
        """Return the deviation that the stated coefficients make."""
        n, b, k = (self.values.get(name, 0.0) for name in COEFFICIENTS)
        return np.sqrt(n**2 / tau_s + FLOOR * b**2 + k**2 * tau_s / 3.0)


def fit_allan(values: Array, rate_hz: float, unit: str = "u") -> AllanFit:
    """Return noise and bias instability of one axis.

    Args:
        values: (n,) evenly spaced readings at rest.
        rate_hz: of the readings.
        unit: of the readings, for messages.
    """
    import allantools

    largest = max(int(len(values) * LONGEST_SHARE), 4)
    averages = np.unique(np.geomspace(1, largest, max(int(2 * math.log2(largest)), 4)).astype(int))
    centred = np.asarray(values, np.float64) - np.mean(values)
    tau_s, deviation, _, _ = allantools.oadev(centred, rate=rate_hz, data_type="freq", taus=averages / rate_hz)
    averages = np.rint(tau_s * rate_hz)
    freedom = np.array([max(allantools.edf_simple(len(values), m, 0), 1.0) for m in averages])
    if not deviation.max() > 0.0:
        reason = "the reading never changes: coarser than its noise, or no sensor at all"
        return AllanFit(tau_s, deviation, 0.0 * tau_s, {}, {}, rate_hz, dict.fromkeys(COEFFICIENTS, reason))
    squares, covariance = _fit(tau_s, deviation**2, freedom)
    stated, errors, unknown = {}, {}, {}
    for index, name in enumerate(COEFFICIENTS):
        error = math.sqrt(covariance[index, index])
        if squares[index] > SURE * error:
            stated[name] = math.sqrt(squares[index])
            errors[name] = 0.5 * error / stated[name]
        else:
            most = math.sqrt(squares[index] + 2.0 * error)
            unknown[name] = (
                f"{len(values) / rate_hz:.0f} s at rest do not show it among the other noise: it is below {most:.2g}"
                f" {unit}"
            )
    return AllanFit(tau_s, deviation, np.sqrt(0.5 / freedom), stated, errors, rate_hz, unknown)


def _fit(tau_s: Array, variance: Array, freedom: Array) -> tuple[Array, Array]:
    """Return squares of the coefficients and their covariance by weighted, non-negative least squares.

    Neighbouring averaging times share readings. Two points an octave are taken as one: errors grow by sqrt(2).
    """
    matrix = np.stack([1.0 / tau_s, np.full_like(tau_s, FLOOR), tau_s / 3.0], axis=1)
    curve = variance
    for _ in range(ROUNDS):
        weight = np.sqrt(0.5 * freedom) / np.maximum(curve, 1e-300)
        squares, _ = nnls(matrix * weight[:, None], variance * weight)
        curve = matrix @ squares
    weighted = matrix * (np.sqrt(0.5 * freedom) / np.maximum(curve, 1e-300))[:, None]
    scale = 1.0 / np.linalg.norm(weighted, axis=0)
    covariance = 2.0 * np.linalg.inv((weighted * scale).T @ (weighted * scale)) * np.outer(scale, scale)
    return squares, covariance
