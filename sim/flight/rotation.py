"""Attitude as the policy sees it: rotation matrices of the state's quaternions, with the adjoint.

The matrix is the homogeneous one (entries quadratic in q, so |q|^2 R): for the unit quaternions
that leave the kernel it is the rotation, and its third column is the kernel's thrust axis.
"""
# ruff: noqa: ANN001

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight import layout
from sim.flight.layout import require_array
from sim.flight.rotor import FASTMATH, TWO

FEATURES = 18
"""Position 3, rotation matrix 9 (row-major, world<-body), velocity 3, angular velocity 3."""


def rotation_matrix(quaternion: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the rotation world<-body of unit quaternions (wxyz): ``(..., 4)`` -> ``(..., 3, 3)``."""
    w, x, y, z = np.moveaxis(np.asarray(quaternion), -1, 0)
    rows = (
        (w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def features(state: NDArray[np.float32], out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return position, rotation matrix, velocity and angular velocity of each state.

    Args:
        state: ``(num_envs, 13 + num_rotors)`` float32.
        out: ``(num_envs, 18)`` float32; allocated when None.

    Raises:
        ConfigError: for arrays of another shape, type or memory order.
    """
    if out is None:
        out = np.empty((len(state), FEATURES), np.float32)
    _require_states("state", state)
    require_array("out", out, (len(state), FEATURES))
    features_batch(state, out)
    return out


def features_adjoint(
    state: NDArray[np.float32], grad_features: NDArray[np.float32], grad_state: NDArray[np.float32]
) -> None:
    """Add to ``grad_state`` the gradient with respect to the state, given that of ``features``.

    Args:
        state: ``(num_envs, 13 + num_rotors)`` float32.
        grad_features: ``(num_envs, 18)`` float32.
        grad_state: shaped like ``state``, **added to**: a state also has its own cost and successor.

    Raises:
        ConfigError: for arrays of another shape, type or memory order.
    """
    _require_states("state", state)
    require_array("grad_features", grad_features, (len(state), FEATURES))
    require_array("grad_state", grad_state, state.shape)
    features_adjoint_batch(state, grad_features, grad_state)


@njit(cache=True, fastmath=FASTMATH)
def features_batch(state, out) -> None:
    """Unchecked ``features``, callable from other numba code."""
    for n in range(state.shape[0]):
        for k in range(3):
            out[n, k] = state[n, k]
            out[n, 12 + k] = state[n, 7 + k]
            out[n, 15 + k] = state[n, 10 + k]
        w, x, y, z = state[n, 3], state[n, 4], state[n, 5], state[n, 6]
        ww, xx, yy, zz = w * w, x * x, y * y, z * z
        out[n, 3], out[n, 4], out[n, 5] = ww + xx - yy - zz, TWO * (x * y - w * z), TWO * (x * z + w * y)
        out[n, 6], out[n, 7], out[n, 8] = TWO * (x * y + w * z), ww - xx + yy - zz, TWO * (y * z - w * x)
        out[n, 9], out[n, 10], out[n, 11] = TWO * (x * z - w * y), TWO * (y * z + w * x), ww - xx - yy + zz


@njit(cache=True, fastmath=FASTMATH)
def features_adjoint_batch(state, grad_features, grad_state) -> None:
    """Unchecked ``features_adjoint``, callable from other numba code."""
    for n in range(state.shape[0]):
        g = grad_features[n]
        for k in range(3):
            grad_state[n, k] += g[k]
            grad_state[n, 7 + k] += g[12 + k]
            grad_state[n, 10 + k] += g[15 + k]
        w, x, y, z = state[n, 3], state[n, 4], state[n, 5], state[n, 6]
        grad_state[n, 3] += TWO * (
            w * (g[3] + g[7] + g[11]) + x * (g[10] - g[8]) + y * (g[5] - g[9]) + z * (g[6] - g[4])
        )
        grad_state[n, 4] += TWO * (
            x * (g[3] - g[7] - g[11]) + w * (g[10] - g[8]) + y * (g[4] + g[6]) + z * (g[5] + g[9])
        )
        grad_state[n, 5] += TWO * (
            y * (g[7] - g[3] - g[11]) + w * (g[5] - g[9]) + x * (g[4] + g[6]) + z * (g[8] + g[10])
        )
        grad_state[n, 6] += TWO * (
            z * (g[11] - g[3] - g[7]) + w * (g[6] - g[4]) + x * (g[5] + g[9]) + y * (g[8] + g[10])
        )


def _require_states(name: str, state: NDArray[np.float32]) -> None:
    columns = state.shape[1] if isinstance(state, np.ndarray) and state.ndim == 2 else layout.state_size(4)
    require_array(name, state, (len(state), max(columns, layout.RIGID_BODY_SIZE)))
