"""The force field on an NVIDIA GPU: states stay on the device, poses go there, forces come back when asked for.

Needs the extra ``gpu`` (``pip install 'sim2metal[gpu]'``: Warp). Without a GPU it runs on Warp's CPU device, far
slower than ``field.py``: that is for tests.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.field import ForceField, Wrenches
from sim.tactile.sensor import Array, Pad
from sim.tactile.shapes import Surface
from sim.tactile.warp_kernel import Forest, Gels, advance_field, wp

WXYZ_TO_XYZW = [1, 2, 3, 0]


class WarpForceField:
    """What ``ForceField`` is, on one device; ``set_gel`` and ``set_sizes`` may be called at any time."""

    def __init__(
        self,
        pad: Pad,
        objects: Sequence[Surface | None],
        num_pads: int = 1,
        stiffness: float | None = None,
        *,
        device: str | None = None,
    ) -> None:
        """Prepare; nothing touches yet.

        Args:
            pad: the sensor, the same for the whole batch.
            objects: what can touch each of them.
            num_pads: size of the batch.
            stiffness: N/m^3; default: the pad's nominal one.
            device: of Warp; default: the first GPU, or the CPU.

        Raises:
            ConfigError: as for ``ForceField``, or for a device that is not there.
        """
        self._host = ForceField(pad, objects, num_pads, stiffness)
        self.pad, self.stiffness, self.device = pad, self._host.stiffness, device_named(device)
        shape, count = (num_pads, len(objects)), pad.taxels.count
        self._shape = shape
        self._taxels = self._array(pad.taxels.positions, wp.vec3f)
        self._kinds = self._array(self._host.kinds, wp.int32)
        self._forest = Forest()
        for name, values in self._host.forest._asdict().items():
            setattr(self._forest, name, self._array(values, wp.int32 if values.dtype.kind == "i" else wp.float32))
        self._places, self._velocities, self._spins = (self._zeros(shape, wp.vec3f) for _ in range(3))
        self._turns = self._zeros(shape, wp.quatf)
        self._memory = self._zeros((*shape, count), wp.vec4f)
        self._depth, self._force = self._zeros((num_pads, count), wp.float32), self._zeros((num_pads, count), wp.vec3f)
        self._wrenches = self._zeros((*shape, 6), wp.float64)
        self._upload_settings()

    def reset(self, pads: npt.ArrayLike | None = None) -> None:
        """Forget all contacts, or those of some pads (indices or a mask)."""
        for array in (self._memory, self._depth, self._force, self._wrenches):
            if pads is None:
                array.zero_()
            else:
                values = array.numpy()
                values[np.asarray(pads)] = 0
                array.assign(values)

    def set_gel(
        self, pads: npt.ArrayLike | None = None, *, stiffness: npt.ArrayLike | None = None,
        friction: npt.ArrayLike | None = None,
    ) -> None:  # fmt: skip
        """Give some pads a gel of their own; as ``ForceField.set_gel``."""
        self._host.set_gel(pads, stiffness=stiffness, friction=friction)
        self._upload_settings()

    def set_sizes(self, pads: npt.ArrayLike, number: int, sizes: npt.ArrayLike) -> None:
        """Give an object other lengths under some pads; as ``ForceField.set_sizes``."""
        self._host.set_sizes(pads, number, sizes)
        self._upload_settings()

    def step(
        self,
        positions: npt.ArrayLike,
        quaternions: npt.ArrayLike,
        velocities: npt.ArrayLike,
        spins: npt.ArrayLike,
        dt: float,
    ) -> None:
        """Advance by one period, without waiting for its end; arguments as for ``ForceField.step``."""
        vectors = ((self._places, positions), (self._velocities, velocities), (self._spins, spins))
        for array, values in vectors:
            array.assign(np.asarray(values, np.float32).reshape(*self._shape, 3))
        turns = np.asarray(quaternions, np.float32).reshape(*self._shape, 4)
        self._turns.assign(np.ascontiguousarray(turns[..., WXYZ_TO_XYZW]))
        self._wrenches.zero_()
        wp.launch(
            advance_field,
            dim=(self._shape[0], self.pad.taxels.count),
            inputs=[
                self._taxels, self._kinds, self._sizes, self._forest, self._places, self._turns, self._velocities,
                self._spins, self._gels, dt, self._memory, self._depth, self._force, self._wrenches,
            ],
            device=self.device,
        )  # fmt: skip

    @property
    def depth(self) -> Array:
        """Deepest penetration, m; (num_pads, taxels), a copy."""
        return np.asarray(self._depth.numpy(), np.float32)

    @property
    def force(self) -> Array:
        """On the gel, N, pad frame; (num_pads, taxels, 3), a copy."""
        return np.asarray(self._force.numpy(), np.float32)

    def wrench(self) -> tuple[Wrenches, Wrenches]:
        """Return force, N, and torque about the pad's origin, N m, on the gel; (num_pads, 3) each."""
        force, torque = self.wrenches()
        return force.sum(axis=1), torque.sum(axis=1)

    def wrenches(self) -> tuple[Wrenches, Wrenches]:
        """Return the same by each object; (num_pads, objects, 3) each."""
        values: Wrenches = np.asarray(self._wrenches.numpy(), np.float64)
        return values[:, :, :3], values[:, :, 3:]

    def wait(self) -> None:
        """Return when the device has done all it was asked for."""
        wp.synchronize_device(self.device)

    def _upload_settings(self) -> None:
        self._sizes = self._array(self._host.sizes, wp.vec3f)
        self._gels = Gels()
        for name, values in self._host.gels.items():
            setattr(self._gels, name, self._array(values, wp.float32))

    def _array(self, values: npt.NDArray, dtype: type) -> wp.array:
        return wp.array(values, dtype=dtype, device=self.device)

    def _zeros(self, shape: tuple[int, ...], dtype: type) -> wp.array:
        return wp.zeros(shape, dtype=dtype, device=self.device)


def device_named(name: str | None) -> str:
    """Return one of Warp's devices; default: the first GPU, or the CPU.

    Raises:
        ConfigError: for a device that is not there.
    """
    try:
        return wp.get_device(name or ("cuda:0" if wp.get_cuda_device_count() else "cpu")).alias
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"Warp has no device '{name}': {error}") from None
