"""One fused step of a batch of multirotors: rotor lag, mean thrust, rigid body by RK4.

Thrust and torque are the exact means over the step and stay constant in the body during it, and
what depends on speed, height and load (drag, ground effect, battery) is taken at its start; so the
translational and rotational Runge-Kutta stages collapse into the sums below. The result is the
classical RK4 of the coupled equations, with the quaternion normalised at the end.
"""
# ruff: noqa: ANN001

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight import layout
from sim.flight.lanes import BODY_ROWS, LANES, ROTOR_ROWS, gather, move_bodies, scatter, turn_rotors
from sim.flight.rotor import FASTMATH


def step(
    state: NDArray[np.float32],
    command: NDArray[np.float32],
    packed: NDArray[np.float32],
    wind_w: NDArray[np.float32] | None = None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Advance every environment by the time step its coefficients were packed for.

    Args:
        state: ``(num_envs, 13 + num_rotors)`` float32, see layout.py.
        command: rotor speed fractions, held over the step, ``(num_envs, num_rotors)`` float32.
        packed: ``FlightParameters.packed(dt_s)``.
        wind_w: velocity of the air over the step, ``(num_envs, 3)`` float32 m/s; still when None.
        out: where to write the next state; may be ``state`` itself; allocated when None.

    Returns:
        The next state, ``(num_envs, 13 + num_rotors)``. NaN in an environment's input gives NaN
        in its output and in no other's.

    Raises:
        ConfigError: for arrays of another shape, type or memory order.
    """
    if out is None:
        out = np.empty_like(state)
    wind_w = still_air(state) if wind_w is None else wind_w
    require_batch(state, command, packed, wind_w, out=out)
    step_batch(state, command, packed, wind_w, out)
    return out


def still_air(state: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return no wind for a batch of states, ``(num_envs, 3)`` float32."""
    return np.zeros((len(state), 3), np.float32)


def require_batch(
    state: NDArray[np.float32],
    command: NDArray[np.float32],
    packed: NDArray[np.float32],
    wind_w: NDArray[np.float32],
    **others: NDArray,
) -> None:
    """Check the kernel's arguments; ``others`` must be shaped like the state, ``*command`` like the command.

    Raises:
        ConfigError: one line that names the wrong array.
    """
    if not isinstance(command, np.ndarray) or command.ndim != 2:
        layout.require_array("command", command, (len(state), 4))
    num_envs, num_rotors = command.shape
    layout.require_array("command", command, (num_envs, num_rotors))
    state_shape = (num_envs, layout.state_size(num_rotors))
    layout.require_array("state", state, state_shape)
    layout.require_array("packed", packed, (num_envs, layout.packed_size(num_rotors)))
    layout.require_array("wind_w", wind_w, (num_envs, 3))
    for name, array in others.items():
        layout.require_array(name, array, command.shape if name.endswith("command") else state_shape)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def step_batch(state, command, packed, wind_w, out) -> None:
    """Unchecked ``step``, callable from other numba code."""
    body = np.empty((BODY_ROWS, LANES), np.float32)
    rotors = np.empty((command.shape[1], ROTOR_ROWS, LANES), np.float32)
    for first in range(0, state.shape[0], LANES):
        count = min(LANES, state.shape[0] - first)
        gather(state, command, packed, wind_w, first, count, body, rotors)
        turn_rotors(body, rotors)
        move_bodies(body)
        scatter(body, rotors, first, count, out)
