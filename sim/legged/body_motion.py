"""How every body of many simulations moves, read from MuJoCo's own arrays: no sensors, which would cost more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.quaternions import cross

Array = NDArray[Any]
"""float32"""


class Simulations(Protocol):
    """``mujoco.batch.Batch``, or what steps on a GPU."""

    def bind(self, name: str) -> NDArray[Any]:
        """Return the rows of a field of ``MjData``, current after every call."""
        ...


class BodyMotions(NamedTuple):
    """World frame; n simulations, B bodies, float32."""

    position_w: Array
    """(n, B, 3) m"""
    quaternion_w: Array
    """(n, B, 4) wxyz"""
    velocity_w: Array
    """(n, B, 3) m/s, of the bodies' origins."""
    angular_velocity_w: Array
    """(n, B, 3) rad/s"""


class BodyReader:
    """Reads a batch; what it reads is one physics step old, as MuJoCo leaves it.

    Args:
        model: of the simulations.
        batch: of them.
        bodies: their names; all move with the first one's tree.
    """

    def __init__(self, model: mujoco.MjModel, batch: Simulations, bodies: Sequence[str]) -> None:
        self._bodies = np.array([model.body(name).id for name in bodies])
        self._root = int(model.body_rootid[self._bodies[0]])
        self._position, self._quaternion = batch.bind("xpos"), batch.bind("xquat")
        self._twist, self._centre = batch.bind("cvel"), batch.bind("subtree_com")

    def read(self) -> BodyMotions:
        """Return the bodies' motions.

        ``cvel`` is the velocity of the body-fixed point that is at the tree's centre of mass (MuJoCo, "mjData"): it is
        carried from there to the body's origin, v + w x r.
        """
        of = self._bodies
        position, turning, along = self._position[:, of], self._twist[:, of, :3], self._twist[:, of, 3:]
        velocity = along + cross(turning, position - self._centre[:, self._root, None])
        read = (position, self._quaternion[:, of], velocity, turning)
        return BodyMotions(*(values.astype(np.float32) for values in read))
