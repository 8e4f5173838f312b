"""What terms read: the motion of many bodies after a control step, as arrays by name.

Arrays have one row per simulation and are float32. Terms are functions of a ``BodyState`` that use nothing but
operators and the functions that NumPy and torch share, so that they need no second version for a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.legged.spec import LeggedTaskSpec

Array = Any
"""A NumPy array or a torch tensor."""


@dataclass(frozen=True)
class BodyConstants:
    """The robot's constants that terms use; of joints (J,)."""

    default_pose: Array
    """rad"""
    position_low: Array
    """rad"""
    position_high: Array
    """rad"""
    effort: Array
    """N m"""
    velocity: Array
    """Largest, rad/s."""
    action_scale: Array
    """rad"""
    base_height: float
    """In the default pose, m."""
    period_s: float
    """Of the control."""

    @classmethod
    def of(cls, task: LeggedTaskSpec) -> BodyConstants:
        """Return those of a task's robot."""
        p = task.parameters
        rows = (
            p.default_pose_rad, p.position_low_rad, p.position_high_rad, p.effort_n_m, p.velocity_rad_s,
            p.action_scale_rad,
        )  # fmt: skip
        arrays = [np.array(row, np.float32) for row in rows]
        return cls(*arrays, base_height=p.base_height_m, period_s=task.timing.control_period_s)


@dataclass
class BodyState:
    """Motion, contacts, command and actions; n simulations, J joints, F feet."""

    robot: BodyConstants
    position_w: Array
    """(n, 3) m, of the base."""
    quaternion_w: Array
    """(n, 4) wxyz, world<-base."""
    velocity_w: Array
    """(n, 3) m/s"""
    velocity_b: Array
    """(n, 3) m/s"""
    angular_velocity_b: Array
    """(n, 3) rad/s"""
    gravity_b: Array
    """(n, 3) its direction, of length 1."""
    joint_position: Array
    """(n, J) rad"""
    joint_velocity: Array
    """(n, J) rad/s"""
    last_joint_velocity: Array
    """(n, J) a control step ago."""
    torque: Array
    """(n, J) N m, of the motors, one physics step ago."""
    foot_position_w: Array
    """(n, F, 3) m, one physics step ago."""
    foot_velocity_w: Array
    """(n, F, 3) m/s, one physics step ago."""
    foot_contact: Array
    """(n, F) 1 where a foot touches the floor, else 0."""
    air_time: Array
    """(n, F) s since a foot left the floor; of one that has just landed, how long it was in the air."""
    landed: Array
    """(n, F) 1 where a foot touches that did not a step ago."""
    command: Array
    """(n, 3) velocity asked for: ahead, left, turn; m/s and rad/s."""
    centre: Array
    """(n, J) rad, what the next action is counted from: the default pose, or the motion's joints."""
    target: Array
    """(n, J) rad, what was really commanded."""
    action: Array
    """(n, J) what the policy asked for, from ``centre``, in action scales."""
    last_action: Array
    """(n, J) a step ago."""
    friction: Array
    """(n, 1) under the feet."""
    base_mass: Array
    """(n, 1) kg, added."""
    action_delay: Array
    """(n, 1) s"""
    tracked: Any = None
    """``sim.legged.tracked.Tracked`` where a motion is to be followed."""
    hand: Any = None
    """``sim.legged.hand.HandState`` where a twist of a hand is asked for."""
    foot_height_command: Array = None
    """(n, F) m, where a gait is asked for."""


def turned_back(quaternion: Array, vector: Array) -> Array:
    """Return vectors of the world in the frame of unit quaternions, (n, 4) and (n, 3) -> (n, 3).

    Sola, arXiv 1711.02508, section 2.4: the inverse turn, v - 2 w (q x v) + 2 q x (q x v).
    """
    w, x, y, z = (quaternion[:, k] for k in range(4))
    a, b, c = (vector[:, k] for k in range(3))
    d, e, f = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    out = vector + 0.0
    out[:, 0] += y * f - z * e - w * d
    out[:, 1] += z * d - x * f - w * e
    out[:, 2] += x * e - y * d - w * f
    return out


def gravity_direction(quaternion: Array) -> Array:
    """Return the direction of gravity in the frame of unit quaternions, (n, 4) -> (n, 3)."""
    w, x, y, z = (quaternion[:, k] for k in range(4))
    out = quaternion[:, :3] + 0.0
    out[:, 0] = 2.0 * (w * y - x * z)
    out[:, 1] = -2.0 * (y * z + w * x)
    out[:, 2] = 2.0 * (x * x + y * y) - 1.0
    return out


def exponential(x: Array) -> Array:
    """Return e to the power of each number."""
    return np.exp(x) if isinstance(x, np.ndarray) else x.exp()
