"""Random numbers that depend on seed, simulation and count alone, not on what else is simulated beside it.

A generator for each simulation would be drawn from in a Python loop. Here a number is a hash of what it is for, so a
whole batch is drawn at once, and an episode is the same in a batch of any size.
The hash is SplitMix64's (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHORT = np.uint64(0xFFFF)
_FROM_24_BITS = np.float32(2.0**-24)
_SUM_MEAN, _SUM_STD = np.float32(2.0 * 0xFFFF), np.float32(0x10000 / np.sqrt(3.0))
"""Of four 16-bit numbers: half their range each, and the root of four times a twelfth of it squared."""


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
        _uniform(self._key, ids, counts, out)
        return out

    def normal(self, ids: NDArray[np.integer], counts: NDArray[np.integer], width: int) -> NDArray[np.float32]:
        """Return numbers with mean 0 and standard deviation 1, at most 3.5, (n, width) float32.

        Each is the sum of four even ones (Irwin-Hall), which is close to normal and needs one hash.
        """
        out = np.empty((len(ids), width), np.float32)
        _normal(self._key, ids, counts, out)
        return out


@numba.njit(inline="always")
def _mixed(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@numba.njit(inline="always")
def _first(key: np.uint64, number: int, count: int) -> np.uint64:
    """Return where a row's sequence begins."""
    return _mixed(_mixed(key + np.uint64(number) * _GAMMA) + np.uint64(count) * _GAMMA)


@numba.njit(cache=True, error_model="numpy")
def _uniform(key: np.uint64, ids: np.ndarray, counts: np.ndarray, out: np.ndarray) -> None:
    for row in range(out.shape[0]):
        first = _first(key, ids[row], counts[row])
        for column in range(out.shape[1]):
            z = _mixed(first + np.uint64(column + 1) * _GAMMA)
            out[row, column] = np.float32(z >> np.uint64(40)) * _FROM_24_BITS


@numba.njit(cache=True, error_model="numpy")
def _normal(key: np.uint64, ids: np.ndarray, counts: np.ndarray, out: np.ndarray) -> None:
    for row in range(out.shape[0]):
        first = _first(key, ids[row], counts[row])
        for column in range(out.shape[1]):
            z = _mixed(first + np.uint64(column + 1) * _GAMMA)
            total = (z & _SHORT) + ((z >> np.uint64(16)) & _SHORT) + ((z >> np.uint64(32)) & _SHORT)
            total += z >> np.uint64(48)
            out[row, column] = (np.float32(total) - _SUM_MEAN) / _SUM_STD
