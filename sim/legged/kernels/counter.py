"""SplitMix64 as a hash of counters: each number by itself, in any order.

Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
"""

from __future__ import annotations

import numba
import numpy as np

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHORT = np.uint64(0xFFFF)
_FROM_24_BITS = np.float32(2.0**-24)
_SUM_MEAN, _SUM_STD = np.float32(2.0 * 0xFFFF), np.float32(0x10000 / np.sqrt(3.0))
"""Of four 16-bit numbers: half their range each, and the root of four times a twelfth of it squared."""


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
def fill_uniform(key: np.uint64, ids: np.ndarray, counts: np.ndarray, out: np.ndarray) -> None:
    """Fill rows with numbers in [0, 1); ``counts`` and ``ids`` are one per row."""
    for row in range(out.shape[0]):
        first = _first(key, ids[row], counts[row])
        for column in range(out.shape[1]):
            z = _mixed(first + np.uint64(column + 1) * _GAMMA)
            out[row, column] = np.float32(z >> np.uint64(40)) * _FROM_24_BITS


@numba.njit(cache=True, error_model="numpy")
def fill_normal(key: np.uint64, ids: np.ndarray, counts: np.ndarray, out: np.ndarray) -> None:
    """Fill rows with sums of four even numbers, of mean 0 and standard deviation 1."""
    for row in range(out.shape[0]):
        first = _first(key, ids[row], counts[row])
        for column in range(out.shape[1]):
            z = _mixed(first + np.uint64(column + 1) * _GAMMA)
            total = (z & _SHORT) + ((z >> np.uint64(16)) & _SHORT) + ((z >> np.uint64(32)) & _SHORT)
            total += z >> np.uint64(48)
            out[row, column] = (np.float32(total) - _SUM_MEAN) / _SUM_STD
