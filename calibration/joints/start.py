"""Starting values from the log itself, by linear regression of the motors' torques on the motion.

For a given delay the equation of motion is linear in strength, armature, damping and friction:
``strength tau - armature ddq - damping dq - friction sign(dq) = M ddq + c``. Angles are differentiated by a filter
without phase, and every term goes through the same filter. A search that starts here neither stalls in the corner
of tiny damping and friction nor needs to know the truth beforehand.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from calibration.joints.log import JointLog
from calibration.joints.model import LONGEST_DELAY_S, HeldRobot
from sim.bodies.dynamics import JointDynamics

Array = NDArray[np.float64]
GRID_S = 0.005
CUTOFF_HZ = 25.0
"""Of the filter: above what an excitation asks for, below what the noise of encoders allows."""
EDGE_S = 0.5
"""Left out at both ends, where the filter has not settled."""
SOFT_RAD_S = 0.1
"""Dry friction turns over within about so much (MuJoCo's is soft, too)."""
DELAYS_S = np.arange(0.0, LONGEST_DELAY_S, 0.001)


def starting_dynamics(held: HeldRobot, log: JointLog, lowest: Array, highest: Array) -> JointDynamics:
    """Return starting values, inside the bounds.

    Args:
        held: the robot.
        log: of its joints.
        lowest: ``(6, n)`` bounds in the order of ``QUANTITIES``.
        highest: the same.
    """
    grid = np.arange(0.0, min(log.duration_s, float(log.time_s[-1])), GRID_S)
    position = CubicSpline(log.time_s, log.position)(grid)
    position = _smooth(position)
    motion = CubicSpline(grid, position)
    velocity, acceleration = motion(grid, 1), motion(grid, 2)
    inner = (grid > EDGE_S) & (grid < grid[-1] - EDGE_S)
    links = _link_torque(held, position[inner], velocity[inner], acceleration[inner])
    commanded = _smooth(np.stack([_held_targets(log, grid - delay) for delay in DELAYS_S]), axis=1)
    columns = []
    for joint in range(position.shape[1]):
        kp, kd = held.parameters.kp[joint], held.parameters.kd[joint]
        regressors = [acceleration[:, joint], velocity[:, joint], _smooth(np.tanh(velocity[:, joint] / SOFT_RAD_S))]
        loop = kp * position[:, joint] + kd * velocity[:, joint]
        fits = []
        for targets in commanded[:, :, joint]:
            torque = kp * targets - loop
            fits.append(_regress([torque, *(-r for r in regressors)], links[:, joint], inner))
        best = int(np.argmin([error for _, error in fits]))
        strength, armature, damping, friction = fits[best][0]
        columns.append((armature, damping, friction, 0.0, strength, DELAYS_S[best]))
    stacked = np.array(columns).T
    span = highest - lowest
    return JointDynamics.of(np.clip(stacked, lowest + 0.01 * span, highest - 0.01 * span))


def _regress(regressors: list[Array], wanted: Array, inner: NDArray[np.bool_]) -> tuple[Array, float]:
    matrix = np.stack([r[inner] for r in regressors], axis=1)
    solution, *_ = np.linalg.lstsq(matrix, wanted, rcond=None)
    return np.asarray(solution, np.float64), float(((matrix @ solution - wanted) ** 2).sum())


def _smooth(values: Array, axis: int = 0) -> Array:
    return sosfiltfilt(butter(4, CUTOFF_HZ, fs=1.0 / GRID_S, output="sos"), values, axis=axis)


def _held_targets(log: JointLog, at_s: Array) -> Array:
    """Return targets as they hold, (len(at_s), n) rad."""
    return log.target[np.maximum(np.searchsorted(log.target_time_s, at_s, side="right") - 1, 0)]


def _link_torque(held: HeldRobot, position: Array, velocity: Array, acceleration: Array) -> Array:
    """Return what the links alone ask of the joints, N m: inertia without rotors, Coriolis forces, gravity."""
    model, data = held.model, mujoco.MjData(held.model)
    rotors = held.nominal.armature
    torque, inertia = np.empty_like(position), np.empty((model.nv, model.nv))
    for row in range(len(position)):
        data.qpos[:], data.qvel[:] = position[row], velocity[row]
        mujoco.mj_fwdPosition(model, data)
        mujoco.mj_fwdVelocity(model, data)
        mujoco.mj_fullM(model, data, inertia)
        torque[row] = inertia @ acceleration[row] - rotors * acceleration[row] + data.qfrc_bias
    return torque
