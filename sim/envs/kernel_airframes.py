"""The drawn airframes in the flight kernel instead of MuJoCo: several times as fast, for searches, never for judging.

The kernel is held against MuJoCo term by term in the tests. Its time step is the nominal one: control periods
that are a little off do not stretch the physics here; delays and sensors are the environment's and stay as they are.
"""

from __future__ import annotations

import numpy as np

from sim.envs.airframes import RIGID
from sim.flight.gusts import Gusts
from sim.flight.kernel import step_batch
from sim.randomization import Sample
from sim.spec import MultirotorParameters, RobotSpec


class KernelAirframes:
    """What ``airframes.Airframes`` is, without MuJoCo."""

    def __init__(
        self, robot: RobotSpec, nominal: MultirotorParameters, step_s: float, num_envs: int, threads: int | None
    ) -> None:
        self.step_s = step_s
        """Physics step."""
        self._state = np.zeros((num_envs, RIGID + nominal.num_rotors), np.float32)
        self.rigid, self.rotor_speed = self._state[:, :RIGID], self._state[:, RIGID:]
        self._gusts = Gusts(num_envs)
        self._rng = np.random.default_rng(0)

    @property
    def wind_w(self) -> np.ndarray:
        """Velocity of the air, (num_envs, 3) m/s (a live view)."""
        return self._gusts.wind_w

    def seed(self, rng: np.random.Generator) -> None:
        """Take an own stream for the gusts from ``rng`` without advancing it."""
        self._rng = rng.spawn(1)[0]

    def load(self, ids: np.ndarray, drawn: Sample, everyone: Sample, start: np.ndarray, period_s: float) -> None:
        """Begin the episodes ``ids``; see ``Airframes.load``."""
        self._packed = everyone.flight.packed(self.step_s)
        self._gusts.restart(ids, drawn.gust_speed, drawn.wind_w, period_s * drawn.control_period, self._rng)
        self._state[ids] = start

    def begin_period(self, period: np.ndarray) -> None:
        """Begin a control period; see ``Airframes.begin_period``."""
        self._gusts.advance(self._rng)

    def step(self, motors: np.ndarray, active: np.ndarray | None) -> None:
        """Advance by one physics step; see ``Airframes.step``."""
        before = None if active is None else self._state[~active]
        step_batch(self._state, np.ascontiguousarray(motors, np.float32), self._packed, self.wind_w, self._state)
        if active is not None:
            self._state[~active] = before
