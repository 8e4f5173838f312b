"""The force field of a batch of pads, each under several objects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.kernels.force import PADDING, PLANES, advance_field
from sim.tactile.kernels.octree import Forest
from sim.tactile.sensor import Array, Pad
from sim.tactile.shapes import Surface, checked_sizes, pack, per_object
from sim.tactile.stiffness import SHEAR_RATIO, nominal_stiffness

Wrenches = npt.NDArray[np.float64]


class ForceField:
    """Depth and force at every taxel, with memory of where each one sticks.

    Attributes:
        depth: how deep the gel is pressed, m, at most its thickness; (num_pads, taxels).
        force: on the gel, N, pad frame; (num_pads, taxels, 3). Like depth a view, changed by the next step.
        kinds: of the objects, see ``shapes.PackedSurfaces``; (num_pads, objects).
        sizes: their lengths, m; (num_pads, objects, 3).
        forest: octrees of the meshes.
    """

    def __init__(
        self, pad: Pad, objects: Sequence[Surface | None], num_pads: int = 1, stiffness: float | None = None
    ) -> None:
        """Prepare; nothing touches yet.

        Args:
            pad: the sensor, the same for the whole batch.
            objects: what can touch each of them.
            num_pads: size of the batch.
            stiffness: N/m^3, from ``stiffness.fit_stiffness``; default: the pad's nominal one.

        Raises:
            ConfigError: for a stiffness that is not positive or an empty batch.
        """
        value = nominal_stiffness(pad) if stiffness is None else stiffness
        if not value > 0.0:
            raise ConfigError(f"the stiffness of a pad must be positive, not {value}")
        if num_pads < 1:
            raise ConfigError(f"a batch needs at least one pad, not {num_pads}")
        self.pad, self.stiffness = pad, value
        packed, taxels = pack(objects), pad.taxels
        count, shape = taxels.count, (num_pads, len(objects))
        self.kinds = np.tile(packed.kinds, (num_pads, 1))
        self.sizes = np.tile(packed.sizes, (num_pads, 1, 1))
        self.forest = Forest(*packed.forest)
        per_taxel = value * pad.taxels.area_m2
        self._normal = np.full(num_pads, per_taxel, np.float32)
        self._damping = self._normal * np.float32(pad.gel.damping_s_m)
        self._tangential = self._normal * np.float32(SHEAR_RATIO)
        self._relaxation = np.full(num_pads, pad.gel.relaxation_s, np.float32)
        self._friction = np.full(num_pads, pad.gel.friction, np.float32)
        self._thickness = np.full(num_pads, pad.gel.thickness_m, np.float32)
        self._memory = np.zeros((*shape, PLANES, count + PADDING), np.float32)
        self._untouched = np.array([taxels.rows, 0, taxels.columns, 0], np.int32)
        self._spans = np.tile(self._untouched, (*shape, 1))
        self._wrenches = np.zeros((*shape, 6))
        self._output = np.zeros((num_pads, PLANES, count + PADDING), np.float32)
        self.depth, self.force = self._output[:, 3, :count], self._output[:, :3, :count].transpose(0, 2, 1)

    def reset(self, pads: npt.ArrayLike | None = None) -> None:
        """Forget all contacts, or those of some pads (indices or a mask)."""
        which = slice(None) if pads is None else np.asarray(pads)
        for array in (self._memory, self._wrenches, self._output):
            array[which] = 0
        self._spans[which] = self._untouched

    def set_gel(
        self, pads: npt.ArrayLike | None = None, *, stiffness: npt.ArrayLike | None = None,
        friction: npt.ArrayLike | None = None,
    ) -> None:  # fmt: skip
        """Give some pads a gel of their own.

        Args:
            pads: indices or a mask; default: all.
            stiffness: N/m^3, one or one per pad; default: as it is.
            friction: coefficient of sliding friction, likewise.

        Raises:
            ConfigError: for values that are not positive.
        """
        which = slice(None) if pads is None else np.asarray(pads)
        for name, values in (("stiffness", stiffness), ("friction", friction)):
            if values is not None and not np.all(np.asarray(values) > 0.0):
                raise ConfigError(f"the {name} of a pad must be positive")
        if stiffness is not None:
            self._normal[which] = np.asarray(stiffness) * self.pad.taxels.area_m2
            self._damping[which] = self._normal[which] * np.float32(self.pad.gel.damping_s_m)
            self._tangential[which] = self._normal[which] * np.float32(SHEAR_RATIO)
        if friction is not None:
            self._friction[which] = friction

    def set_sizes(self, pads: npt.ArrayLike, number: int, sizes: npt.ArrayLike) -> None:
        """Give an object other lengths under some pads.

        Args:
            pads: indices or a mask.
            number: of the object.
            sizes: padded to three lengths, as ``Shape.padded_size``, m; (3,) or (pads, 3).

        Raises:
            ConfigError: for lengths that are negative or no numbers.
        """
        self.sizes[np.asarray(pads), number] = checked_sizes(sizes)

    @property
    def gels(self) -> dict[str, Array]:
        """What each pad's gel is like, as ``kernels.force.advance_field`` takes it; (num_pads,) each."""
        return {
            "normal": self._normal, "damping": self._damping, "tangential": self._tangential,
            "relaxation": self._relaxation, "friction": self._friction, "thickness": self._thickness,
        }  # fmt: skip

    @property
    def normal_stiffness(self) -> Array:
        """Of one taxel, N/m; (num_pads,)."""
        return self._normal

    def step(
        self,
        positions: npt.ArrayLike,
        quaternions: npt.ArrayLike,
        velocities: npt.ArrayLike,
        spins: npt.ArrayLike,
        dt: float,
    ) -> None:
        """Advance by one period.

        Args:
            positions: of the objects in the pad frame, m; (num_pads, objects, 3).
            quaternions: object to pad, wxyz, of length 1; (num_pads, objects, 4).
            velocities: of the objects' origins relative to the pad, m/s, pad frame; (num_pads, objects, 3).
            spins: angular, rad/s, pad frame; (num_pads, objects, 3).
            dt: since the last call, s.

        Raises:
            ConfigError: for arrays of another size, or a period that is not positive.
        """
        if not 0.0 < dt < np.inf:
            raise ConfigError(f"a force field advances by a positive number of seconds, not {dt}")
        taxels = self.pad.taxels
        advance_field(
            taxels.rows, taxels.columns, np.float32(taxels.pitch_m), self.kinds, self.sizes, self.forest,
            self._shaped(positions, 3), self._shaped(quaternions, 4), self._shaped(velocities, 3),
            self._shaped(spins, 3), self._normal, self._damping, self._tangential, self._relaxation, self._friction,
            self._thickness, np.float32(dt), self._memory, self._spans, self._output, self._wrenches,
        )  # fmt: skip

    def wrench(self) -> tuple[Wrenches, Wrenches]:
        """Return force, N, and torque about the pad's origin, N m, on the gel; (num_pads, 3) each."""
        total = self._wrenches.sum(axis=1)
        return total[:, :3], total[:, 3:]

    def wrenches(self) -> tuple[Wrenches, Wrenches]:
        """Return the same by each object; (num_pads, objects, 3) each, overwritten by the next step."""
        return self._wrenches[:, :, :3], self._wrenches[:, :, 3:]

    def centre_of_pressure(self) -> Array:
        """Return where the normal force acts, m, NaN without contact; (num_pads, 2)."""
        press = -self.force[:, :, 2]
        total = press.sum(axis=1, keepdims=True)
        moment = (press[:, :, None] * (self.pad.taxels.positions[:, :2] + self.shear)).sum(axis=1)
        return np.where(total > 0.0, moment / np.where(total > 0.0, total, 1.0), np.nan)

    @property
    def shear(self) -> Array:
        """How far the gel's skin is dragged sideways by all objects, m; (num_pads, taxels, 2)."""
        return self._memory[:, :, :2, : self.pad.taxels.count].sum(axis=1).transpose(0, 2, 1)

    def _shaped(self, values: npt.ArrayLike, width: int) -> npt.NDArray[np.float64]:
        return per_object(values, self.kinds.shape, width)
