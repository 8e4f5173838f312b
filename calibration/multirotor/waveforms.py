"""Signals that shake a multirotor: multisine, chirp, steps of random size, and pairs of pushes that cancel.

All are functions of time in units of their amplitude; excitation.py scales them and sends them to channels of motors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def multisine(time_s: Array, rates_hz: Array) -> Array:
    """Return sines of all rates with Schroeder's phases, root mean square 1, (n,)."""
    lines = len(rates_hz)
    order = np.arange(1, lines + 1)
    phase = -np.pi * order * (order - 1) / lines
    return np.sqrt(2.0 / lines) * np.sin(2.0 * np.pi * rates_hz * time_s[:, None] + phase).sum(axis=1)


def chirp(time_s: Array, lowest_hz: float, highest_hz: float, sweep_s: float, ahead: float) -> Array:
    """Return logarithmic sweeps again and again, root mean square 1, (n,).

    Args:
        time_s: (n,) s.
        lowest_hz: where a sweep begins.
        highest_hz: where it ends.
        sweep_s: how long it lasts.
        ahead: share of a sweep that the first one begins with: chirps apart in it never have the same frequency.
    """
    growth = np.log(highest_hz / lowest_hz)
    done = (time_s / sweep_s + ahead) % 1.0
    return np.sqrt(2.0) * np.sin(2.0 * np.pi * lowest_hz * sweep_s / growth * np.expm1(growth * done))


def random_steps(time_s: Array, step_s: float, rng: np.random.Generator) -> Array:
    """Return levels of -1, 0 and 1 that last ``step_s`` each, (n,)."""
    levels = rng.choice([-1.0, 0.0, 1.0], size=int(time_s[-1] / step_s) + 2)
    return levels[(time_s / step_s).astype(int)]


def pushes(time_s: Array, holds_s: tuple[float, ...], rest_s: float, up: float, down: float) -> Array:
    """Return pushes up, down for twice as long, and up again, whose effects on speed and place cancel, (n,).

    Args:
        time_s: (n,) s.
        holds_s: how long the first push lasts, one triple after the other, over and over.
        rest_s: nothing in between.
        up: size of the pushes up.
        down: of those down.
    """
    edges, levels = [0.0], []
    while edges[-1] <= time_s[-1]:
        hold = holds_s[len(levels) // 4 % len(holds_s)]
        for length, level in ((rest_s, 0.0), (hold, up), (2.0 * hold, -down), (hold, up)):
            edges.append(edges[-1] + length), levels.append(level)
    return np.array(levels)[np.searchsorted(np.array(edges), time_s, side="right") - 1]
