"""What both pads feel of the held object, as a wrench on the hand: nothing but fields and joint angles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.envs.contact_task import ContactTaskEnv
from sim.quaternions import rotate

Array = NDArray[np.float64]
LOADED_N = 0.05
"""Of a row of taxels that an object lies on."""


class Felt:
    """Of all simulations of an environment."""

    def __init__(self, env: ContactTaskEnv) -> None:
        """Take over where the taxels are."""
        self._world = env.world
        self._taxels = env.world.pad.taxels.positions.astype(np.float64)

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
