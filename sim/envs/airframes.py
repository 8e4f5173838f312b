"""The drawn airframes in the air: rotors, drag, ground effect and gusts around MuJoCo's rigid bodies.

One physics step of all environments; what depends on speed, height and load is evaluated at its
start, as in the flight kernel. Gusts are held over a control period.
"""

from __future__ import annotations

import numpy as np

from sim.envs.body import MultirotorBatch
from sim.flight.air_bank import AirBank
from sim.flight.gusts import Gusts
from sim.flight.rotor_bank import RotorBank
from sim.randomization import Sample
from sim.spec import MultirotorParameters, RobotSpec

RIGID = 13


class Airframes:
    """True states of ``num_envs`` robots: ``rigid`` (num_envs, 13) and ``rotor_speed`` (num_envs, num_rotors)."""

    def __init__(
        self, robot: RobotSpec, nominal: MultirotorParameters, step_s: float, num_envs: int, threads: int | None
    ) -> None:
        self.step_s = step_s
        """Nominal physics step."""
        self.rigid = np.zeros((num_envs, RIGID), np.float32)
        self.rotor_speed = np.zeros((num_envs, nominal.num_rotors), np.float32)
        self._body = MultirotorBatch(robot, nominal, step_s, num_envs, threads=threads)
        self._gusts = Gusts(num_envs)
        self._steps = np.full(num_envs, step_s)
        self._rng = np.random.default_rng(0)

    @property
    def wind_w(self) -> np.ndarray:
        """Velocity of the air, (num_envs, 3) m/s (a live view)."""
        return self._gusts.wind_w

    def seed(self, rng: np.random.Generator) -> None:
        """Take an own stream for the gusts from ``rng`` without advancing it."""
        self._rng = rng.spawn(1)[0]

    def load(self, ids: np.ndarray, drawn: Sample, everyone: Sample, start: np.ndarray, period_s: float) -> None:
        """Begin the episodes ``ids``.

        Args:
            ids: sorted indices.
            drawn: one row per id.
            everyone: one row per environment, those of ``ids`` included.
            start: (len(ids), 13 + num_rotors).
            period_s: nominal control period.
        """
        self._rotors, self._air = RotorBank(everyone.flight, self._steps), AirBank(everyone.flight)
        self._body.load(ids, drawn.flight, start)
        self._gusts.restart(ids, drawn.gust_speed, drawn.wind_w, period_s * drawn.control_period, self._rng)
        self.rigid[ids], self.rotor_speed[ids] = start[:, :RIGID], start[:, RIGID:]
        self._scale_steps(everyone.control_period)

    def begin_period(self, period: np.ndarray) -> None:
        """Begin a control period that is ``period`` (num_envs,) times as long as the nominal one."""
        self._gusts.advance(self._rng)
        self._scale_steps(period)

    def step(self, motors: np.ndarray, active: np.ndarray | None) -> None:
        """Advance by one physics step.

        Args:
            motors: (num_envs, num_rotors) rotor speed fractions commanded.
            active: (num_envs,) bool; the bodies of the others stand still. ``None`` for all.
        """
        air = self._air
        if air.present:
            air.act(self.rigid, self.rotor_speed, self._gusts.wind_w)
            self._body.push(air.force_w, air.torque_b)
        thrust, self.rotor_speed = self._rotors.advance(self.rotor_speed, motors)
        self._body.step(air.thrust_factor * thrust if air.present else thrust, active)
        self.rigid[:, 0:7] = self._body.qpos
        self.rigid[:, 7:13] = self._body.qvel

    def _scale_steps(self, period: np.ndarray) -> None:
        steps = self.step_s * period.astype(np.float64)
        if not np.array_equal(steps, self._steps):
            self._steps = steps
            self._body.set_step(steps)
            self._rotors.set_interval(steps)
