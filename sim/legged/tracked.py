"""What terms read where a motion is followed: how the robot's bodies move, and how they should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.legged.state import Array
from sim.motion.reference import State


@dataclass
class Tracked:
    """Bodies of the robot and of the motion at the same moments; n simulations, B bodies.

    Bodies are in the model's order, the base first. The robot's are one physics step older than the motion's.
    """

    reference: State
    """The motion now; its ``contact`` is in the order of the robot's feet."""
    phase: Array
    """(n, 2) sine and cosine of how far the motion has come."""
    position_w: Array
    """(n, B, 3) m"""
    quaternion_w: Array
    """(n, B, 4) wxyz"""
    velocity_w: Array
    """(n, B, 3) m/s, of the bodies' origins."""
    angular_velocity_w: Array
    """(n, B, 3) rad/s"""
    feet: Any
    """(F,) numbers of the bodies that the feet are of."""
    ends: Any
    """(E,) numbers of the bodies that hands and head are of; of a robot without them, the base."""
