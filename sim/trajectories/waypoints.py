"""Straight moves between way-points, each from rest to rest along the minimum-jerk profile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.errors import ConfigError
from sim.trajectories.piecewise import PiecewiseQuintic
from sim.trajectories.reference import require_finite, require_positive

CORNERS = ((0.5, 0.0, 0.0), (0.5, 0.5, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 0.0))


def waypoints(points: Sequence[Sequence[float]] = CORNERS, move: float = 1.5, dwell: float = 0.5) -> PiecewiseQuintic:
    """Return the way from the origin through ``points``.

    The quintic from rest to rest is the minimum-jerk profile (Flash and Hogan 1985).

    Args:
        points: (k, 3) offsets from the start, m.
        move: time of each move, s.
        dwell: rest at each point, s; 0 for none.

    Raises:
        ConfigError: for points or times that make no way.
    """
    require_positive("waypoints", move=move)
    require_finite("waypoints", dwell=dwell)
    if not len(points) or any(len(point) != 3 for point in points) or not np.isfinite(points).all():
        raise ConfigError("trajectory 'waypoints': each point is three finite numbers, e.g. points=0.5/0/0+0.5/0.5/0")
    if dwell < 0.0:
        raise ConfigError(f"trajectory 'waypoints': dwell must not be negative, got {dwell:g}")
    knots, places = [0.0], [(0.0, 0.0, 0.0)]
    for point in points:
        knots.append(knots[-1] + move)
        places.append(tuple(point))  # type: ignore[arg-type]
        if dwell > 0.0:
            knots.append(knots[-1] + dwell)
            places.append(places[-1])
    rest = np.zeros((len(knots), 3))
    return PiecewiseQuintic(np.array(knots), np.array(places, np.float64), rest, rest)
