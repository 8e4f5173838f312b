"""The flight kernel on an NVIDIA GPU: one step, its gradient, and whole flights that stay on the device.

Needs the extra ``gpu`` (``pip install 'sim2metal[gpu]'``: Warp). Without a GPU everything here runs on Warp's
CPU device, slower than kernel.py: that is for tests.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.flight.kernel import require_batch, still_air
from sim.flight.warp_kernel import kernels, wp

Array = NDArray[np.float32]


def best_device() -> str:
    """Return ``"cuda:0"`` where there is a GPU that Warp can use, else ``"cpu"``."""
    return "cuda:0" if wp.get_cuda_device_count() else "cpu"


def step(
    state: Array, command: Array, packed: Array, wind_w: Array | None = None, *, device: str | None = None
) -> Array:
    """Advance every environment by one time step; arguments, result and errors as for ``kernel.step``.

    Args:
        state: ``(num_envs, 13 + num_rotors)`` float32.
        command: ``(num_envs, num_rotors)`` float32.
        packed: ``FlightParameters.packed(dt_s)``.
        wind_w: ``(num_envs, 3)`` float32 m/s; still when None.
        device: of Warp; the best there is when None.
    """
    flight = WarpFlight(state, packed, command, wind_w, device=device)
    return flight.following()


def step_adjoint(
    state: Array,
    command: Array,
    packed: Array,
    grad_next: Array,
    wind_w: Array | None = None,
    *,
    device: str | None = None,
) -> tuple[Array, Array]:
    """Back-propagate through ``step`` with Warp's automatic adjoint; as ``adjoint.step_adjoint``.

    Returns:
        Gradients with respect to ``state`` and ``command``.
    """
    require_batch(state, command, packed, still_air(state) if wind_w is None else wind_w, grad_next=grad_next)
    flight = WarpFlight(state, packed, command, wind_w, device=device)
    return flight.gradient(grad_next)


class WarpFlight:
    """A batch of multirotors on one device; states come and go as NumPy arrays only when asked for."""

    def __init__(
        self,
        state: Array,
        packed: Array,
        command: Array,
        wind_w: Array | None = None,
        *,
        device: str | None = None,
    ) -> None:
        """Copy a batch to the device; arguments as for ``step``.

        Raises:
            ConfigError: for arrays of another shape or type, or a device that is not there.
        """
        wind_w = still_air(state) if wind_w is None else wind_w
        require_batch(state, command, packed, wind_w)
        self.device = _device(device)
        self.num_envs = len(state)
        self._once, self._fly = kernels(command.shape[1])
        self._state, self._command = self._upload(state, gradient=True), self._upload(command, gradient=True)
        self._packed, self._wind = self._upload(packed), self._upload(wind_w)

    @property
    def state(self) -> Array:
        """The present states, ``(num_envs, 13 + num_rotors)`` (a copy on the host)."""
        return _download(self._state)

    def command(self, command: Array) -> None:
        """Replace the commands, ``(num_envs, num_rotors)`` float32."""
        self._command.assign(np.ascontiguousarray(command.T))

    def fly(self, steps: int = 1) -> None:
        """Advance by ``steps`` time steps at constant commands and wind, in one launch; does not wait for its end."""
        self._launch(self._state, steps)

    def wait(self) -> None:
        """Return when the device has done all it was asked for."""
        wp.synchronize_device(self.device)

    def following(self) -> Array:
        """Return the states one step on, without advancing."""
        state = wp.clone(self._state, requires_grad=False)
        self._launch(state, 1)
        return _download(state)

    def gradient(self, grad_next: Array) -> tuple[Array, Array]:
        """Return the gradients of state and command, given that of ``following``, shaped like the state.

        The first call compiles for half a minute.
        """
        with wp.Tape() as tape:
            following = self._step_once()
        tape.backward(grads={following: self._upload(grad_next)})
        return _download(tape.gradients[self._state]), _download(tape.gradients[self._command])

    def _launch(self, state: wp.array, steps: int) -> None:
        inputs = [state, self._command, self._packed, self._wind, steps]
        wp.launch(self._fly, dim=self.num_envs, inputs=inputs, device=self.device)

    def _step_once(self) -> wp.array:
        following = wp.empty_like(self._state, requires_grad=True)
        inputs = [self._state, self._command, self._packed, self._wind]
        wp.launch(self._once, dim=self.num_envs, inputs=inputs, outputs=[following], device=self.device)
        return following

    def _upload(self, array: Array, *, gradient: bool = False) -> wp.array:
        return wp.array(np.ascontiguousarray(array.T), dtype=wp.float32, device=self.device, requires_grad=gradient)


def _download(array: wp.array) -> Array:
    return np.ascontiguousarray(array.numpy().T, dtype=np.float32)


def _device(name: str | None) -> str:
    try:
        return wp.get_device(name or best_device()).alias
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"Warp has no device '{name}': {error}") from None
