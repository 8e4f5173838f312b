"""A training run in segments: what runs on rsl-rl-lib's algorithms share, whatever the task.

Every checkpoint is followed by new episodes from a seed of their own, so that nothing of the simulations has to be kept
for a killed run to resume to the same result.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from policies.checkpoint import Checkpoint, flat, load_checkpoint, part, save_checkpoint
from policies.learners.weights import Arrays, load_network, load_optimizer, network_arrays, optimizer_arrays
from policies.option_checks import require_at_least
from policies.run_log import RunLog
from policies.training_run import CHECKPOINT, Clock, first_difference
from sim.errors import ConfigError

_SELECTION_SEED = 7_000_000
_JUDGE_SEED = 8_000_000
"""Seeds of the evaluations inside training, apart from the reported ones (``sim2metal eval``: 1000)."""


class SegmentSettings(Protocol):
    """What such a run is told of its length and its evaluations."""

    @property
    def iterations(self) -> int: ...  # noqa: D102
    @property
    def num_envs(self) -> int: ...  # noqa: D102
    @property
    def horizon(self) -> int: ...  # noqa: D102
    @property
    def checkpoint_every(self) -> int: ...  # noqa: D102
    @property
    def evaluations(self) -> int: ...  # noqa: D102
    @property
    def evaluation_episodes(self) -> int: ...  # noqa: D102
    @property
    def judge_episodes(self) -> int: ...  # noqa: D102


def check_segments(settings: SegmentSettings) -> None:
    """Refuse a length or evaluations that cannot be.

    Raises:
        ConfigError: naming the option, below ``--config``.
    """
    counts = ("iterations", "num_envs", "horizon", "checkpoint_every", "evaluations", "evaluation_episodes")
    for least, names in ((1, counts), (0, ("judge_episodes",))):
        options = {f"config.{name.replace('_', '-')}": getattr(settings, name) for name in names}
        require_at_least(least, options)


class Algorithm(Protocol):
    """One of rsl-rl-lib's."""

    optimizer: torch.optim.Optimizer
    learning_rate: float


class SegmentedRun(ABC):
    """Trains one policy; ``train`` runs to the end and may be killed and resumed at any time.

    A subclass sets up its networks and then calls ``begin``.

    Attributes:
        evaluation: of the best weights, once trained.
    """

    score_names: tuple[str, ...]
    """Figures of an evaluation by which the best weights are chosen, the first first; more is better."""
    evaluation: dict[str, Any]
    begins_trained = False
    """Whether the first weights can do something already: then they are the first candidates for the best ones."""

    def __init__(self, settings: SegmentSettings, seed: int, folder: Path, identity: Any) -> None:
        """Prepare.

        Args:
            settings: of length and evaluations.
            seed: of everything.
            folder: run folder.
            identity: all that determines the run, JSON-able.
        """
        self.settings, self.seed, self.folder, self.identity = settings, seed, folder, identity
        self.iteration = 0
        self.best_score: dict[str, float] = {}
        self.clock = Clock()

    @property
    @abstractmethod
    def algorithm(self) -> Algorithm:
        """What learns."""

    @property
    @abstractmethod
    def policy(self) -> torch.nn.Module:
        """The model in training."""

    @abstractmethod
    def renew(self, seed: int) -> None:
        """Begin new episodes; random numbers of torch are seeded already."""

    @abstractmethod
    def iterate(self) -> dict[str, float]:
        """Do one rollout and one update; return what they measured."""

    @abstractmethod
    def judge(self, seed: int, episodes: int) -> dict[str, Any]:
        """Judge the best weights: the policy without noise, over randomised episodes; JSON-able figures."""

    def rate(self, seed: int, episodes: int) -> dict[str, Any]:
        """Judge the best weights as a candidate among others; as at the end, unless a run learns more than that."""
        return self.judge(seed, episodes)

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """Return what a checkpoint says beside what every run says, JSON-able."""

    @abstractmethod
    def arrays(self) -> Arrays:
        """Return what a checkpoint holds beside policy, best weights and optimiser."""

    @abstractmethod
    def restore(self, arrays: Arrays, iteration: int) -> None:
        """Put back what ``arrays`` returned, at that iteration."""

    def written(self) -> None:
        """Tidy up after a checkpoint has been written."""
        return

    def begin(self, resume: bool) -> None:
        """Take the folder's checkpoint up, or start with the present weights; open the log.

        Raises:
            ConfigError: if the checkpoint was made with other settings.
            StorageError: if there is nothing to resume, or the folder cannot be written.
        """
        self.best = network_arrays(self.policy)
        points = self._resume() if resume else None
        self.log = RunLog(self.folder, points)

    @property
    def env_steps(self) -> int:
        """Control steps of the learner so far."""
        return self.iteration * self.settings.num_envs * self.settings.horizon

    def train(self, progress: Callable[[int, dict[str, float]], None]) -> None:
        """Run to the last iteration.

        Args:
            progress: called after each iteration with its number and what it measured.

        Raises:
            ConfigError: if the policy's weights are no numbers any more; the last checkpoint is intact.
            StorageError: if the disk is full; the last checkpoint is intact.
        """
        c = self.settings
        evaluate_at = set(np.linspace(c.iterations, c.iterations / 2, c.evaluations).astype(int).tolist())
        self.clock.start()
        if self.begins_trained and self.iteration == 0:
            self._select()
        while self.iteration < c.iterations:
            if self.iteration % c.checkpoint_every == 0:
                self._begin_segment(self.iteration // c.checkpoint_every)
            values = self._advance()
            self.iteration += 1
            if self.iteration in evaluate_at:
                values |= self._select()
            self.clock.read()
            self.log.add(self.iteration, {"wall_s": self.clock.wall_s, **values})
            progress(self.iteration, values)
            if self.iteration % c.checkpoint_every == 0 or self.iteration == c.iterations:
                self.save()
        self.evaluation = self._judge(_JUDGE_SEED + self.seed, c.judge_episodes)
        self.clock.read()

    def save(self) -> None:
        """Write curve and checkpoint.

        Raises:
            StorageError: if the disk is full; the previous files are intact.
        """
        self.log.flush()
        record = {
            "identity": self.identity,
            **self.record(),
            "iteration": self.iteration,
            "points": self.log.points,
            "best_score": self.best_score,
            "wall_s": self.clock.wall_s,
            "cpu_s": self.clock.cpu_s,
        }
        arrays = {**flat("model", network_arrays(self.policy)), **flat("best", self.best)}
        arrays |= flat("optimizer", optimizer_arrays(self.algorithm.optimizer)) | self.arrays()
        save_checkpoint(self.folder / CHECKPOINT, Checkpoint(arrays, record))
        self.written()

    def _advance(self) -> dict[str, float]:
        """Do one iteration, and say at once where it left no policy: a day later no bundle could be made of it."""
        try:
            values = self.iterate()
        except (RuntimeError, ValueError):
            self._require_numbers()  # (torch speaks of a distribution where weights are no numbers)
            raise
        self._require_numbers()
        return values

    def _require_numbers(self) -> None:
        if not all(bool(torch.isfinite(weights).all()) for weights in self.policy.parameters()):
            raise ConfigError(
                f"the training diverged in iteration {self.iteration + 1}: weights are no numbers any more; begin again"
                " with a lower learning rate (learning-rate, below --config)"
            )

    def _begin_segment(self, segment: int) -> None:
        """Begin new episodes and random numbers that depend on the seed and the number of the segment alone."""
        seed = int(np.random.SeedSequence([self.seed, segment]).generate_state(1)[0])
        torch.manual_seed(seed)
        self.renew(seed)

    def _resume(self) -> list[dict[str, Any]]:
        checkpoint = load_checkpoint(self.folder / CHECKPOINT)
        record, arrays = checkpoint.record, checkpoint.arrays
        if record["identity"] != self.identity:
            name = first_difference(record["identity"], self.identity)
            raise ConfigError(
                f"{self.folder / CHECKPOINT} was made with another {name}: give the same settings as before"
                " (config.json) or train without --resume"
            )
        load_network(self.policy, part("model", arrays))
        self.algorithm.learning_rate = load_optimizer(self.algorithm.optimizer, part("optimizer", arrays))
        self.iteration, self.best, self.best_score = record["iteration"], part("best", arrays), record["best_score"]
        self.restore(arrays, self.iteration)
        self.clock.wall_s, self.clock.cpu_s = record["wall_s"], record["cpu_s"]
        return record["points"]

    def _select(self) -> dict[str, float]:
        """Judge the present weights; keep them if they are the best so far."""
        before, self.best = self.best, network_arrays(self.policy)
        found = self.rate(_SELECTION_SEED + self.seed, self.settings.evaluation_episodes)
        score = {name: found[name] for name in self.score_names}
        if self.best_score and tuple(score.values()) <= tuple(self.best_score[name] for name in self.score_names):
            self.best = before
        else:
            self.best_score = {"iteration": float(self.iteration), **score}
        return score

    def _judge(self, seed: int, episodes: int) -> dict[str, Any]:
        return self.judge(seed, episodes) if episodes else {}
