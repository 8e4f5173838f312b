"""One training run: learner, evaluation, best weights, checkpoints and clocks, resumable to the bit."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch

from policies import networks
from policies.build import identified_robot
from policies.checkpoint import Checkpoint, flat, load_checkpoint, part, save_checkpoint
from policies.evaluator import Evaluator
from policies.learners.analytic import AnalyticConfig, AnalyticLearner, unflatten
from policies.learners.drones import Drones, StartConfig
from policies.learners.kernel_evaluation import KernelEvaluation, Score
from policies.networks.flight_features import FEATURE_SCALE, MEMORY_FEATURES, FlightFeatures
from policies.option_checks import require_at_least
from policies.provenance import plain
from policies.run_log import RunLog
from policies.torch_policy import TorchPolicy
from policies.warm_start import load_start
from sim.envs.task import FlightTask
from sim.errors import ConfigError
from sim.flight.levels import exact_fractions, level_of
from sim.spec import preview_s

CHECKPOINT = "checkpoint.npz"
_SELECTION_SEED = 7_000_000
_JUDGE_SEED = 8_000_000
"""Seeds of the evaluations inside training, apart from the reported ones (``sim2metal eval``: 1000)."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything that determines a run, besides task, airframe and seed."""

    hidden: tuple[int, int] = (64, 64)
    """Sizes of the actor's hidden layers; of a recurrent one, its dense layer and its state."""
    history: bool = True
    """The actor uses its memory; without, it acts on the present observation alone."""
    integral_leak_s: float = 10.0
    """Time in which the memory forgets the integrated position error, s: longer leaves less steady error."""
    observer_s: float = 0.0
    """Time constant of an observer of noise and disturbance in the memory, s; 0: none."""
    learner: AnalyticConfig = field(default_factory=AnalyticConfig)
    start: StartConfig = field(default_factory=StartConfig)
    evaluate_from: float = 0.6
    """Share of the iterations after which candidates are evaluated."""
    evaluations: int = 5
    """Candidates, evenly spaced up to the last iteration."""
    evaluation_episodes: int = 512
    """Episodes in the flight kernel that choose among the candidates."""
    judge_episodes: int = 200
    """Episodes in MuJoCo that judge the chosen one; 0 for none."""
    checkpoint_every: int = 200
    """Iterations between two checkpoints."""


@dataclass
class Clock:
    """Training time, continued over resumes; evaluation and checkpoints are inside."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def start(self) -> None:
        """Begin to count."""
        self._wall, self._cpu = time.perf_counter() - self.wall_s, time.process_time() - self.cpu_s

    def read(self) -> None:
        """Bring both figures up to now."""
        self.wall_s, self.cpu_s = time.perf_counter() - self._wall, time.process_time() - self._cpu


class TrainingRun:
    """Trains one policy; ``train`` runs to the end and may be killed and resumed at any time."""

    def __init__(
        self,
        task: FlightTask,
        config: TrainConfig,
        seed: int,
        folder: Path,
        *,
        resume: bool = False,
        start_from: Path | None = None,
    ) -> None:
        """Prepare a run, from random weights, a bundle's or the folder's checkpoint.

        Raises:
            BundleError: if the bundle to start from cannot be read.
            ConfigError: if a setting cannot be, the bundle does not fit the task, or a checkpoint was made with other
                settings.
            StorageError: if there is nothing to resume or the folder cannot be written.
        """
        config = for_task(config, task)
        check(config)
        self.task, self.config, self.seed, self.folder = task, config, seed, folder
        self.identity = plain({
            "task": task.TASK.name, "robot": task.TASK.robot, "airframe": nominal(task).name, "seed": seed,
            "config": config, **identified_robot(task),  # type: ignore[arg-type]
        })  # fmt: skip
        torch.manual_seed(seed)
        rng = np.random.default_rng([seed, 0])
        self.actor = new_actor(task, config)
        if start_from is not None:
            self.identity["start_from"] = load_start(start_from, task, self.actor).id
        drones = Drones(task, task.TRAINING_TABLE, nominal(task), config.learner.num_envs, config.start, rng)
        self.learner = AnalyticLearner(self.actor, drones, config.learner, rng)
        self.selection = KernelEvaluation(
            task, task.EVALUATION_TABLE, nominal(task), config.evaluation_episodes, self.actor,
            np.random.default_rng([seed, _SELECTION_SEED]),
        )  # fmt: skip
        self.judge = None
        if config.judge_episodes:
            self.judge = Evaluator(task, config.judge_episodes, _JUDGE_SEED + seed, parameter_set=nominal(task).name)
        self.best = self.learner.averaged.copy()
        self.best_score: dict[str, float] = {}
        self.clock = Clock()
        points = self._resume() if resume else None
        self.log = RunLog(folder, points)
        first = round(config.evaluate_from * config.learner.iterations)
        self.evaluate_at = set(np.linspace(first, config.learner.iterations, config.evaluations).astype(int).tolist())

    @property
    def env_steps(self) -> int:
        """Control steps flown by the learner so far."""
        return self.learner.iteration * self.config.learner.num_envs * self.config.learner.window

    def train(self, progress: Callable[[int, dict[str, float]], None]) -> None:
        """Run to the last iteration, leaving the best weights in ``actor``.

        Args:
            progress: called after each iteration with its number and what it measured.
        """
        c = self.config
        self.clock.start()
        while self.learner.iteration < c.learner.iterations:
            values = self.learner.iterate()
            done = self.learner.iteration
            if done in self.evaluate_at:
                values |= self._evaluate()
            if done % 10 == 0 or done in self.evaluate_at:
                self.clock.read()
                self.log.add(done, {"wall_s": self.clock.wall_s, **values})
            progress(done, values)
            if done % c.checkpoint_every == 0 or done == c.learner.iterations:
                self.save()
        unflatten(self.best, self.actor)
        self.evaluation = self._judge()
        self.clock.read()

    def save(self) -> None:
        """Write curve and checkpoint.

        Raises:
            StorageError: if the disk is full; the previous files are intact.
        """
        self.clock.read()
        self.log.flush()
        record = {
            "identity": self.identity,
            "random": self.learner.drones.rng.bit_generator.state,
            "points": self.log.points,
            "best_score": self.best_score,
            "wall_s": self.clock.wall_s,
            "cpu_s": self.clock.cpu_s,
        }
        arrays = {**flat("learner", self.learner.state()), "best": self.best}
        save_checkpoint(self.folder / CHECKPOINT, Checkpoint(arrays, record))

    def _resume(self) -> list[dict[str, Any]]:
        checkpoint = load_checkpoint(self.folder / CHECKPOINT)
        record = checkpoint.record
        if record["identity"] != self.identity:
            name = first_difference(record["identity"], self.identity)
            raise ConfigError(
                f"{self.folder / CHECKPOINT} was made with another {name}: give the same settings as before"
                " (config.json) or train without --resume"
            )
        self.learner.load(part("learner", checkpoint.arrays))
        self.learner.drones.rng.bit_generator.state = record["random"]
        self.best, self.best_score = checkpoint.arrays["best"], record["best_score"]
        self.clock.wall_s, self.clock.cpu_s = record["wall_s"], record["cpu_s"]
        return record["points"]

    def _evaluate(self) -> dict[str, float]:
        """Judge the averaged weights in the flight kernel; keep them if they are the best so far."""
        learner = self.learner
        score: Score = self.selection.score(learner.averaged, learner.constants, learner.weights)
        values = {
            "success_rate": score.success_rate,
            "median_steady_error_m": score.median_steady_error_m,
            "mean_steady_error_m": score.mean_steady_error_m,
        }
        if not self.best_score or values["mean_steady_error_m"] < self.best_score["mean_steady_error_m"]:
            self.best, self.best_score = learner.averaged.copy(), {"iteration": float(learner.iteration), **values}
        return values

    def _judge(self) -> dict[str, Any]:
        """Fly the best weights in MuJoCo."""
        return {} if self.judge is None else self.judge(TorchPolicy(self.actor)).summary()


def warm_up(task: FlightTask, config: TrainConfig) -> float:
    """Compile (or load from the cache) everything a run calls; return the seconds it took.

    Raises:
        ConfigError: for a setting that cannot be.
    """
    config = for_task(config, task)
    check(config)
    begin = time.perf_counter()
    learner = dataclasses.replace(
        config.learner, iterations=2, num_envs=8, window=8, critic_steps=1, critic_from=1, episode_windows=1
    )
    rng = np.random.default_rng(0)
    actor = new_actor(task, config)
    drones = Drones(task, task.TRAINING_TABLE, nominal(task), 8, dataclasses.replace(config.start, pool=8), rng)
    trial = AnalyticLearner(actor, drones, learner, rng)
    for _ in range(2):
        trial.iterate()
    evaluation = KernelEvaluation(task, task.EVALUATION_TABLE, nominal(task), 4, actor, rng)
    evaluation.score(trial.averaged, trial.constants, trial.weights)
    if config.judge_episodes:
        Evaluator(task, 2, 0, parameter_set=nominal(task).name)(TorchPolicy(actor))
    return time.perf_counter() - begin


def with_airframe(task: FlightTask, parameter_set: str | None) -> FlightTask:
    """Return the task around another named parameter set: its hover command is then the nominal action.

    Raises:
        ConfigError: for an unknown set.
    """
    chosen = task.ROBOT.parameters(parameter_set)
    if chosen == nominal(task):
        return task
    hover = level_of(task.TASK).hover_action(chosen)
    spec = dataclasses.replace(task.TASK, action=dataclasses.replace(task.TASK.action, nominal=hover))
    return cast(FlightTask, SimpleNamespace(**{**vars(task), "NOMINAL": chosen, "TASK": spec}))


def for_task(config: TrainConfig, task: FlightTask) -> TrainConfig:
    """Return the configuration with what it leaves to the task filled in.

    A setting at its default takes the value of the task's ``TRAINING_SETTINGS``, whose keys are paths
    like ``learner.iterations``.

    Raises:
        ConfigError: if the task names a setting that does not exist.
    """
    for path, value in getattr(task, "TRAINING_SETTINGS", {}).items():
        config = _with_setting(config, TrainConfig(), path.split("."), value)
    learner = dataclasses.replace(config.learner, cost=config.learner.cost.for_task(task))
    return dataclasses.replace(config, learner=learner)


def _with_setting(config: Any, standard: Any, path: list[str], value: Any) -> Any:
    """Return ``config`` with the task's ``value`` at ``path``, unless the user changed it from the ``standard``."""
    name, *rest = path
    if not hasattr(standard, name):
        raise ConfigError(f"a task sets '{name}', which {type(standard).__name__} does not have")
    mine, usual = getattr(config, name), getattr(standard, name)
    chosen = _with_setting(mine, usual, rest, value) if rest else (value if mine == usual else mine)
    return dataclasses.replace(config, **{name: chosen})


def new_actor(task: FlightTask, config: TrainConfig) -> FlightFeatures:
    """Return an untrained actor in the task's units and at its clock, from torch's random numbers.

    It is of the kind that the task names in ``NETWORK``; default: without recurrence.
    """
    action = task.TASK.action
    settings = {
        "kind": getattr(task, "NETWORK", "memory_mlp"),
        "hover": tuple(float(value) for value in exact_fractions(action.nominal, action)),
        "command_low": action.low,
        "command_high": action.high,
        "hidden": config.hidden,
        "control_period_s": task.TASK.timing.control_period_s,
        "preview_s": preview_s(task.TASK.actor_terms),
        "integral_leak_s": config.integral_leak_s,
        "observer_s": config.observer_s,
    }
    if not config.history:
        settings["feature_scale"] = FEATURE_SCALE | dict.fromkeys(MEMORY_FEATURES, 0.0)
    return cast(FlightFeatures, networks.build(settings))


def nominal(task: FlightTask) -> Any:
    """Return the airframe a task module randomises around."""
    return task.NOMINAL  # pyright: ignore[reportAttributeAccessIssue]


def check(config: TrainConfig) -> None:
    """Refuse settings that cannot be.

    Raises:
        ConfigError: naming the setting.
    """
    learner = config.learner
    if not config.integral_leak_s > 0.0:
        raise ConfigError(f"--integral-leak-s must be positive, got {config.integral_leak_s}")
    if not 0.0 <= config.observer_s < math.inf:
        raise ConfigError(f"--observer-s must be 0 or more, got {config.observer_s}")
    positive = {
        "learner.iterations": learner.iterations, "learner.num-envs": learner.num_envs,
        "learner.window": learner.window, "learner.episode-windows": learner.episode_windows,
        "evaluation-episodes": config.evaluation_episodes, "evaluations": config.evaluations,
        "learner.critic-steps": learner.critic_steps, "learner.critic-batch": learner.critic_batch,
        "checkpoint-every": config.checkpoint_every, "start.pool": config.start.pool,
        "hidden": min(config.hidden),
    }  # fmt: skip
    require_at_least(1, positive)
    if not 0.0 < learner.discount < 1.0:
        raise ConfigError(f"--learner.discount must be between 0 and 1, got {learner.discount}")


def first_difference(before: Any, now: Any, name: str = "setting") -> str:
    """Return the path of the first value that differs between two records, with both values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(set(before) | set(now)):
            if before.get(key) != now.get(key):
                return first_difference(before.get(key), now.get(key), key if name == "setting" else f"{name}.{key}")
    return f"{name} ({before}, now {now})"
