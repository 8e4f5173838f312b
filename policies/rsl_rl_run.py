"""What runs of bodies on legs by rsl-rl-lib's own algorithms share: rollouts, the actor that learns, its judgement."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from rsl_rl.algorithms import PPO, Distillation
from torch import nn

from policies.checkpoint import flat, part
from policies.learners.contact.touch_model import TouchModel, deployed
from policies.learners.rollouts import Rollouts
from policies.learners.weights import Arrays, load_network
from policies.legged_evaluation import judge
from policies.networks.touch_actor import TouchActor, TouchActorConfig
from policies.provenance import plain
from policies.segmented_run import SegmentedRun, SegmentSettings
from policies.torch_policy import TorchPolicy
from sim.envs.legged import LeggedEnv, LeggedTask
from sim.legged.motion import motion_of
from sim.legged.progress import TrackingProgress, TrackingSettings
from sim.legged.spec import ACTION_REACH
from sim.legged.world import Engine

_GROUPS = ("actor", "critic")
_FIRST_OUTPUT = 0.01
"""Of an untrained actor, over that of torch's usual weights."""


class RslRlJob(Protocol):
    """What to train."""

    @property
    def task(self) -> LeggedTask: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def config(self) -> SegmentSettings: ...  # noqa: D102
    @property
    def threads(self) -> int: ...  # noqa: D102
    @property
    def engine(self) -> Engine: ...  # noqa: D102


class RslRlRun(SegmentedRun):
    """Trains one policy; a subclass makes the algorithm and calls ``begin``."""

    score_names = ("score", "mean_reward")

    def __init__(
        self, job: RslRlJob, actor_config: TouchActorConfig, tracking: TrackingSettings, folder: Path, identity: Any
    ) -> None:
        """Prepare.

        Args:
            job: what to train.
            actor_config: sizes of the actor.
            tracking: how a motion is learnt, where there is one.
            folder: run folder.
            identity: all that determines the run, JSON-able.

        Raises:
            ConfigError: if the robot does not fit the task.
        """
        super().__init__(job.config, job.seed, folder, identity)
        self._job: RslRlJob = job
        self.actor_config = actor_config
        torch.manual_seed(job.seed)
        followed = motion_of(job.task.spec) is not None
        self._progress = TrackingProgress(job.task.spec, tracking) if followed else None
        self.rollouts = self._new_rollouts(job.seed)

    @property
    def algorithm(self) -> PPO | Distillation:
        """What learns."""
        raise NotImplementedError

    @property
    def actor(self) -> TouchActor:
        """The best weights so far, as a bundle holds them."""
        model = self._model(self.actor_config, self.rollouts.num_actions)
        load_network(model, {name: value for name, value in self.best.items() if not name.startswith("distribution.")})
        return scaled(deployed(model), 1.0 / ACTION_REACH)

    def record(self) -> dict[str, Any]:
        """Return the sizes of the actor."""
        return {"actor": plain(self.actor_config)}

    def arrays(self) -> Arrays:
        """Return the progress with a motion."""
        return flat("tracking", {} if self._progress is None else self._progress.arrays())

    def restore(self, arrays: Arrays, iteration: int) -> None:
        """Put it back."""
        if self._progress is not None:
            self._progress.restore(part("tracking", arrays))

    def renew(self, seed: int) -> None:
        """Begin new episodes."""
        self.rollouts = self._new_rollouts(seed)

    def iterate(self) -> dict[str, float]:
        """Do one rollout and one update; return what they measured."""
        rewards, algorithm, rollouts = [], self.algorithm, self.rollouts
        with torch.no_grad():
            obs = rollouts.get_observations()
            for _ in range(self.settings.horizon):
                obs, reward, done, extras = rollouts.step(algorithm.act(obs))
                algorithm.process_env_step(obs, reward, done, extras)
                rewards.append(float(reward.mean()))
            algorithm.compute_returns(obs)
        losses = algorithm.update()
        return {
            "reward": float(np.mean(rewards)),
            **{f"loss_{name}": value for name, value in losses.items()},
            "learning_rate": algorithm.learning_rate,
            **{f"reward_{name}": value for name, value in self._env.mean_rewards().items()},
            **({} if self._progress is None else self._progress.figures()),
            **rollouts.recent.figures(),
        }

    def judge(self, seed: int, episodes: int) -> dict[str, Any]:
        """Judge the best weights."""
        return judge(TorchPolicy(self.actor), self._job.task, episodes, seed, self._job.threads).summary()

    def _new_rollouts(self, seed: int) -> Rollouts:
        job, count = self._job, self.settings.num_envs
        task = job.task
        self._env = LeggedEnv(task, count, seed=seed, threads=job.threads, engine=job.engine, progress=self._progress)
        ages = np.random.default_rng(seed).integers(task.spec.control_steps, size=count)
        return Rollouts(self._env, _GROUPS, task.spec.action.size, ages, reach=ACTION_REACH)

    def _new_actor(self, std: float) -> TouchModel:
        """Return an untrained actor; ``std`` of the noise, in action scales."""
        actor = self._model(self.actor_config, self.rollouts.num_actions, std)
        last = actor.mlp[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():  # it begins with the default pose, which is its own image: symmetry has nothing to mend
            last.weight.mul_(_FIRST_OUTPUT)
            last.bias.zero_()
        return actor

    def _model(
        self, config: TouchActorConfig, outputs: int, std: float | None = None, group: str = "actor"
    ) -> TouchModel:
        return TouchModel(self.rollouts.get_observations(), group, config, outputs, std)


def scaled(actor: TouchActor, factor: float) -> TouchActor:
    """Return the actor with its outputs multiplied, in place.

    A bundle's are over their reach; in training they are in action scales, a size fit for Adam.
    """
    last = actor.dense[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(factor)
        last.bias.mul_(factor)
    return actor
