"""From how a held object shall move to actions of the arm that holds it.

Far away each axis is driven for itself, as hard as it goes. Where that leaves room it takes into account that the
joints resist some ways more than others: a wrench F moves a slow arm whose joints have the damping B by the twist
V = J B^-1 J^T F, and the impedance adds its own damping D, so that F = (D + (J B^-1 J^T)^-1) V; the goal is F / K
ahead of the tool.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.arm.impedance import TACSL
from sim.arm.view import ArmView
from sim.contact.spec import CONTROL_PERIOD_S, STEP_M, STEP_RAD
from sim.quaternions import cross

Array = NDArray[np.float64]
GAIN, TURN_GAIN = 1.5, 0.6
"""Of the steps far away: goals are relative to where the tool is, and damping keeps it behind them."""
RATE_HZ = 8.0
"""Nearby what is left of a way falls by this share a second."""
AHEAD_S = 0.08
"""It looks at where things will be after this time: about the arm's mass over its damping."""
_LARGEST = np.array([STEP_M] * 3 + [STEP_RAD] * 3)
STIFFNESS = np.array([TACSL.stiffness_n_m] * 3 + [TACSL.stiffness_nm_rad] * 3)
# Goals stay where they are during a period, while the tool comes nearer.
_OWN = np.array([TACSL.damping_n_s_m] * 3 + [TACSL.damping_nms_rad] * 3) + 0.5 * CONTROL_PERIOD_S * STIFFNESS
_LEAST_DAMPING = 0.1


def drive(arm: ArmView, point_w: Array, miss: Array, turn: Array, damping: Array) -> Array:
    """Return the goals of the tool, relative to where it is, that bring a point held by it where it shall be.

    Args:
        arm: of all simulations.
        point_w: of what is held, m; (n, 3).
        miss: way that the point is to go, m; (n, 3).
        turn: rotation vector about the point that is to be made, rad; (n, 3).
        damping: of the arm's joints, N m s/rad; (n, hinges) or (hinges,).

    Returns:
        m and rad; (n, 6), which ``as_action`` limits.
    """
    linear, angular = arm.velocity()
    # The tool turns about its own middle: what that moves the point by, it makes up for.
    lever = point_w - arm.position_w
    along = linear + cross(angular, lever)
    turning = TURN_GAIN * turn - AHEAD_S * angular
    moving = GAIN * miss - AHEAD_S * along
    far = np.hstack([moving - cross(np.clip(turning, -STEP_RAD, STEP_RAD), lever), turning])
    spin = RATE_HZ * (turn - AHEAD_S * angular)
    twist = np.hstack([RATE_HZ * (miss - AHEAD_S * along) - cross(spin, lever), spin])
    near = steps_for(arm, damping, twist)
    within = np.all(np.abs(near) < _LARGEST, axis=1)
    return np.where(within[:, None], near, far)


def as_action(step: Array) -> Array:
    """Return steps, m and rad, as actions in [-1, 1]; (n, 6)."""
    return np.clip(step / _LARGEST, -1.0, 1.0)


def steps_for(arm: ArmView, damping: Array, twist: Array) -> Array:
    """Return how far ahead of the tool its goals must be to keep it at a twist, m and rad; (n, 6).

    Args:
        arm: of all simulations.
        damping: of the arm's joints, N m s/rad; (n, hinges) or (hinges,).
        twist: of the tool, m/s and rad/s; (n, 6).
    """
    jacobian = np.concatenate(arm.jacobians(), axis=1)
    mobility = (jacobian / np.maximum(damping, _LEAST_DAMPING)[..., None, :]) @ jacobian.swapaxes(1, 2)
    wrench = _OWN * twist + np.linalg.solve(mobility + 1e-6 * np.eye(6), twist[:, :, None])[:, :, 0]
    return wrench / STIFFNESS
