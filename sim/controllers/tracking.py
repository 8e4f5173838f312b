"""Flights of a control law along trajectories: what ``tune`` looks at, many gains at once.

They are flown in the flight kernel, as learned policies train in it; what is tuned is judged in MuJoCo.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.controllers.controller import Controller, reference_rows
from sim.controllers.law import Law, preview
from sim.envs.kernel_airframes import KernelAirframes
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import FlightTask
from sim.errors import ConfigError
from sim.randomization import RandomizationTable, Sample, nominal_airframe, sample
from sim.trajectories import Trajectory

LOST_M = 2.0
"""Further than this from the reference a flight counts as lost, and as this far off from then on: as it is judged."""
REPEATS = 4
"""Flights of a row of gains along each course: the nominal airframe with delays as they come and with long ones, a
drawn airframe with either. The learned tracking policy trains on as many nominal ones as drawn ones."""
LATE_OF = 8
"""Long delays are the longest of so many draws: gains at the edge of what they bear would lose some judged flight."""
LONGEST_PREVIEW_S = preview().high
_RIGID = 13


@dataclass(frozen=True)
class Course:
    """A trajectory to fly, and the error on it that counts as one."""

    trajectory: Trajectory
    unit_m: float


class TrackingTrial:
    """The same flights for every row of gains: each course ``REPEATS`` times, from rest at its beginning.

    Noise, sensors and clocks are those of the task's evaluation table, drawn anew in every trial, and so are the
    airframes, winds and disturbances of half of the flights; delays, biases and airframes are alike for every row.
    """

    def __init__(
        self,
        law: Law,
        task: FlightTask,
        courses: Sequence[Course],
        rows: int,
        *,
        parameter_set: str | None = None,
        drawn_airframes: bool = True,
        seconds: float = 10.0,
    ) -> None:
        """Build the simulations.

        Args:
            law: what to fly.
            task: whose timing, noise and delays; its action must be the rotors'.
            courses: what to fly along.
            rows: gains flown at once.
            parameter_set: the nominal airframe; default: the robot's default.
            drawn_airframes: fly drawn airframes in half of the flights; otherwise the nominal one in all of them.
            seconds: length of each flight.

        Raises:
            ConfigError: if the task does not command rotors.
        """
        if task.TASK.action.level != "motor":
            raise ConfigError(f"classical controllers command rotors; task '{task.TASK.name}' takes other commands")
        self._law, self._rows, self._courses = law, rows, [course for course in courses for _ in range(REPEATS)]
        self._calm = nominal_airframe(task.EVALUATION_TABLE)
        self._table = task.EVALUATION_TABLE if drawn_airframes else self._calm
        self._flights = rows * len(self._courses)
        self._env = MultirotorEnv(
            task, self._flights, parameter_set=parameter_set, table=self._table, airframes=KernelAirframes
        )  # fmt: skip
        self._period_s = task.TASK.timing.control_period_s
        self._steps = round(seconds / self._period_s)
        last = self._steps + math.ceil(LONGEST_PREVIEW_S / self._period_s) + 2
        times = np.arange(last) * self._period_s
        points = [reference_rows(course.trajectory.sample(times)) for course in self._courses]
        self._points = np.stack(points * rows)  # (flights, times, 14)

    @property
    def parameter_set(self) -> str:
        """The nominal airframe's name."""
        return self._env.nominal.name

    @property
    def control_steps(self) -> int:
        """Simulated control steps of one trial."""
        return self._steps * self._flights

    def __call__(self, gains: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
        """Fly every row of gains (rows, len(law.gains)) along every course.

        Returns:
            (rows,) mean over the courses of the RMS position error in the course's unit.
        """
        rows = np.repeat(gains, len(self._courses), axis=0)  # flights of a row are neighbours
        controller = Controller(self._law, self._env.nominal, self._flights, self._period_s, rows)
        observation = self._begin(seed)
        flying, square = np.ones(self._flights, bool), np.zeros(self._flights)
        for step in range(self._steps):
            command = controller.step(observation, self._aim(step, controller.preview_s))
            observation = self._env.step(command, flying)
            error = np.linalg.norm(self._env.position_w - self._points[:, step + 1, :3], axis=1)
            flying &= (error < LOST_M) & ~self._env.invalid_action  # False for NaN
            square += np.where(flying, np.square(error), LOST_M**2)
        rmse = np.sqrt(square / self._steps).reshape(self._rows, len(self._courses))
        return (rmse / [course.unit_m for course in self._courses]).mean(axis=1)

    def _aim(self, step: int, preview_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each flight's reference so far ahead of a step, (flights, 14), linear between the points of two steps."""
        ahead = preview_s / self._period_s
        whole = ahead.astype(int)
        share, flight = (ahead - whole)[:, None], np.arange(self._flights)
        here, next_one = self._points[flight, step + whole], self._points[flight, step + whole + 1]
        return here + share * (next_one - here)

    def _begin(self, seed: int) -> np.ndarray:
        env, rng = self._env, np.random.default_rng(seed)
        env.seed(seed)
        start = np.zeros((self._flights, _RIGID + env.nominal.num_rotors), np.float32)
        start[:, 3] = 1.0
        start[:, _RIGID:] = env.nominal.hover_speed
        everyone = np.arange(self._flights)
        env.begin(everyone, self._draw(self._calm, rng), start)
        other = everyone[everyone % REPEATS >= REPEATS // 2]
        return env.begin(other, self._draw(self._table, rng).take(other), start[other])

    def _draw(self, table: RandomizationTable, rng: np.random.Generator) -> Sample:
        """A draw for each flight, the same for every row of gains; every other flight has long delays."""
        flights = len(self._courses)
        drawn = sample(table, self._env.nominal, rng, flights * LATE_OF)
        latency = drawn.latency_s.reshape(flights, LATE_OF)
        late = np.arange(flights) % 2 == 1
        chosen = np.arange(flights) * LATE_OF + np.where(late, latency.argmax(axis=1), 0)
        return drawn.take(np.tile(chosen, self._rows))
