"""Kinematics of a hand on a robot: the heading frame, the joints that carry it, where it can be, and how to move it."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.quaternions import conjugate, multiply, rotate
from sim.spec import JointParameters

_DAMPING = 0.05
"""Of the inverse kinematics, m and rad alike: what an arm of 0.7 m does near its singular poses stays finite."""
_LEAST_AHEAD = 0.1
"""Of a nose's horizontal part, in rates of headings: one that points up or down heads nowhere, and any way at once."""
_POSES = 1024
_POSES_SEED = 0
"""Goals are drawn from a table of this many poses, the same for every seed."""


def joint_velocities(jacobian: NDArray, twist: NDArray) -> NDArray:
    """Return the joint velocities that give a twist, by damped least squares; (n, 6, J) and (n, 6) -> (n, J), rad/s.

    J^T (J J^T + d^2)^-1 t: Nakamura and Hanafusa, J. Dyn. Sys. Meas. Control 108, 1986.
    """
    transposed = jacobian.transpose(0, 2, 1)
    square = jacobian @ transposed + _DAMPING**2 * np.eye(6)
    return (transposed @ np.linalg.solve(square, twist[..., None]))[..., 0]


def heading_of(quaternion_w: NDArray) -> NDArray:
    """Return the turns about the vertical axis in turns world<-base, (n, 4)."""
    w, x, y, z = (quaternion_w[:, k].astype(float) for k in range(4))
    half = 0.5 * np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    none = np.zeros_like(half)
    return np.stack([np.cos(half), none, none, np.sin(half)], axis=1)


def tilt_of(quaternion_w: NDArray) -> NDArray:
    """Return the turns heading<-base of turns world<-base, (n, 4): what is left without the heading."""
    return multiply(conjugate(heading_of(quaternion_w)), quaternion_w)


def heading_rates(tilt: NDArray, turning_h: NDArray) -> NDArray:
    """Return how fast headings change, (n,) rad/s.

    Of a base that leans forward, rolling moves the nose aside: with the nose at n, the heading is atan2(n_y, n_x), and
    dn/dt = turning x n.

    Args:
        tilt: (n, 4) turns heading<-base, as from ``tilt_of``.
        turning_h: (n, 3) rad/s, angular velocities of the bases in the heading frame.
    """
    nose = rotate(tilt, np.array([1.0, 0.0, 0.0]))
    return turning_h[:, 2] - turning_h[:, 0] * nose[:, 2] / np.maximum(nose[:, 0], _LEAST_AHEAD)


def joints_to(model: mujoco.MjModel, site: str) -> NDArray[np.bool_]:
    """Return which joints, in the order of the actuators, move a site against the base; (J,)."""
    body, carriers = int(model.site(site).bodyid[0]), set()
    while body != 0:
        carriers.add(body)
        body = int(model.body_parentid[body])
    return np.array([int(model.jnt_bodyid[joint]) in carriers for joint in model.actuator_trnid[:, 0]])


def reachable_poses(model: mujoco.MjModel, parameters: JointParameters, site: str, reach_rad: float) -> NDArray:
    """Return poses of a hand of a robot that stands level, in the heading frame: m, and a quaternion; (1024, 7)."""
    rng, data = np.random.default_rng(_POSES_SEED), mujoco.MjData(model)
    low, high = np.array(parameters.position_low_rad), np.array(parameters.position_high_rad)
    moved = reach_rad * joints_to(model, site)
    poses = np.empty((_POSES, 7))
    for pose in poses:
        angles = np.array(parameters.default_pose_rad) + rng.uniform(-moved, moved)
        data.qpos[:] = np.concatenate([(0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0), angles.clip(low, high)])
        mujoco.mj_kinematics(model, data)
        pose[:3] = data.site(site).xpos
        mujoco.mju_mat2Quat(pose[3:], data.site(site).xmat)
    return poses
