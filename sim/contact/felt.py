"""What both pads feel of the held object, as a wrench on the hand: nothing but fields and joint angles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.envs.contact_task import ContactTaskEnv
from sim.quaternions import rotate
from sim.tactile.stiffness import nominal_stiffness

Array = NDArray[np.float64]
LOADED_N = 0.05
"""Of a row of taxels that an object lies on."""
TOUCHING_M = 2e-5
"""Depth of the deepest taxel of such a row."""


class Felt:
    """Of all simulations of an environment."""

    def __init__(self, env: ContactTaskEnv) -> None:
        """Take over where the taxels are."""
        self._world = env.world
        self._taxels = env.world.pad.taxels.positions.astype(np.float64)
        self._stiffness = nominal_stiffness(env.world.pad) * env.world.pad.taxels.pitch_m**2  # (N/m of a taxel)

    def wrench(self) -> tuple[Array, Array]:
        """Return force, N, and torque about the tool, N m, that the object exerts on the hand, base frame; (n, 3) each.

        The weight of the object is in it.
        """
        world = self._world
        force, torque = np.zeros((2, world.batch.nsim, 3))
        for number, sign in ((0, 1.0), (1, -1.0)):
            felt = _in_tool(world.gel.force[:, number].astype(float), sign)
            place = np.broadcast_to(_in_tool(self._taxels, sign), felt.shape).copy()
            place[..., 1] += sign * world.arm.joint_position[:, 7 + number, None]
            force += felt.sum(axis=1)
            torque += np.cross(place, felt).sum(axis=1)
        turn = world.arm.quaternion_w
        return rotate(turn, force), rotate(turn, torque)

    def axis(self) -> Array:
        """Return the axis of a straight object in the grasp, up, in the tool's frame; (n, 3).

        Where it leans along the fingers' way it sinks into one pad above and into the other below: by 2 theta per
        length along the pads. Where it leans across them the line that it touches along is turned.
        """
        taxels = self._world.pad.taxels
        load = -self._world.gel.force[..., 2].reshape(-1, 2, taxels.rows, taxels.columns)
        x, y, _ = np.moveaxis(self._taxels.reshape(taxels.rows, taxels.columns, 3), -1, 0)
        deepest = load.max(axis=3) / self._stiffness
        touching = (deepest > TOUCHING_M).all(axis=1)
        along = _slope(touching.astype(float), np.broadcast_to(y[:, 0], touching.shape), deepest[:, 0] - deepest[:, 1])
        middle = (load * x).sum(axis=3) / np.maximum(load.sum(axis=3), 1e-9)
        weight = np.where(load.sum(axis=3) > LOADED_N, load.sum(axis=3), 0.0)
        turned = _slope(weight, np.broadcast_to(y[:, 0], weight.shape), middle)
        across = 0.5 * (turned[:, 0] - turned[:, 1])
        axis = np.stack([-across, -0.5 * along, -np.ones(len(along))], axis=1)
        return axis / np.linalg.norm(axis, axis=1, keepdims=True)

    def reach(self, length_m: float) -> Array:
        """Return how far below the tool the lower end of a straight object is at most, m; (n,).

        The first row of taxels that it lies on tells where it begins; one that begins above the pad ends not lower
        than one that begins with it, and what does not touch is taken for one that begins below.

        Args:
            length_m: of the object.
        """
        taxels = self._world.pad.taxels
        load = -self._world.gel.force[..., 2].reshape(-1, 2, taxels.rows, taxels.columns).sum(axis=(1, 3))
        y = self._taxels.reshape(taxels.rows, taxels.columns, 3)[:, 0, 1]
        loaded = load > LOADED_N
        first = np.where(loaded, y, y.max()).min(axis=1)
        above = np.where(first <= y.min(), y.min(), first - 0.5 * taxels.pitch_m)
        return above + length_m


def _in_tool(vector: Array, sign: float) -> Array:
    """Turn pads' vectors into the tool's frame: x along or against its x, y along its z, z against the finger's way."""
    return np.stack([sign * vector[..., 0], -sign * vector[..., 2], vector[..., 1]], axis=-1)


def _slope(weight: Array, x: Array, y: Array) -> Array:
    """Return the slopes of straight lines through points, 0 where there are fewer than three; the last axis goes."""
    total = np.maximum(weight.sum(axis=-1, keepdims=True), 1e-12)
    from_middle = x - (weight * x).sum(axis=-1, keepdims=True) / total
    spread = (weight * from_middle**2).sum(axis=-1)
    slope = (weight * from_middle * y).sum(axis=-1) / np.maximum(spread, 1e-12)
    return np.where((weight > 0.0).sum(axis=-1) > 2, slope, 0.0)
