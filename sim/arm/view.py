"""Where the tool of every simulation of a batch is, and how the joints move it."""

from __future__ import annotations

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from sim.arm.model import TOOL
from sim.quaternions import cross
from sim.spec import ArmParameters

Array = NDArray[np.float64]


class ArmView:
    """The arm of each simulation, current after every ``batch.step(stage=mjSTAGE_VEL)`` or ``forward``.

    Attributes:
        position_w: of the tool, m; (nsim, 3).
        quaternion_w: wxyz; (nsim, 4).
        joint_position: arm, then fingers; rad and m; (nsim, joints).
        joint_velocity: the same per second.
        control: torques of the arm, N m, then goals of the fingers, m; writable.
    """

    def __init__(self, batch: Batch, model: mujoco.MjModel, parameters: ArmParameters) -> None:
        """Bind the batch's arrays."""
        self.parameters = parameters
        names, hinges = parameters.joint_names, parameters.num_hinges
        site = model.site(TOOL).id
        joints = [model.joint(name).id for name in names]
        positions, dofs = (_span(of, joints) for of in (model.jnt_qposadr, model.jnt_dofadr))
        self._hinges = slice(joints[0], joints[0] + hinges)
        self.dofs = slice(dofs.start, dofs.start + hinges)
        self.joint_position = batch.bind("qpos")[:, positions]
        self.joint_velocity = batch.bind("qvel")[:, dofs]
        self.control = batch.bind("ctrl")[:, _span(np.arange(model.nu), [model.actuator(n).id for n in names])]
        self.position_w = batch.bind("site_xpos")[:, site]
        self.quaternion_w = batch.bind("site_xquat")[:, site]
        self._anchor, self._axis = batch.bind("xanchor"), batch.bind("xaxis")
        self._inertia, self._entries = batch.bind("M"), _dense_entries(model, self.dofs)

    def jacobians(self) -> tuple[Array, Array]:
        """Return those of the tool's position and turn, world frame, of the hinges; (nsim, 3, hinges) each.

        A hinge turns the tool about its axis a and moves it by a x (p - its anchor): Siciliano et al., "Robotics",
        2009, eq. 3.30.
        """
        axis = self._axis[:, self._hinges]
        arm = self.position_w[:, None] - self._anchor[:, self._hinges]
        return cross(axis, arm).swapaxes(1, 2), axis.swapaxes(1, 2)

    def inertia(self) -> Array:
        """Return the joint-space inertia of the hinges, kg m^2; (nsim, hinges, hinges)."""
        return self._inertia[:, self._entries]

    def velocity(self, jacobians: tuple[Array, Array] | None = None) -> tuple[Array, Array]:
        """Return linear, m/s, and angular velocity, rad/s, of the tool, world frame; (nsim, 3) each."""
        linear, angular = jacobians or self.jacobians()
        speed = self.joint_velocity[:, : self.parameters.num_hinges, None]
        return (linear @ speed)[:, :, 0], (angular @ speed)[:, :, 0]


def _dense_entries(model: mujoco.MjModel, dofs: slice) -> NDArray[np.intp]:
    """Return where MuJoCo's sparse lower triangle keeps each entry of a block that is dense, (dofs, dofs)."""
    size = dofs.stop - dofs.start
    entries = np.zeros((size, size), np.intp)
    for row in range(dofs.start, dofs.stop):
        start = int(model.M_rowadr[row])
        for place in range(start, start + int(model.M_rownnz[row])):
            column = int(model.M_colind[place])
            if column >= dofs.start:
                entries[row - dofs.start, column - dofs.start] = entries[column - dofs.start, row - dofs.start] = place
    return entries


def _span(addresses: NDArray[np.integer], ids: list[int]) -> slice:
    """Return the slice of what lies side by side in the order of ``ids``: a slice of a bound array stays live."""
    places = [int(addresses[i]) for i in ids]
    assert places == list(range(places[0], places[0] + len(places))), places
    return slice(places[0], places[-1] + 1)
