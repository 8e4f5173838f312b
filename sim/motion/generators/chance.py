"""Smooth random signals over a loop, the same for the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.motion.generators.plan import Settings

Array = NDArray[np.float64]


def wander(settings: Settings, shape: tuple[int, ...], most_hz: float) -> Array:
    """Return signals that loop and stay within -1 and 1; (T, *shape).

    A sum of all harmonics of the loop up to ``most_hz``, with amplitudes over the root of their number and random
    phases, divided by its largest value.
    """
    random = np.random.default_rng(settings.seed)
    loop_s = settings.num_frames / settings.fps
    orders = np.arange(1, max(int(most_hz * loop_s), 1) + 1)
    weight = random.normal(size=(len(orders), *shape)) / np.sqrt(orders).reshape(-1, *(1,) * len(shape))
    phase = random.uniform(0.0, 2.0 * np.pi, (len(orders), *shape))
    angle = 2.0 * np.pi * np.multiply.outer(settings.time_s / loop_s, orders)
    angle = angle.reshape(*angle.shape, *(1,) * len(shape)) + phase
    signal = (weight * np.sin(angle)).sum(axis=1)
    return signal / np.abs(signal).max(axis=0)
