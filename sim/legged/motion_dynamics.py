"""What a motion asks of motors and floor: inverse dynamics, with the feet in contact pressing where they have to.

A motion's accelerations need a force and a torque on the base, which nothing but the floor can give. The force acts at
the zero moment point (Vukobratovic and Borovac 2004, doi:10.1142/S0219843604000083); what it does to the joints through
the legs is taken off what the joints need without a floor.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from sim.legged.state import turned_back
from sim.motion.reference import Reference, State
from sim.robot_parameters import GRAVITY

Array = NDArray[np.float64]
_SMOOTH = 5
"""Control steps that accelerations are means over: clips are of angles, whose second differences shake."""
_LONGEST_M = 0.1
"""From the middle of a sole to where it presses."""
_LEAST_LOAD = 0.1
"""Of the weight that feet are taken to bear at least, so that a jump has a zero moment point, too."""


@dataclass(frozen=True)
class MotionDynamics:
    """Of a motion at every control step, (T, ...); of a loop, of one round."""

    torque: Array
    """(T, J) N m that the joints need."""
    load: Array
    """(T, feet) share of the weight that each foot bears."""
    centre: Array
    """(T, 2) m, of mass, horizontally from the base, in the world."""
    centre_velocity: Array
    """(T, 2) m/s"""
    loops: bool

    def step(self, time_s: Array, period_s: float) -> NDArray[np.intp]:
        """Return the rows of times since the motion's beginning, (n,)."""
        row = (time_s / period_s).round().astype(np.intp)
        return row % len(self.torque) if self.loops else np.minimum(row, len(self.torque) - 1)


def motion_dynamics(
    model: mujoco.MjModel, feet: tuple[str, ...], reference: Reference, period_s: float
) -> MotionDynamics:
    """Return what the first motion of a reference asks.

    Args:
        model: of the robot, its base free; left as it is.
        feet: sites under its two soles.
        reference: with the motion; loops must not turn.
        period_s: of the control.
    """
    duration_s, loops = float(reference.duration_s[0]), bool(reference.loops[0])
    count = round(duration_s / period_s) + (not loops)
    # A loop is looked up in its second round, before which it has moved already.
    times = np.arange(-_SMOOTH, count + _SMOOTH) * period_s + loops * duration_s
    state = reference.at(np.zeros(len(times), np.intp), times)
    position, velocity = _coordinates(state)
    acceleration = uniform_filter1d(np.gradient(velocity, period_s, axis=0), _SMOOTH, axis=0)
    free = _without_floor(model)
    rows = [
        _moment(free, feet, position[k], velocity[k], acceleration[k], state.contact[k])
        for k in range(_SMOOTH, _SMOOTH + count)
    ]
    torque, load, centre = (np.array(values) for values in zip(*rows))
    root = position[_SMOOTH : _SMOOTH + count, :2]
    speed = np.gradient(root + centre, period_s, axis=0)
    return MotionDynamics(torque, load, centre, speed, loops)


def _coordinates(state: State) -> tuple[Array, Array]:
    """Return MuJoCo's coordinates and velocities, (T, 7 + J) and (T, 6 + J)."""
    turn = state.root_quaternion_w.astype(float)
    spin = turned_back(turn, state.root_angular_velocity_w.astype(float))
    position = np.concatenate([state.root_position_w, turn, state.joint_position], axis=1, dtype=float)
    return position, np.concatenate([state.root_velocity_w, spin, state.joint_velocity], axis=1, dtype=float)


def _without_floor(model: mujoco.MjModel) -> mujoco.MjModel:
    """Return a copy on which nothing acts but gravity, and the joints' own damping."""
    free = copy.copy(model)
    free.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONSTRAINT | mujoco.mjtDisableBit.mjDSBL_ACTUATION
    return free


def _moment(
    model: mujoco.MjModel, feet: tuple[str, ...], position: Array, velocity: Array, acceleration: Array, contact: Array
) -> tuple[Array, Array, Array]:
    """Return the joints' torques, the feet's loads and where the centre of mass is from the base, of one moment."""
    data = mujoco.MjData(model)
    data.qpos, data.qvel, data.qacc = position, velocity, acceleration
    mujoco.mj_inverse(model, data)
    needed, base = data.qfrc_inverse, model.body(model.jnt_bodyid[0]).id
    force, torque = needed[:3], data.xmat[base].reshape(3, 3) @ needed[3:6]
    least = _LEAST_LOAD * GRAVITY * model.body_subtreemass[base]
    pressed = _pressed(position[:3], force, torque, least)
    soles = np.array([data.site(name).xpos for name in feet])
    load = _shares(pressed, soles[:, :2], contact)
    off = (pressed - load @ soles[:, :2]).clip(-_LONGEST_M, _LONGEST_M)
    joints = needed[6:].copy()
    for name, sole, share in zip(feet, soles, load):
        jacobian = np.zeros((3, model.nv))
        point = np.array([*(sole[:2] + off), 0.0])
        mujoco.mj_jac(model, data, jacobian, None, point, int(model.site(name).bodyid[0]))
        joints -= jacobian[:, 6:].T @ (share * force)
    return joints, load, data.subtree_com[base, :2] - position[:2]


def _pressed(base: Array, force: Array, torque: Array, least: float) -> Array:
    """Return the point of the floor, (2,), about which a force and a torque on the base have no level torque."""
    up = max(force[2], least)
    return base[:2] + np.array([-torque[1] - base[2] * force[0], torque[0] - base[2] * force[1]]) / up


def _shares(pressed: Array, soles: Array, contact: Array) -> Array:
    """Return what each of two feet bears: the one in contact all of it, two by where it presses between them."""
    if contact.sum() == 1:
        return contact.astype(float)
    apart = soles[1] - soles[0]
    second = float(np.clip((pressed - soles[0]) @ apart / (apart @ apart), 0.0, 1.0))
    return np.array([1.0 - second, second])
