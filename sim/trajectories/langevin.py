"""Random references: a damped oscillator driven by noise (second-order Langevin dynamics), seeded.

    x'' = -gamma x' - omega^2 x + f,    f' = -(f - sigma xi) / smooth,    xi white noise

Langevin references train RAPTOR (arXiv 2509.11481) and are in the public code of L2F; here the
noise passes a lag, so that the acceleration is continuous, and quintic pieces join the states at
every ``KNOT_S``. In the steady state and without the lag, x spreads by sigma / (omega sqrt(2 gamma))
and x' by sigma / sqrt(2 gamma) per axis.
"""

from __future__ import annotations

import numpy as np

from sim.errors import ConfigError
from sim.trajectories.piecewise import PiecewiseQuintic
from sim.trajectories.reference import require_positive

KNOT_S = 0.1
_FINE = 10
"""Integration steps (semi-implicit Euler) between two knots."""
_LONGEST_S = 3600.0
FADE_S = 1.0
"""Time over which the curve comes to rest at its end."""


def langevin(
    seed: int = 0,
    duration: float = 20.0,
    gamma: float = 1.0,
    omega: float = 2.0,
    sigma: float = 0.5,
    smooth: float = 0.1,
) -> PiecewiseQuintic:
    """Return a random reference; the same numbers give the same curve.

    Args:
        seed: of the noise, not negative.
        duration: s.
        gamma: damping, 1/s.
        omega: pull to the origin, 1/s.
        sigma: strength of the noise, m/s^1.5.
        smooth: lag of the noise, s.

    Raises:
        ConfigError: for numbers that make no curve.
    """
    require_positive("langevin", duration=duration, gamma=gamma, omega=omega, sigma=sigma, smooth=smooth)
    if seed < 0 or not 2.0 * KNOT_S + FADE_S <= duration <= _LONGEST_S:
        raise ConfigError(
            f"trajectory 'langevin': needs a seed from 0 and a duration from {2.0 * KNOT_S + FADE_S:g}"
            f" to {_LONGEST_S:g} s"
        )
    rng = np.random.default_rng(seed)
    knots, h = round(duration / KNOT_S), KNOT_S / _FINE
    position, velocity, force = np.zeros(3), np.zeros(3), np.zeros(3)
    rows = np.zeros((knots + 1, 3, 3))
    share = -np.expm1(-h / smooth)
    for k in range(1, knots + 1):
        for kick in rng.standard_normal((_FINE, 3)):
            force += share * (sigma / np.sqrt(h) * kick - force)
            acceleration = force - gamma * velocity - omega**2 * position
            velocity += h * acceleration
            position += h * velocity
        rows[k] = position, velocity, force - gamma * velocity - omega**2 * position
    fade = round(FADE_S / KNOT_S)
    kept = np.r_[: knots + 1 - fade, knots]  # one last piece from the moving curve to rest
    rows[-1] = (rows[-1 - fade, 0] + 0.5 * FADE_S * rows[-1 - fade, 1], np.zeros(3), np.zeros(3))
    return PiecewiseQuintic(KNOT_S * kept, rows[kept, 0], rows[kept, 1], rows[kept, 2], settle_s=KNOT_S)
