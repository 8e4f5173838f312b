"""Inertia of rigid bodies: of parts together, and as second moments, whose positive values are all realizable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Inertial:
    """Mass, its centre and its inertia, as URDF and MJCF publish them."""

    mass: float
    """kg"""
    com: tuple[float, ...]
    """(3,) centre of mass in the link's frame, m."""
    inertia: tuple[float, ...]
    """(6,) Ixx, Iyy, Izz, Ixy, Ixz, Iyz about the centre of mass along the link's axes, kg m^2."""

    @property
    def tensor(self) -> np.ndarray:
        """The inertia as a (3, 3) matrix."""
        xx, yy, zz, xy, xz, yz = self.inertia
        return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Inertial:
        """Return the same part elsewhere, m further along the axes."""
        return Inertial(self.mass, (self.com[0] + x, self.com[1] + y, self.com[2] + z), self.inertia)

    def mirrored(self, axis: int) -> Inertial:
        """Return its mirror image along x, y or z (0, 1, 2): that coordinate and its two products change sign."""
        com = tuple(-value if k == axis else value for k, value in enumerate(self.com))
        pairs = ((0, 1), (0, 2), (1, 2))
        products = (-value if axis in pair else value for value, pair in zip(self.inertia[3:], pairs))
        return Inertial(self.mass, com, (*self.inertia[:3], *products))


def add_up(parts: Iterable[Inertial]) -> Inertial:
    """Return the inertia of parts that do not move against each other, all in one frame (parallel-axis theorem)."""
    parts = tuple(parts)
    mass = sum(part.mass for part in parts)
    com = np.sum([part.mass * np.array(part.com) for part in parts], axis=0) / mass
    total = np.zeros((3, 3))
    for part in parts:
        arm = np.array(part.com) - com
        total += part.tensor + part.mass * (arm @ arm * np.eye(3) - np.outer(arm, arm))
    products = (total[0, 1], total[0, 2], total[1, 2])
    return Inertial(mass, tuple(map(float, com)), tuple(map(float, (*np.diag(total), *products))))


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
