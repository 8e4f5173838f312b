"""The gel is the contact: force fields of pads on bodies act on objects in many MuJoCo simulations.

MuJoCo's own point contact has a stiffness that does not depend on the patch and no displacement while it sticks. So
between pads and objects the field's elastic foundation makes the wrench, applied to both bodies at every physics step:
what the taxels show is what the object feels. Geoms of the pads must not collide with the objects (``contype``,
``conaffinity`` or an ``exclude``), or both contacts would act.

A gel is stiff for light objects at usual steps: a patch of 1 cm^2 has 10^4 N/m, a peg 10 g. Its force at the end of a
step is f - (d + k dt) (v' - v); moved to the other side of M (v' - v) = dt f, the change is an inertia, (d + k dt) dt,
and so it enters MuJoCo: as armature of the object's free joint and of slide joints that carry a pad, which contacts
with other bodies reckon with, too, and which weighs nothing. The velocity is that beside the pads: of their own
change, the last step's is taken, so that an object carried along does not lag behind as if it were heavier.
"""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
import numpy.typing as npt
from mujoco.batch import Batch

from sim.errors import ConfigError
from sim.quaternions import conjugate, cross, rotate
from sim.tactile.field import ForceField
from sim.tactile.geoms import geom_surface
from sim.tactile.kernels.contact import (
    add_wrenches,
    implicit_damping,
    place_frames,
    relative_motion,
)
from sim.tactile.mount import Mount
from sim.tactile.sensor import Array, Pad
from sim.tactile.shapes import SIZES, Shape
from sim.tactile.stiffness import SHEAR_RATIO

Vector = npt.NDArray[np.float64]
Ids = npt.ArrayLike | None


class GelContact:
    """Pads of one kind on the bodies of a batch of simulations, and the geoms that they touch.

    Order of a step: ``contact.apply()``, then ``batch.step(stage=mjSTAGE_VEL)``. It owns ``xfrc_applied`` of the
    bodies involved, and ``qfrc_applied`` and what it adds to ``dof_armature`` of the objects' free joints and of slide
    joints of the pads' bodies; take that away by ``reset`` before ``batch.set_const``.

    Attributes:
        pad: the sensor.
        field: the force field of simulations x mounts pads, the simulation outermost.
    """

    def __init__(
        self,
        batch: Batch,
        model: mujoco.MjModel,
        pad: Pad,
        mounts: Sequence[Mount],
        objects: Sequence[str],
        stiffness: float | None = None,
    ) -> None:
        """Find bodies and geoms; nothing touches yet.

        Args:
            batch: the simulations; persistent, so that positions after a step are current for nothing.
            model: that it was made of.
            pad: the sensor, the same on all mounts.
            mounts: where the pads are.
            objects: names of the geoms that they touch; per-simulation ``geom_size`` is read by ``reset``.
            stiffness: N/m^3, default: the pad's nominal one; per simulation by ``set_gel``.

        Raises:
            ConfigError: for a pad mounted on nothing, an unknown geom or one of a kind that pads cannot feel, no
                mounts or objects, or an integrator that does not treat damping implicitly.
        """
        if not mounts or not objects:
            raise ConfigError("a gel contact needs at least one mount and one object")
        if model.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4:
            raise ConfigError("a gel contact needs a MuJoCo integrator with implicit damping, not RK4")
        self.pad, self._batch, self._dt = pad, batch, float(model.opt.timestep)
        shape = (batch.nsim, len(mounts))
        self._surfaces = [geom_surface(model, name) for name in objects]
        self.field = ForceField(pad, self._surfaces, num_pads=shape[0] * shape[1], stiffness=stiffness)
        self._pads = _Frames(*zip(*(mount.resolve(model) for mount in mounts), strict=True), simulations=batch.nsim)
        self._geoms = np.array([model.geom(name).id for name in objects])
        self._objects = _Frames(
            [int(model.geom(name).bodyid[0]) for name in objects],
            [model.geom(name).pos for name in objects],
            [model.geom(name).quat for name in objects],
            simulations=batch.nsim,
        )
        self._roots = np.array(model.body_rootid, np.int64)
        self._free = [_dofs(model, body, mujoco.mjtJoint.mjJNT_FREE) for body in self._objects.bodies]
        self._slides = [_dofs(model, body, mujoco.mjtJoint.mjJNT_SLIDE) for body in self._pads.bodies]
        self._moved = np.unique([*self._pads.bodies, *self._objects.bodies])
        free = [dof + axis for dofs in self._free for dof in dofs for axis in range(6)]
        self._softened = np.unique([*free, *(dof for dofs in self._slides for dof in dofs)]).astype(np.int64)
        self._origins = model.body_weldid[self._objects.bodies]

        self._places, self._turns = batch.bind("xpos"), batch.bind("xquat")
        self._twists, self._centres = batch.bind("cvel"), batch.bind("subtree_com")
        self._mass_centres = batch.bind("xipos")
        self._applied, self._generalized = batch.bind("xfrc_applied"), batch.bind("qfrc_applied")
        # MuJoCo keeps the diagonal of simple bodies ready, armature included.
        self._armature, self._ready = batch.expand("dof_armature"), batch.expand("dof_M0")
        self._added = np.zeros((batch.nsim, len(self._softened)))
        self._carried_last = np.zeros_like(self._added)
        self._begun: npt.NDArray[np.bool_] = np.zeros(batch.nsim, bool)
        seen = (*shape, len(objects))
        self._positions, self._velocities, self._spins = (np.zeros((*seen, 3)) for _ in range(3))
        self._quaternions = np.zeros((*seen, 4))
        self._linear, self._angular = np.zeros(seen), np.zeros(seen)
        self._shape = shape

    @property
    def force(self) -> Array:
        """On the gel, N, pad frame; (simulations, mounts, taxels, 3)."""
        return self.field.force.reshape(*self._shape, -1, 3)

    @property
    def depth(self) -> Array:
        """Deepest penetration, m; (simulations, mounts, taxels)."""
        return self.field.depth.reshape(*self._shape, -1)

    def wrench(self) -> tuple[Vector, Vector]:
        """Return force, N, and torque about each pad's origin, N m, on the gel; (simulations, mounts, 3) each."""
        force, torque = self.field.wrench()
        return force.reshape(*self._shape, 3), torque.reshape(*self._shape, 3)

    def set_gel(self, ids: Ids = None, *, stiffness: npt.ArrayLike | None = None, friction: Ids = None) -> None:
        """Give the gels of some simulations another stiffness or friction.

        Args:
            ids: simulations, indices or a mask; default: all.
            stiffness: N/m^3; one, or one per simulation, (n,), or per pad, (n, mounts).
            friction: coefficient, likewise.

        Raises:
            ConfigError: for values that are not positive.
        """
        pads = self._pads_of(ids)
        values = {"stiffness": stiffness, "friction": friction}
        spread = {name: self._per_pad(value, pads) for name, value in values.items() if value is not None}
        self.field.set_gel(pads, **spread)

    def reset(self, ids: Ids = None) -> None:
        """Forget the contacts of some simulations and take over their geoms' sizes; call after the batch's reset.

        Args:
            ids: simulations, indices or a mask; default: all.
        """
        which, pads = self._simulations(ids), self._pads_of(ids)
        sizes = self._batch.expanded("geom_size")
        self.field.reset(pads)
        for number, (surface, geom) in enumerate(zip(self._surfaces, self._geoms, strict=True)):
            if sizes is not None and isinstance(surface, Shape):
                lengths = SIZES[surface.kind]
                padded = np.zeros((len(which), 3))
                padded[:, :lengths] = sizes[which, geom, :lengths]
                self.field.set_sizes(pads, number, np.repeat(padded, self._shape[1], axis=0))
        self._applied[np.ix_(which, self._moved)] = 0.0
        self._take_away(which)

    def apply(self) -> None:
        """Let the gels feel the bodies where they are now, and set the forces of the coming step."""
        self._pads.update(self._places, self._turns)
        self._objects.update(self._places, self._turns)
        self._feel()
        force, torque = (part.reshape(*self._positions.shape) for part in self.field.wrenches())
        self._applied[:, self._moved] = 0.0
        add_wrenches(
            force, torque, self._pads.places, self._pads.turns, self._pads.bodies, self._objects.bodies,
            self._mass_centres, self._applied,
        )  # fmt: skip
        added = self._softening(force)
        for inertia in (self._armature, self._ready):
            inertia[:, self._softened] += self._dt * (added - self._added)
        self._generalized[:, self._softened] = added * self._carried()
        self._added = added

    def _feel(self) -> None:
        relative_motion(
            self._pads.bodies, self._pads.places, self._pads.turns,
            self._objects.bodies, self._objects.places, self._objects.turns, self._roots, self._twists, self._centres,
            self._positions, self._quaternions, self._velocities, self._spins,
        )  # fmt: skip
        broken = ~np.isfinite(self._positions + self._velocities).all(axis=-1)
        if broken.any():  # diverged, MuJoCo starts it over: until then nothing touches
            self._positions[broken], self._quaternions[broken] = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0, 0.0)
            self._velocities[broken], self._spins[broken] = 0.0, 0.0
        self.field.step(self._positions, self._quaternions, self._velocities, self._spins, self._dt)

    def _softening(self, force: Vector) -> Vector:
        """Return the gel's damping of the degrees of freedom that it softens; (simulations, softened)."""
        implicit_damping(
            self.depth, force, self.pad.taxels.positions, self._pads.places, self._pads.turns,
            self._places[:, self._origins], self.field.normal_stiffness.reshape(self._shape),
            self.pad.gel.damping_s_m, SHEAR_RATIO, self.pad.gel.relaxation_s, self._dt, self._linear, self._angular,
        )  # fmt: skip
        added = np.zeros(self._armature.shape)
        for number, dofs in enumerate(self._free):
            for dof in dofs:
                added[:, dof : dof + 3] += self._linear[:, :, number].sum(axis=1)[:, None]
                added[:, dof + 3 : dof + 6] += self._angular[:, :, number].sum(axis=1)[:, None]
        for mount, dofs in enumerate(self._slides):
            for dof in dofs:
                added[:, dof] += self._linear[:, mount].sum(axis=1)
        return added[:, self._softened]

    def _carried(self) -> Vector:
        """Return how much faster the pads carried the objects' joints than a step ago; (simulations, softened)."""
        turning, moving = self._twists[:, self._pads.bodies, :3], self._twists[:, self._pads.bodies, 3:]
        centres = self._centres[:, self._roots[self._pads.bodies]]
        carried = np.zeros(self._armature.shape)
        for number, dofs in enumerate(self._free):
            body = self._origins[number]
            arm = self._places[:, None, body] - centres
            for dof in dofs:
                carried[:, dof : dof + 3] = (moving + cross(turning, arm)).mean(axis=1)
                carried[:, dof + 3 : dof + 6] = rotate(conjugate(self._turns[:, body]), turning.mean(axis=1))
        carried = carried[:, self._softened]
        change = np.where(self._begun[:, None], carried - self._carried_last, 0.0)
        self._carried_last = carried
        self._begun = np.asarray(np.isfinite(carried).all(axis=1))
        return change

    def _take_away(self, which: npt.NDArray[np.intp]) -> None:
        rows = np.ix_(which, self._softened)
        for inertia in (self._armature, self._ready):
            inertia[rows] -= self._dt * self._added[which]
        self._generalized[rows] = 0.0
        self._added[which] = 0.0
        self._begun[which] = False

    def _simulations(self, ids: Ids) -> npt.NDArray[np.intp]:
        return np.arange(self._shape[0]) if ids is None else np.arange(self._shape[0])[np.asarray(ids)]

    def _pads_of(self, ids: Ids) -> npt.NDArray[np.intp]:
        mounts = self._shape[1]
        return (self._simulations(ids)[:, None] * mounts + np.arange(mounts)).reshape(-1)

    def _per_pad(self, values: npt.ArrayLike, pads: npt.NDArray[np.intp]) -> Vector:
        array = np.asarray(values, dtype=np.float64)
        columns = array[:, None] if array.ndim == 1 else array
        return np.broadcast_to(columns, (len(pads) // self._shape[1], self._shape[1])).reshape(-1)


class _Frames:
    """Frames fixed to bodies, in every simulation.

    Attributes:
        bodies: number of each frame's body; (frames,).
        places: world, m; (simulations, frames, 3).
        turns: frame to world, wxyz; (simulations, frames, 4).
    """

    def __init__(
        self, bodies: Sequence[int], places: Sequence[Vector], turns: Sequence[Vector], simulations: int
    ) -> None:
        self.bodies = np.array(bodies, np.int64)
        self._local_places, self._local_turns = np.array(places, float), np.array(turns, float)
        self.places, self.turns = np.zeros((simulations, len(bodies), 3)), np.zeros((simulations, len(bodies), 4))

    def update(self, body_places: Vector, body_turns: Vector) -> None:
        """Follow the bodies: ``xpos`` and ``xquat`` of all simulations."""
        place_frames(
            self.bodies, self._local_places, self._local_turns, body_places, body_turns, self.places, self.turns
        )


def _dofs(model: mujoco.MjModel, body: int, kind: mujoco.mjtJoint) -> list[int]:
    """Return the first degree of freedom of each joint of a kind that moves a body against its parent."""
    moving = model.body(int(model.body_weldid[body]))
    joints = range(int(moving.jntadr[0]), int(moving.jntadr[0]) + int(moving.jntnum[0]))
    return [int(model.jnt_dofadr[joint]) for joint in joints if model.jnt_type[joint] == kind]
