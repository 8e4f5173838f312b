"""What the air does to a batch of airframes outside the kernel: the wrench and the factor that MuJoCo is given."""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight.air import drag_turn
from sim.flight.forces import drag, ground_factor
from sim.flight.parameters import FlightParameters
from sim.flight.rigid_body import to_world
from sim.flight.rotor import FASTMATH

Array = NDArray[np.float32]


class AirBank:
    """Drag and ground effect of a batch, held constant over each physics step as in the kernel."""

    def __init__(self, parameters: FlightParameters) -> None:
        n = parameters.num_envs
        self.present = bool(parameters.rotor_drag.any() or np.isfinite(parameters.ground()[0]).any())
        """Whether any airframe feels the air at all; without, there is nothing to call."""
        self._packed = parameters.packed(1.0)
        self._mass, self._inertia = parameters.mass, parameters.inertia
        self.force_w = np.zeros((n, 3), np.float32)
        """Drag, N, as ``act`` found it."""
        self.torque_b = np.zeros((n, 3), np.float32)
        """Torque of the drag about the centre of mass, N m."""
        self.thrust_factor = np.ones((n, 1), np.float32)
        """Thrust over that far from the ground."""

    def act(self, rigid: Array, rotor_speed: Array, wind_w: Array) -> None:
        """Write ``force_w``, ``torque_b`` and ``thrust_factor`` of the step that begins here.

        Args:
            rigid: states, ``(num_envs, 13 or more)`` float32 (layout.py).
            rotor_speed: speed fractions, ``(num_envs, num_rotors)`` float32.
            wind_w: velocity of the air, ``(num_envs, 3)`` float32 m/s.
        """
        _act(
            rigid, rotor_speed.sum(axis=1), wind_w, self._packed, self._mass, self._inertia,
            self.force_w, self.torque_b, self.thrust_factor,
        )  # fmt: skip


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _act(state, total_speed, wind_w, packed, mass, inertia, force_w, torque_b, factor):
    for n in range(state.shape[0]):
        factor[n, 0] = ground_factor(state, packed, n)
        dx, dy, dz = drag(state, packed, wind_w, n, total_speed[n])
        ax, ay, az = drag_turn(packed, n, dx, dy, dz)
        fx, fy, fz = to_world(state[n, 3], state[n, 4], state[n, 5], state[n, 6], dx, dy, dz)
        m = mass[n]
        force_w[n, 0], force_w[n, 1], force_w[n, 2] = m * fx, m * fy, m * fz
        torque_b[n, 0], torque_b[n, 1], torque_b[n, 2] = inertia[n, 0] * ax, inertia[n, 1] * ay, inertia[n, 2] * az
