"""Judge anything that flies on a trajectory in MuJoCo: trained policies and classical controllers alike.

Every flight begins at the trajectory's beginning, hovering at rest. The same seed gives every
controller the same airframes, delays, sensor errors and noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from policies.evaluation import finite
from policies.evaluator import MINIMUM_THRUST_TO_WEIGHT
from policies.policy import Policy
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import FlightTask
from sim.errors import ConfigError
from sim.randomization import RandomizationTable, nominal_airframe, sample
from sim.spec import MultirotorParameters
from sim.trajectories import Trajectory

LOST_M = 2.0
"""Further from its reference than this a flight is lost, and counts as so far off from then on."""


@dataclass(frozen=True)
class Tracking:
    """Flights along one trajectory; the judged part begins when its ramp is over."""

    table: RandomizationTable
    parameter_set: str
    seed: int
    left_out: int
    """Draws that cannot hover and were not flown."""
    time_s: np.ndarray
    """(steps,) of all that follows, from the trajectory's beginning, the ramp included."""
    reference_w: np.ndarray
    """(steps, 3) m"""
    position_w: np.ndarray
    """(steps, 3) true positions of the first flight, m."""
    judged: np.ndarray
    """(steps,) bool: after the ramp."""
    error_m: np.ndarray
    """(steps, flights) distance to the reference, at most ``LOST_M``."""
    lost: np.ndarray
    """(flights,) bool"""
    peak_speed_m_s: np.ndarray
    """(flights,) largest true speed."""
    peak_acceleration_m_s2: np.ndarray
    """(flights,) largest mean acceleration over a control period."""
    command_change_rms: float
    """RMS over flights, channels and judged steps of the command's change from step to step, fraction of its range."""

    @property
    def rmse_m(self) -> float:
        """Root mean square of the three-dimensional position error over all flights and judged steps."""
        return float(np.sqrt(np.mean(np.square(self.error_m[self.judged]))))

    @property
    def flight_rmse_m(self) -> np.ndarray:
        """(flights,) the same of each flight."""
        return np.sqrt(np.mean(np.square(self.error_m[self.judged]), axis=0))

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-able data."""
        return {
            "rmse_m": finite(self.rmse_m),
            "median_rmse_m": finite(float(np.median(self.flight_rmse_m))),
            "worst_rmse_m": finite(float(self.flight_rmse_m.max())),
            "lost": int(self.lost.sum()),
            "flights": len(self.lost),
            "left_out": self.left_out,
            "peak_speed_m_s": finite(float(np.median(self.peak_speed_m_s))),
            "peak_acceleration_m_s2": finite(float(np.median(self.peak_acceleration_m_s2))),
            "command_change_rms": finite(self.command_change_rms),
            "parameter_set": self.parameter_set,
            "seed": self.seed,
            "table": self.table.name,
            "table_hash": self.table.hash(),
        }


def judge_tracking(
    policy: Policy,
    task: FlightTask,
    trajectory: Trajectory,
    *,
    flights: int = 50,
    seed: int = 1000,
    randomized: bool = False,
    parameter_set: str | None = None,
    table: RandomizationTable | None = None,
    duration_s: float | None = None,
    threads: int | None = None,
) -> Tracking:
    """Fly ``policy`` along ``trajectory`` many times.

    Args:
        policy: anything with ``step(observation, state, reset)``, for instance ``sim.controllers.policy``'s.
        task: whose observation it reads, e.g. ``load_flight_task("track")``.
        trajectory: to follow.
        flights: number of draws.
        seed: of everything random.
        randomized: fly the airframes and disturbances of the table; otherwise the nominal airframe in
            still air, with the table's sensors, noise and delays.
        parameter_set: nominal airframe; default: the robot's default set.
        table: default: the task's evaluation table.
        duration_s: default: the trajectory's own.
        threads: MuJoCo's thread pool; ``None`` for one per CPU.

    Raises:
        ConfigError: for no flights, a duration that ends with the ramp, or when no draw can hover.
    """
    period_s = task.TASK.timing.control_period_s
    steps = round((trajectory.duration_s if duration_s is None else duration_s) / period_s)
    if flights < 1 or steps * period_s <= trajectory.settle_s:
        raise ConfigError("tracking is judged over at least one flight that goes on after the trajectory's ramp")
    table = task.EVALUATION_TABLE if table is None else table
    table = table if randomized else nominal_airframe(table)
    nominal = task.ROBOT.parameters(parameter_set)
    drawn = sample(table, nominal, np.random.default_rng(seed), flights)
    drawn = drawn.take(drawn.thrust_to_weight >= MINIMUM_THRUST_TO_WEIGHT)
    if not drawn.num_envs:
        raise ConfigError(f"no draw of table '{table.name}' can hover with parameter set '{nominal.name}'")
    env = MultirotorEnv(task, drawn.num_envs, parameter_set=nominal.name, table=table, seed=seed, threads=threads)
    env.seed(seed)
    env.references.follow([trajectory], steps * period_s)
    observation = env.begin(np.arange(drawn.num_envs), drawn, _hovering(nominal, drawn.num_envs))
    record = _Record(env, steps, trajectory.settle_s)
    memory, first = np.zeros((drawn.num_envs, policy.state_size), np.float32), np.ones(drawn.num_envs, bool)
    for _ in range(steps):
        action, memory = policy.step(observation, memory, first)
        first = np.zeros(drawn.num_envs, bool)
        observation = env.step(action, None if record.flying.all() else record.flying)
        record.add(env)
    env.close()
    return record.tracking(table, nominal.name, seed, flights - drawn.num_envs)


def _hovering(nominal: MultirotorParameters, flights: int) -> np.ndarray:
    """Level, at rest at the origin, rotors as the nominal airframe's in hover."""
    start = np.zeros((flights, 13 + nominal.num_rotors), np.float32)
    start[:, 3] = 1.0
    start[:, 13:] = nominal.hover_speed
    return start


class _Record:
    """Follows all flights step by step."""

    def __init__(self, env: MultirotorEnv, steps: int, settle_s: float) -> None:
        self._period_s = env.spec.timing.control_period_s
        self._span = np.array(env.spec.action.high, np.float32) - np.array(env.spec.action.low, np.float32)
        self._time_s = self._period_s * np.arange(1, steps + 1)
        self._judged = self._time_s > settle_s
        self._reference_w, self._position_w = np.zeros((steps, 3)), np.zeros((steps, 3))
        self._error_m = np.full((steps, env.num_envs), LOST_M)
        self._speed, self._acceleration = np.zeros(env.num_envs), np.zeros(env.num_envs)
        self._velocity_w, self._command = np.zeros((env.num_envs, 3)), env.applied_action.copy()
        self._changes: list[float] = []
        self.flying = np.ones(env.num_envs, bool)
        self._step = 0

    def add(self, env: MultirotorEnv) -> None:
        """Take in one control step; a flight that is lost stays so."""
        step, velocity_w = self._step, env.state[:, 7:10].astype(np.float64)
        error = np.linalg.norm(env.tracking_error_w, axis=1)
        self.flying &= ~env.invalid_action & (error < LOST_M)  # False for NaN
        self._error_m[step] = np.where(self.flying, error, LOST_M)
        self._reference_w[step], self._position_w[step] = env.set_point_w[0], env.position_w[0]
        if not self.flying[0]:
            self._position_w[step] = np.nan
        if self._judged[step]:
            speed = np.linalg.norm(velocity_w, axis=1)
            acceleration = np.linalg.norm(velocity_w - self._velocity_w, axis=1) / self._period_s
            np.maximum(self._speed, speed, out=self._speed, where=self.flying)
            np.maximum(self._acceleration, acceleration, out=self._acceleration, where=self.flying)
            change = ((env.applied_action - self._command) / self._span)[self.flying]
            if change.size:
                self._changes.append(float(np.mean(np.square(change))))
        self._velocity_w, self._command = velocity_w, env.applied_action.copy()
        self._step += 1

    def tracking(self, table: RandomizationTable, parameter_set: str, seed: int, left_out: int) -> Tracking:
        """Return what was found."""
        return Tracking(
            table=table,
            parameter_set=parameter_set,
            seed=seed,
            left_out=left_out,
            time_s=self._time_s,
            reference_w=self._reference_w,
            position_w=self._position_w,
            judged=self._judged,
            error_m=self._error_m,
            lost=~self.flying,
            peak_speed_m_s=self._speed,
            peak_acceleration_m_s2=self._acceleration,
            command_change_rms=math.sqrt(np.mean(self._changes)) if self._changes else math.nan,
        )
