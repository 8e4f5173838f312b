"""Judge a policy in the flight kernel: 5-second episodes of the evaluation table, in a fraction of a second.

Used during training to choose the best checkpoint, on seeds apart from the reported ones. The
figures a policy is known by come from MuJoCo (policies/evaluate.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.learners.drones import build_pool
from policies.learners.following import Following
from policies.learners.memory_kernel import NOISE_SIZE
from policies.learners.window import DELAY_TAPS, Window
from policies.networks.flight_features import FlightFeatures
from sim.envs.observation import noise_std
from sim.envs.task import FlightTask, draw_references, draw_starts
from sim.flight.levels import fractions, level_of
from sim.randomization import RandomizationTable, sample
from sim.spec import MultirotorParameters, preview_s


@dataclass(frozen=True)
class Score:
    """Outcome of an evaluation."""

    success_rate: float
    median_steady_error_m: float
    mean_steady_error_m: float
    """Mean over episodes of the steady error, each counted as at most 1 m."""
    max_distance_m: NDArray[np.float32]
    steady_max_m: NDArray[np.float32]


class KernelEvaluation:
    """A fixed set of airframes, starts and noise; ``score`` flies them all with one policy."""

    def __init__(
        self,
        task_module: FlightTask,
        table: RandomizationTable,
        nominal: MultirotorParameters,
        episodes: int,
        actor: FlightFeatures,
        rng: np.random.Generator,
    ) -> None:
        """Draw the episodes; the ``actor`` gives sizes, whose weights fly is said in ``score``."""
        self.task = task_module.TASK
        drawn = sample(table, nominal, rng, episodes)
        pool = build_pool(drawn, nominal, self.task)
        level = level_of(self.task)
        self.plant, self.delay, self.trim, self._late_s = level.plant(pool.packed), pool.delay, pool.trim, pool.late_s
        self.start = draw_starts(task_module, rng, drawn.flight)
        level.begin(self.start, nominal)
        self.window = Window(actor, episodes, 50, self.start.shape[1])
        self._curves = None
        if preview_s(self.task.actor_terms):
            self._curves = draw_references(task_module, rng, episodes)
        self.noise = (
            rng.standard_normal(self.window.noise.shape, dtype=np.float32)
            * noise_std(self.task.actor_terms, table)[:NOISE_SIZE]
        )
        self.hover = fractions(level.hover_action(nominal), self.task.action)

    def score(self, parameters: NDArray[np.float32], constants: tuple, weights: tuple) -> Score:
        """Fly every episode; deterministic."""
        window, success = self.window, self.task.success
        window.state[0] = self.start
        window.command[: DELAY_TAPS - 1] = self.hover
        window.fresh[:] = True
        window.noise[:] = self.noise
        following = self._follow()
        distances = []
        for block in range(self.task.control_steps // window.steps):
            if block:
                window.carry_over()
                window.noise[:] = np.roll(self.noise, block, axis=1)
            if following is not None:
                following.write(window, self._late_s, np.zeros((window.num_envs, 3), np.float32))
                following.advance(window.steps)
            window.fly(parameters, constants, self, weights)
            distances.append(np.sqrt(np.square(window.state[1:, :, :3] - window.target[1:, :, :3]).sum(axis=2)))
        distance = np.nan_to_num(np.concatenate(distances), nan=np.inf)
        steady = distance[-round(success.steady_window_s / self.task.timing.control_period_s) :]
        largest, steady_max = distance.max(axis=0), steady.max(axis=0)
        good = (largest <= success.max_distance_m) & (steady_max <= success.steady_distance_m)
        error = steady.mean(axis=0)
        return Score(
            float(good.mean()), float(np.median(error)), float(np.minimum(error, 1.0).mean()), largest, steady_max
        )

    def _follow(self) -> Following | None:
        """Return every episode's reference at its beginning, if the task has any."""
        if self._curves is None:
            return None
        spec = self.task
        return Following(
            self._curves,
            self.window.num_envs,
            preview_s(spec.actor_terms),
            spec.timing.control_period_s,
            spec.episode_s,
        )
