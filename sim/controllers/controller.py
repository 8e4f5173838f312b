"""A control law in flight: a batch of independent flights on one airframe, stepped once per control period."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.controllers.airframe import airframe
from sim.controllers.law import Law
from sim.controllers.layout import ESTIMATE_SIZE, REFERENCE_SIZE
from sim.controllers.mixer import hover_speed
from sim.errors import ConfigError
from sim.spec import MultirotorParameters
from sim.trajectories import Reference


class Controller:
    """``law`` at the motors of ``num_envs`` flights.

    It sees what a policy sees: the noisy, delayed estimate, never the true state. What it knows of the airframe is
    the nominal one, with the rotors' lag modelled from its own commands.
    """

    def __init__(
        self,
        law: Law,
        parameters: MultirotorParameters,
        num_envs: int,
        period_s: float,
        gains: dict[str, float] | NDArray[np.float64] | None = None,
    ) -> None:
        """Prepare the flights; each begins with a fresh memory.

        Args:
            law: what to fly.
            parameters: the nominal airframe.
            num_envs: number of flights.
            period_s: time between two commands.
            gains: by name, or one row per flight (num_envs, gains); the published ones when None.

        Raises:
            ConfigError: for gains that are not the law's, or an airframe that no such law can fly.
        """
        if gains is None or isinstance(gains, dict):
            gains = np.tile(law.row(gains or law.published()), (num_envs, 1))
        if gains.shape != (num_envs, len(law.gains)):
            raise ConfigError(
                f"controller '{law.name}': gains have shape {gains.shape}, not {num_envs, len(law.gains)}"
            )
        self.law, self.num_envs = law, num_envs
        self._gains = np.ascontiguousarray(gains, np.float64)
        self._airframe = airframe(parameters, period_s)
        self._fresh = np.concatenate([np.zeros(law.memory), hover_speed(self._airframe)])
        self._command = np.zeros((num_envs, parameters.num_rotors))
        self.memory = np.tile(self._fresh, (num_envs, 1))
        """(num_envs, law.memory + num_rotors); a fresh one models the rotors at hover."""

    @property
    def preview_s(self) -> NDArray[np.float64]:
        """How far ahead on its reference each flight aims, (num_envs,) s."""
        return self._gains[:, -1]

    def restart(self, ids: NDArray | slice = slice(None)) -> None:
        """Forget what was before in the flights ``ids``."""
        self.memory[ids] = self._fresh

    def step(self, estimate: NDArray[np.floating], reference: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the rotor speed fractions to command, (num_envs, num_rotors) float32.

        Args:
            estimate: (num_envs, 18 or more) position_w, rotation, velocity_w, angular_velocity_b as observed;
                NaN in one gives NaN in that flight's command.
            reference: (num_envs, 14), see ``reference_rows``.
        """
        if reference.shape != (self.num_envs, REFERENCE_SIZE) or estimate.shape[0] != self.num_envs:
            raise ConfigError(f"controller of {self.num_envs} flights: one estimate and one reference each, please")
        seen = np.ascontiguousarray(estimate[:, :ESTIMATE_SIZE], np.float64)
        self.law.step(self._airframe, seen, reference, self._gains, self.memory, self._command)
        self._command[~np.isfinite(seen).all(axis=1)] = np.nan
        return self._command.astype(np.float32)


def reference_rows(reference: Reference) -> NDArray[np.float64]:
    """Return the points of a trajectory as the laws read them, (n, 14) (layout.py)."""
    parts = (reference.position_w, reference.velocity_w, reference.acceleration_w, reference.jerk_w)
    heading = np.stack([reference.yaw_rad, reference.yaw_rate], axis=1)
    return np.ascontiguousarray(np.concatenate([*parts, heading], axis=1), np.float64)
