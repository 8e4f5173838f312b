"""A pad of pins in MuJoCo: what the force field is held against, and what fixes its stiffness.

MuJoCo's contact has neither a stiffness per area nor a displacement while it sticks. A bed of pins has both with
MuJoCo's own means: every pin is a small sphere on three sliding springs, finer than the taxels; collisions, the
unilateral contact and Coulomb's cone are the solver's. So the wrench that it finds on the object follows the object's
true shape, point by point, and nothing of the force field is in it but the stiffness per area and the friction.

The scene is seen from the object, which so has no degrees of freedom, and the pins' feet move: every pin is an island
of its own for the solver, and contacts know the true relative velocity.
"""

from __future__ import annotations

import mujoco
import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.kernels.distance import distances
from sim.tactile.kernels.octree import Forest
from sim.tactile.motion import Path
from sim.tactile.sensor import Pad
from sim.tactile.shapes import Shape, pack, rotation
from sim.tactile.stiffness import SHEAR_RATIO

Vector = npt.NDArray[np.float64]

PINS_PER_TAXEL = 2
"""Along each axis."""
LOOKING_S, MARGIN_M = 5e-3, 1e-4
"""How often the way is looked at for pins that are touched, and how near counts as touched."""
TIP_M = 2e-5
"""Radius of a pin's tip: it rounds the object's edges by as much, a thirtieth of a taxel."""
STEP_S = 5e-4
PIN_KG = 1e-4
SETTLING_S = 4e-3
"""Time constant of a pin's spring and damper: at rest within a few of them."""
SOLREF = (1e-3, 1.0)
SOLIMP = (0.999, 0.999, 1e-3, 0.5, 2.0)
"""Stiff: under its load of some 10 mN a tip sinks less than 1 um into the object."""


class PinBed:
    """Pins under one object that moves along a path.

    Attributes:
        model: MuJoCo's.
        data: MuJoCo's.
        places: of the pins' tips at rest, pad frame, m; (pins, 3), z = 0.
    """

    def __init__(self, pad: Pad, path: Path, stiffness: float, friction: float, places: Vector | None = None) -> None:
        """Build the scene with the object above the bed.

        Args:
            pad: whose taxels the pins stand for.
            path: of the object; nothing moves yet.
            stiffness: normal, N/m^3.
            friction: coefficient.
            places: of the pins, m, (pins, 2); default: those that the object touches, ``pin_places``.

        Raises:
            ConfigError: for a mesh.
        """
        grid = pin_places(pad, path) if places is None else places
        self.places = np.column_stack([grid, np.zeros(len(grid))])
        self._path = path
        self._spring = stiffness * (pad.taxels.pitch_m / PINS_PER_TAXEL) ** 2
        self.model = _scene(path, self._spring, friction, len(grid))
        self.data = mujoco.MjData(self.model)
        self._seen_from: tuple[Vector, Vector] = (np.zeros(3), np.eye(3))
        self._damping = self.model.dof_damping.reshape(-1, 3)
        first = next(iter(path.steps(STEP_S)))
        self._move(*first)
        self.data.qpos[:] = self.model.qpos_spring

    def follow(self) -> None:
        """Go the path, at its own pace."""
        for step in self._path.steps(STEP_S):
            self._move(*step)
            mujoco.mj_step(self.model, self.data)
        mujoco.mj_forward(self.model, self.data)

    def wrench(self) -> tuple[Vector, Vector, Vector]:
        """Return force, N, torque about the pad's origin, N m, (3,) each, and centre of pressure, m, (2,)."""
        force, place = self._contacts()
        press = -force[:, 2]
        total = press.sum()
        centre = press @ place[:, :2] / total if total > 0.0 else np.full(2, np.nan)
        return force.sum(axis=0), np.cross(place, force).sum(axis=0), centre

    def _move(self, position: Vector, quaternion: Vector, velocity: Vector, spin: Vector) -> None:
        """Let the pins' feet be where the object sees them."""
        turned = rotation(quaternion) @ rotation(self._path.held.quaternion).T
        feet = (self.places - position) @ turned
        moving = -(velocity @ turned) - np.cross(spin @ turned, feet)
        self.model.qpos_spring[:] = feet.reshape(-1)
        self.data.qfrc_applied[:] = (self._damping * moving).reshape(-1)
        self._seen_from = position, turned

    def _contacts(self) -> tuple[Vector, Vector]:
        """Return the solver's force of every contact on its pin, N, and where, m, pad frame; (contacts, 3) each."""
        contact = self.data.contact
        active = contact.efc_address >= 0
        rows = contact.efc_address[active][:, None] + np.arange(3)
        frames = contact.frame[active].reshape(-1, 3, 3)
        force = np.einsum("cij,ci->cj", frames, self.data.efc_force[rows])
        # MuJoCo's force is that on the second geom, along the normal from the first.
        sign = np.where(contact.geom[active][:, 1] == self.model.geom("object").id, -1.0, 1.0)
        position, turned = self._seen_from
        return sign[:, None] * force @ turned.T, contact.pos[active] @ turned.T + position


def pin_places(pad: Pad, path: Path) -> Vector:
    """Return the places of those pins under all taxels of a pad that the object touches on its way, m; (pins, 2)."""
    taxels = pad.taxels
    pitch = taxels.pitch_m / PINS_PER_TAXEL
    x, y = (
        (np.arange(number * PINS_PER_TAXEL) - (number * PINS_PER_TAXEL - 1) / 2.0) * pitch
        for number in (taxels.columns, taxels.rows)
    )
    grid = np.stack(np.meshgrid(x, y, [0.0]), axis=-1).reshape(-1, 3)
    nearest = np.full(len(grid), np.inf)
    packed = pack([path.held.shape])
    distance, gradient = np.empty(len(grid)), np.empty((len(grid), 3))
    for position, quaternion, _, _ in path.steps(LOOKING_S):
        seen = np.ascontiguousarray((grid - position) @ rotation(quaternion))
        distances(packed.kinds[0], packed.sizes[0].astype(float), Forest(*packed.forest), seen, distance, gradient)
        nearest = np.minimum(nearest, distance)
    return grid[nearest < MARGIN_M, :2]


def _scene(path: Path, spring: float, friction: float, pins: int) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    option = spec.option
    option.timestep, option.gravity = STEP_S, (0.0, 0.0, 0.0)
    option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    option.cone, option.impratio, option.tolerance = mujoco.mjtCone.mjCONE_ELLIPTIC, 10.0, 0.0
    contact = {"friction": (friction, 0.0, 0.0), "solref": SOLREF, "solimp": SOLIMP}
    shape = path.held.shape
    if not isinstance(shape, Shape):
        raise ConfigError("a bed of pins takes primitive shapes only, not meshes")
    kind = getattr(mujoco.mjtGeom, f"mjGEOM_{shape.kind.upper()}")
    spec.worldbody.add_geom(
        name="object", type=kind, size=list(shape.padded_size), quat=path.held.quaternion, conaffinity=0, **contact
    )
    for _ in range(pins):
        pin = spec.worldbody.add_body()
        pin.mass, pin.inertia, pin.explicitinertial = PIN_KG, [1e-9] * 3, True
        for axis, share in zip(np.eye(3), (SHEAR_RATIO, SHEAR_RATIO, 1.0), strict=True):
            joint = pin.add_joint(type=mujoco.mjtJoint.mjJNT_SLIDE, axis=axis)
            joint.stiffness, joint.damping = [share * spring, 0, 0], [share * spring * SETTLING_S, 0, 0]
        pin.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[TIP_M, 0, 0], pos=(0.0, 0.0, -TIP_M), contype=0, **contact
        )
    return spec.compile()
