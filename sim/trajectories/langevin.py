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
from sim.trajectories.reference import Array, require_positive

KNOT_S = 0.1
SETTLE_S = 1.0
"""Time after which tracking is judged: about when the curve, begun at rest, is as lively as later."""
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
    if seed < 0:
        raise ConfigError(f"trajectory 'langevin': seed must not be negative, got {seed}")
    rng = np.random.default_rng(seed)
    return langevin_batch(rng, duration, *(np.array([value]) for value in (gamma, omega, sigma, smooth)))[0]


def langevin_batch(
    rng: np.random.Generator, duration: float, gamma: Array, omega: Array, sigma: Array, smooth: Array
) -> list[PiecewiseQuintic]:
    """Return n random references of ``duration`` s; the other arguments, (n,) each, as for ``langevin``.

    Raises:
        ConfigError: for a duration that makes no curve.
    """
    if not 2.0 * KNOT_S + FADE_S <= duration <= _LONGEST_S:
        raise ConfigError(
            f"trajectory 'langevin': duration must be {2.0 * KNOT_S + FADE_S:g} to {_LONGEST_S:g} s, got {duration:g}"
        )
    h, knots, n = KNOT_S / _FINE, round(duration / KNOT_S), len(gamma)
    damping, pull, strength = gamma[:, None], omega[:, None] ** 2, sigma[:, None] / np.sqrt(h)
    share = -np.expm1(-h / smooth[:, None])
    position, velocity, force = (np.zeros((n, 3)) for _ in range(3))
    rows = np.zeros((knots + 1, 3, n, 3))
    for k in range(1, knots + 1):
        for kick in rng.standard_normal((_FINE, n, 3)):
            force += share * (strength * kick - force)
            velocity += h * (force - damping * velocity - pull * position)
            position += h * velocity
        rows[k] = position, velocity, force - damping * velocity - pull * position
    fade = round(FADE_S / KNOT_S)
    kept = np.r_[: knots + 1 - fade, knots]  # one last piece from the moving curve to rest
    rows[-1] = rows[-1 - fade, 0] + 0.5 * FADE_S * rows[-1 - fade, 1], np.zeros((n, 3)), np.zeros((n, 3))
    return [PiecewiseQuintic(KNOT_S * kept, *rows[kept, :, i].swapaxes(0, 1), settle_s=SETTLE_S) for i in range(n)]
