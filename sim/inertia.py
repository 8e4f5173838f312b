"""Between principal moments of inertia and second moments of mass, whose positive values are all realizable."""

from __future__ import annotations

import numpy as np


def second_moments(inertia: np.ndarray) -> np.ndarray:
    """Return the integrals of x^2, y^2 and z^2 over mass for principal moments of inertia.

    Args:
        inertia: (..., 3), kg m^2, with Ixx = Pyy + Pzz and so on.

    Returns:
        (..., 3), kg m^2; all positive exactly when the inertia belongs to a real body.
    """
    return 0.5 * inertia.sum(axis=-1, keepdims=True) - inertia


def principal_inertia(moments: np.ndarray) -> np.ndarray:
    """Return the principal moments of inertia (..., 3) of second moments of mass (..., 3)."""
    return moments.sum(axis=-1, keepdims=True) - moments
