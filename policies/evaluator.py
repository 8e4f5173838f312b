"""Judge policies in MuJoCo over randomised episodes, always the same ones for the same seed."""

from __future__ import annotations

import numpy as np

from policies.evaluation import Evaluation
from policies.flight_records import CommandChange, Recovery
from policies.policy import Policy
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import FlightTask, draw_references, draw_starts
from sim.errors import ConfigError
from sim.randomization import RandomizationTable, sample, without_disturbances
from sim.spec import SuccessCriterion, preview_s

MINIMUM_THRUST_TO_WEIGHT = 1.15
"""Draws below it cannot hover with any authority left for control: counted and left out."""


class Evaluator:
    """A fixed set of episodes that policies are flown through, one after another.

    Airframes, starts and noise depend on ``seed`` only, not on the policy, the number of
    threads or whether disturbances are on: figures are comparable episode by episode.
    """

    def __init__(
        self,
        task: FlightTask,
        episodes: int = 1000,
        seed: int = 1000,
        *,
        disturbances: bool = True,
        parameter_set: str | None = None,
        table: RandomizationTable | None = None,
        threads: int | None = None,
    ) -> None:
        """Draw the episodes and build their simulations.

        Args:
            task: task module, e.g. ``load_flight_task("hover")``.
            episodes: number of draws.
            seed: of everything random.
            disturbances: keep the table's constant force and torque.
            parameter_set: nominal airframe; default: the robot's default set.
            table: default: the task's evaluation table.
            threads: MuJoCo's thread pool; ``None`` for one per CPU.

        Raises:
            ConfigError: for no episodes, an unknown parameter set, or when no draw can hover.
        """
        if episodes < 1:
            raise ConfigError(f"an evaluation needs at least 1 episode, got {episodes}")
        table = task.EVALUATION_TABLE if table is None else table
        self.table = table if disturbances else without_disturbances(table)
        self.task, self.seed = task, seed
        nominal = task.ROBOT.parameters(parameter_set)
        self.parameter_set = nominal.name
        rng = np.random.default_rng(seed)
        drawn = sample(self.table, nominal, rng, episodes)
        start = draw_starts(task, rng, drawn.flight)
        can_hover = drawn.thrust_to_weight >= MINIMUM_THRUST_TO_WEIGHT
        if not can_hover.any():
            raise ConfigError(f"no draw of table '{table.name}' can hover with parameter set '{nominal.name}'")
        self.left_out = int(episodes - can_hover.sum())
        self.sample, self._start = drawn.take(can_hover), start[can_hover]
        self._curves = None
        if preview_s(task.TASK.actor_terms):
            self._curves = draw_references(task, rng, len(self._start))
        self.env = MultirotorEnv(
            task, len(self._start), parameter_set=nominal.name, table=self.table, seed=seed, threads=threads
        )

    def __call__(self, policy: Policy) -> Evaluation:
        """Fly every episode with a policy; see ``Evaluation``."""
        env, n = self.env, len(self._start)
        env.seed(self.seed)
        if self._curves is not None:
            env.references.follow(self._curves, self.task.TASK.episode_s)
        observation = env.begin(np.arange(n), self.sample, self._start)
        memory = np.zeros((n, policy.state_size), np.float32)
        first = np.ones(n, bool)
        record = _FlightRecord(self.task, self._start)
        for _ in range(self.task.TASK.control_steps):
            action, memory = policy.step(observation, memory, first)
            first = np.zeros(n, bool)
            observation = env.step(action, None if record.flying.all() else record.flying)
            record.add(env)
            if not record.flying.any():
                break
        return record.evaluation(self)

    @property
    def draws(self) -> dict[str, np.ndarray]:
        """Raw draws of the episodes flown, (episodes, size) each."""
        return self.sample.draws


class _FlightRecord:
    """Follows the success criterion through the control steps of all episodes."""

    def __init__(self, task: FlightTask, start: np.ndarray) -> None:
        spec, n = task.TASK, len(start)
        self._criterion: SuccessCriterion = spec.success
        self._period_s = spec.timing.control_period_s
        self._steps = spec.control_steps
        self._window = round(spec.success.steady_window_s / self._period_s)
        self._step = 0
        self.flying = np.ones(n, bool)
        self._in_box = np.ones(n, bool)
        self._invalid = np.zeros(n, bool)
        self._survived = np.zeros(n)
        self._steady_sum = np.zeros(n)
        self._steady_worst = np.zeros(n)
        self._change = CommandChange(spec.action, n)
        self._steady_change = CommandChange(spec.action, n)
        self._recovery = None if spec.success.recovery is None else Recovery(spec.success.recovery, start[:, 2])

    def add(self, env: MultirotorEnv) -> None:
        """Take in one control step; a flight that failed stays ended."""
        self._step += 1
        error_w, invalid_action = env.tracking_error_w, env.invalid_action
        distance = np.linalg.norm(error_w, axis=1)
        self._invalid |= self.flying & invalid_action
        self.flying &= ~invalid_action & (distance <= self._criterion.max_distance_m)  # False for NaN
        self._in_box &= self.flying & (np.abs(error_w) <= self._criterion.box_m).all(axis=1)
        self._survived += self.flying
        steady = self._step > self._steps - self._window
        self._change.add(env.applied_action, self.flying)
        self._steady_change.add(env.applied_action, self.flying & steady)
        if self._recovery is not None:
            self._recovery.add(self._step * self._period_s, env.state)
        if steady:
            self._steady_sum += distance
            np.maximum(self._steady_worst, distance, out=self._steady_worst)

    def evaluation(self, evaluator: Evaluator) -> Evaluation:
        """Return the figures after the last step."""
        steady = np.where(self.flying, self._steady_sum / self._window, np.inf)
        success = self.flying & (self._steady_worst <= self._criterion.steady_distance_m)
        recovery = self._recovery
        if recovery is not None:
            success &= recovery.in_time
        return Evaluation(
            table=evaluator.table,
            parameter_set=evaluator.parameter_set,
            seed=evaluator.seed,
            left_out=evaluator.left_out,
            success=success,
            in_box=self._in_box.copy(),
            steady_error_m=steady,
            survival_s=self._survived * self._period_s,
            invalid_action=self._invalid.copy(),
            command_change_rms=self._change.rms(),
            steady_command_change_rms=self._steady_change.rms(),
            recovered_s=None if recovery is None else np.where(self.flying, recovery.recovered_s, np.inf),
            height_lost_m=None if recovery is None else recovery.height_lost_m.copy(),
            draws=evaluator.draws,
        )


def evaluate(
    policy: Policy,
    task: FlightTask,
    episodes: int = 1000,
    seed: int = 1000,
    *,
    disturbances: bool = True,
    parameter_set: str | None = None,
    table: RandomizationTable | None = None,
    threads: int | None = None,
) -> Evaluation:
    """Judge one policy once; arguments as for ``Evaluator``."""
    evaluator = Evaluator(
        task, episodes, seed, disturbances=disturbances, parameter_set=parameter_set, table=table, threads=threads
    )
    return evaluator(policy)
