"""A pose moved by a small motion, and how far apart two poses are: pure functions, quaternions wxyz."""

from __future__ import annotations

import math
from collections.abc import Sequence

Pose = tuple[float, ...]
"""(7,) position, m, and unit quaternion, wxyz."""


def moved(position: Sequence[float], wxyz: Sequence[float], change: Sequence[float]) -> Pose:
    """Return a pose moved in the frame it is given in, as ``sim.contact.world.ContactWorld.move`` does.

    Args:
        position: (3,) m.
        wxyz: (4,) unit quaternion.
        change: (6,) m and rad: a step, and a rotation vector about the frame's axes (Sola, arXiv 1711.02508, eq. 101).
    """
    place = (p + c for p, c in zip(position, change[:3], strict=True))
    return (*place, *_multiplied(_turn(change[3:]), wxyz))


def distance_m(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the distance of two places, (3,) each; NaN if one is none."""
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def angle_rad(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the smallest angle that turns one quaternion, wxyz, into another, whatever their signs."""
    w, x, y, z = _multiplied(a, (b[0], -b[1], -b[2], -b[3]))
    return 2.0 * math.atan2(math.hypot(x, y, z), abs(w))


def canonical(wxyz: Sequence[float], part: int) -> tuple[float, ...]:
    """Return the one of two equal quaternions whose ``part`` is not negative, as simulated observations have it."""
    return tuple(-value for value in wxyz) if wxyz[part] < 0.0 else tuple(wxyz)


def _turn(vector: Sequence[float]) -> tuple[float, float, float, float]:
    angle = math.hypot(*vector)
    share = 0.5 if angle < 1e-9 else math.sin(0.5 * angle) / angle
    x, y, z = (share * value for value in vector)
    return math.cos(0.5 * angle), x, y, z


def _multiplied(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float, float]:
    return (
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    )
