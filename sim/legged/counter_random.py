"""Random numbers that depend on seed, simulation and count alone, not on what else is simulated beside it.

A generator for each simulation would be drawn from in a Python loop. Here a number is a hash of what it is for, so a
whole batch is drawn at once, and an episode is the same in a batch of any size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.legged.kernels.counter import fill_normal, fill_uniform

STEPS_PER_EPISODE = 1 << 16
"""More than any episode has: the draws of two episodes never meet."""


def step_counts(episodes: NDArray[np.integer], age: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return what to count draws of single steps by, (n,): by number of the episode and steps since it began."""
    return episodes * STEPS_PER_EPISODE + age


class CounterRandom:
    """Draws for many simulations.

    Args:
        seed: of everything.
        purpose: draws for another purpose are others.
    """

    def __init__(self, seed: int, purpose: int) -> None:
        self._key = np.random.SeedSequence([seed, purpose]).generate_state(1, np.uint64)[0]

    def uniform(self, ids: NDArray[np.integer], counts: NDArray[np.integer], width: int) -> NDArray[np.float32]:
        """Return numbers in [0, 1), (n, width) float32.

        Args:
            ids: of the simulations; (n,).
            counts: of the draw in each: another count gives other numbers; (n,).
            width: numbers for each.
        """
        out = np.empty((len(ids), width), np.float32)
        fill_uniform(self._key, ids, counts, out)
        return out

    def normal(self, ids: NDArray[np.integer], counts: NDArray[np.integer], width: int) -> NDArray[np.float32]:
        """Return numbers with mean 0 and standard deviation 1, at most 3.5, (n, width) float32.

        Each is the sum of four even ones (Irwin-Hall), which is close to normal and needs one hash.
        """
        out = np.empty((len(ids), width), np.float32)
        fill_normal(self._key, ids, counts, out)
        return out
