"""Poses and motions of objects over pads, as the kernels read them."""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np
from numba import njit

from sim.tactile.kernels.interior import ZERO


@njit(forceinline=True, error_model="numpy")
def three(vectors, p, o):
    """Return a vector of an object over a pad, in float32."""
    return np.float32(vectors[p, o, 0]), np.float32(vectors[p, o, 1]), np.float32(vectors[p, o, 2])


@njit(forceinline=True, error_model="numpy")
def finite(numbers):
    """Return whether all are finite: then 0 times each is 0."""
    total = ZERO
    for number in numbers:
        total += number * ZERO
    return total == ZERO


@njit(forceinline=True, error_model="numpy")
def rotation_of(quaternions, p, o):
    """Return the rotation matrix of a unit quaternion, row by row."""
    w, x, y, z = quaternions[p, o, 0], quaternions[p, o, 1], quaternions[p, o, 2], quaternions[p, o, 3]
    return (
        np.float32(1 - 2 * (y * y + z * z)), np.float32(2 * (x * y - w * z)), np.float32(2 * (x * z + w * y)),
        np.float32(2 * (x * y + w * z)), np.float32(1 - 2 * (x * x + z * z)), np.float32(2 * (y * z - w * x)),
        np.float32(2 * (x * z - w * y)), np.float32(2 * (y * z + w * x)), np.float32(1 - 2 * (x * x + y * y)),
    )  # fmt: skip
