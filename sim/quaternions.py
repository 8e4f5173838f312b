"""Unit quaternions, wxyz, in arrays: products, turns of vectors, and rotation vectors.

Formulas: J. Sola, "Quaternion kinematics for the error-state Kalman filter", arXiv 1711.02508.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def multiply(left: ArrayLike, right: ArrayLike) -> Array:
    """Return ``left`` after ``right``, (..., 4); eq. 12."""
    a, b = np.asarray(left, float), np.asarray(right, float)
    w = a[..., 0] * b[..., 0] - (a[..., 1:] * b[..., 1:]).sum(-1)
    v = a[..., :1] * b[..., 1:] + b[..., :1] * a[..., 1:] + cross(a[..., 1:], b[..., 1:])
    return np.concatenate([w[..., None], v], axis=-1)


def conjugate(quaternion: ArrayLike) -> Array:
    """Return the inverse turn, (..., 4)."""
    return np.asarray(quaternion, float) * (1.0, -1.0, -1.0, -1.0)


def rotate(quaternion: ArrayLike, vector: ArrayLike) -> Array:
    """Return turned vectors, (..., 3)."""
    q, v = np.asarray(quaternion, float), np.asarray(vector, float)
    twice = 2.0 * cross(q[..., 1:], v)
    return v + q[..., :1] * twice + cross(q[..., 1:], twice)


def from_rotation_vector(vector: ArrayLike) -> Array:
    """Return the turn by |v| rad about v, (..., 3) -> (..., 4); eq. 101."""
    v = np.asarray(vector, float)
    half = 0.5 * np.linalg.norm(v, axis=-1, keepdims=True)
    return np.concatenate([np.cos(half), 0.5 * np.sinc(half / np.pi) * v], axis=-1)


def to_rotation_vector(quaternion: ArrayLike) -> Array:
    """Return the shortest rotation vector, rad, (..., 4) -> (..., 3); eq. 105."""
    q = np.asarray(quaternion, float)
    q = np.where(q[..., :1] < 0.0, -q, q)
    length = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(length, q[..., :1])
    return np.where(length > 1e-12, angle / np.where(length > 1e-12, length, 1.0), 2.0) * q[..., 1:]


def difference(goal: ArrayLike, now: ArrayLike) -> Array:
    """Return the rotation vector that turns ``now`` into ``goal``, in the frame both are given in, rad; (..., 3)."""
    return to_rotation_vector(multiply(goal, conjugate(now)))


def cross(a: Array, b: Array) -> Array:
    """Return vector products, (..., 3): NumPy's own takes three times as long."""
    x = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    y = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    z = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return np.stack([x, y, z], axis=-1)
