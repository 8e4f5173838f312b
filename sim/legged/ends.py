"""Reasons to end an episode in failure: functions of a ``BodyState`` to (n,) bool."""

from __future__ import annotations

import math

from sim.legged.state import Array, BodyState, gravity_direction
from sim.legged.tracking_errors import mean_body_distance


def tilted(s: BodyState, most_rad: float) -> Array:
    """The base leans further than ``most_rad``."""
    return s.gravity_b[:, 2] > -math.cos(most_rad)


def low(s: BodyState, share: float) -> Array:
    """The base is lower than this share of its height in the default pose."""
    return s.position_w[:, 2] < share * s.robot.base_height


def off_height(s: BodyState, most_m: float) -> Array:
    """The base, a foot, a hand or the head is higher or lower than in the motion by more than ``most_m``."""
    t = s.tracked
    error = abs(t.position_w[:, :, 2] - t.reference.body_position_w[:, :, 2])
    off = error[:, 0] > most_m
    for some in (t.feet, t.ends):
        off = off | (error[:, some] > most_m).any(1)
    return off


def off_tilt(s: BodyState, most: float) -> Array:
    """The direction of gravity in the base is further than ``most`` from that in the motion, of length 1."""
    error = s.gravity_b - gravity_direction(s.tracked.reference.root_quaternion_w)
    return (error * error).sum(1) > most * most


def off_place(s: BodyState, most_m: float) -> Array:
    """The bodies are further from their places in the motion than ``most_m``, in the mean."""
    return mean_body_distance(s) > most_m
