"""Simulations on an NVIDIA GPU, with the part of ``mujoco.batch.Batch``'s interface that bodies on legs use.

``mujoco_warp`` steps them (extra ``gpu``); what is read and written lies on the host, as with ``Batch``, and goes over
once per call. Without a GPU they run on Warp's CPU device, slowly: that is for tests. Numbers are float32.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError

try:
    import mujoco_warp as mjw
    import warp as wp
except ModuleNotFoundError as error:
    raise ConfigError(f"physics on a GPU needs {error.name}: pip install 'sim2metal[gpu]'") from None

wp.config.log_level = wp.LOG_ERROR

Array = NDArray[np.float64]
Ids = NDArray[np.integer]
_STATE = ("qpos", "qvel", "history")
"""What a step changes and others may write."""
_INPUTS = ("ctrl", "qfrc_applied")
_OUTPUTS = ("actuator_force", "sensordata")
_DERIVED = ("body_subtreemass", "body_invweight0", "dof_invweight0", "actuator_acc0")
"""What ``set_const`` computes of masses and inertias: one for each simulation, too."""
_ROWS_PER_CONTACT = 4
"""Of a pyramidal friction cone with two tangents; an elliptic one has fewer."""
_CONTACTS_PER_GEOM = 4
"""At most, as long as bodies touch little but the floor: four corners of a box."""


class WarpBatch:
    """``nsim`` simulations of a model on one device.

    Arrays that ``bind`` and ``expand`` return stay the same, are float64 and lie on the host.

    Attributes:
        nsim: number of simulations.
        device: of Warp.

    Args:
        model: what to simulate.
        nsim: number of simulations.
        device: of Warp; default: the first GPU, or the CPU where there is none.

    Raises:
        ConfigError: for a device that is not there, or a model with something that mujoco_warp cannot do.
    """

    def __init__(self, model: mujoco.MjModel, nsim: int, device: str | None = None) -> None:
        self.nsim, self._model = nsim, _without_autoreset(model)
        self.device = _device(device)
        self._host = {name: np.zeros((nsim, _size(model, name))) for name in (*_STATE, *_INPUTS, *_OUTPUTS)}
        self._outputs = _OUTPUTS
        self._fields: dict[str, Array] = {}
        self._graphs: dict[int, wp.Graph] = {}
        self._m: mjw.Model | None = None
        contacts = _CONTACTS_PER_GEOM * int(np.count_nonzero(model.geom_contype | model.geom_conaffinity))
        rows = _ROWS_PER_CONTACT * contacts + model.nv + model.njnt
        with wp.ScopedDevice(self.device), _naming_what_is_missing():
            self._d = mjw.make_data(model, nworld=nsim, nconmax=contacts, njmax=rows)
        self.reset(np.arange(nsim))

    def bind(self, name: str) -> Array:
        """Return what a simulation's data holds under a name, one row each; outputs are copied out after every call.

        Raises:
            ConfigError: for what mujoco_warp's data does not hold.
        """
        if name not in self._host:
            if not hasattr(self._d, name):
                raise ConfigError(f"mujoco_warp's data has no '{name}'")
            self._host[name] = getattr(self._d, name).numpy().astype(float)
            self._outputs += (name,)
        return self._host[name]

    def expand(self, name: str) -> Array:
        """Return a model's field with values for each simulation; to be called before the first step.

        Raises:
            ConfigError: when steps were made already.
        """
        if self._m is not None:
            raise ConfigError(f"field '{name}' must be expanded before the first step")
        if name not in self._fields:
            value = np.asarray(getattr(self._model, name), float)
            self._fields[name] = np.repeat(value[None], self.nsim, axis=0)
        return self._fields[name]

    def reset(self, ids: Ids, stage: int = int(mujoco.mjtStage.mjSTAGE_NONE)) -> None:
        """Put simulations back to the model's default state at time 0; nothing is computed.

        Args:
            ids: which; (n,).
            stage: as of ``Batch.reset``; only none is known here.
        """
        if stage != int(mujoco.mjtStage.mjSTAGE_NONE):
            raise ConfigError("call forward() for what follows from a state")
        for name in (*_STATE, *_INPUTS, *self._outputs):
            self._host[name][ids] = 0.0
        self._host["qpos"][ids] = self._model.qpos0
        for name in ("time", "qacc_warmstart"):
            values = getattr(self._d, name).numpy()
            values[ids] = 0.0
            getattr(self._d, name).assign(values)

    def set_const(self, ids: Ids) -> None:
        """Compute what follows from masses and inertias; of all simulations, whichever are named."""
        self._upload_fields()
        with wp.ScopedDevice(self.device):
            mjw.set_const(self._compiled(), self._d)

    def forward(self, ids: Ids) -> None:
        """Compute forces and sensors of some simulations from their present state.

        Args:
            ids: which; (n,).
        """
        self._upload_fields()
        self._upload((*_STATE, *_INPUTS))
        warm = wp.clone(self._d.qacc_warmstart)
        with wp.ScopedDevice(self.device):
            mjw.forward(self._compiled(), self._d)
        wp.copy(self._d.qacc_warmstart, warm)
        self._download(self._outputs, ids)

    def step(self, nstep: int = 1) -> None:
        """Advance all simulations by physics steps at constant inputs."""
        self._upload((*_STATE, *_INPUTS))
        with wp.ScopedDevice(self.device):
            self._run(nstep)
        self._download((*_STATE, *self._outputs), slice(None))

    def _compiled(self) -> mjw.Model:
        if self._m is None:
            sizes = dict.fromkeys((*self._fields, *_DERIVED), self.nsim)
            with wp.ScopedDevice(self.device), _naming_what_is_missing():
                self._m = mjw.put_model(self._model, batch_sizes=sizes)
        return self._m

    def _run(self, nstep: int) -> None:
        """Step; on a GPU as one recorded graph, because hundreds of small kernels take longer to launch than to run."""
        m = self._compiled()
        if not wp.get_device(self.device).is_cuda:
            for _ in range(nstep):
                mjw.step(m, self._d)
            return
        if nstep not in self._graphs:
            mjw.step(m, self._d)  # (kernels are compiled at the first call, which must not be recorded)
            self._upload((*_STATE, *_INPUTS))
            with wp.ScopedCapture() as capture:
                for _ in range(nstep):
                    mjw.step(m, self._d)
            self._graphs[nstep] = capture.graph
        wp.capture_launch(self._graphs[nstep])

    def _upload_fields(self) -> None:
        m = self._compiled()
        for name, values in self._fields.items():
            _assign(getattr(m, name), values)

    def _upload(self, names: tuple[str, ...]) -> None:
        for name in names:
            _assign(getattr(self._d, name), self._host[name])

    def _download(self, names: tuple[str, ...], ids: Ids | slice) -> None:
        for name in names:
            self._host[name][ids] = getattr(self._d, name).numpy()[ids]


def _without_autoreset(model: mujoco.MjModel) -> mujoco.MjModel:
    """Return a copy that does not forbid what mujoco_warp never does: to reset what diverges."""
    own = copy.copy(model)
    own.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    return own


def _size(model: mujoco.MjModel, name: str) -> int:
    return {
        "qpos": model.nq, "qvel": model.nv, "history": model.nhistory, "ctrl": model.nu, "qfrc_applied": model.nv,
        "actuator_force": model.nu, "sensordata": model.nsensordata,
    }[name]  # fmt: skip


def _assign(array: wp.array, values: Array) -> None:
    if array.size:
        array.assign(values.astype(np.float32))


def _device(name: str | None) -> str:
    wanted = name or ("cuda:0" if wp.get_cuda_device_count() else "cpu")
    try:
        return wp.get_device(wanted).alias
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"Warp has no device '{wanted}': {error}") from None


@contextlib.contextmanager
def _naming_what_is_missing() -> Iterator[None]:
    """Say in our own words that a model has something that mujoco_warp cannot do."""
    try:
        yield
    except NotImplementedError as error:
        raise ConfigError(f"mujoco_warp cannot simulate this model: {error}") from None
