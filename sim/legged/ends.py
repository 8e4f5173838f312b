"""Reasons to end an episode in failure: functions of a ``BodyState`` to (n,) bool."""

from __future__ import annotations

import math

from sim.legged.state import Array, BodyState


def tilted(s: BodyState, most_rad: float) -> Array:
    """The base leans further than ``most_rad``."""
    return s.gravity_b[:, 2] > -math.cos(most_rad)


def low(s: BodyState, share: float) -> Array:
    """The base is lower than this share of its height in the default pose."""
    return s.position_w[:, 2] < share * s.robot.base_height
