"""One training run of a body on legs by a learner with a replay: SAC or Symphony.

The rollouts that are kept lie in the run's folder beside the checkpoint: a killed run resumes to the same result.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from policies.checkpoint import flat, part
from policies.learners.legged.settings import hidden_layers
from policies.learners.off_policy.collector import Collector
from policies.learners.off_policy.models import OffPolicyLearner, StochasticActor
from policies.learners.off_policy.replay import Replay
from policies.learners.off_policy.sac import Sac
from policies.learners.off_policy.settings import (
    LearnerName,
    OffPolicySettings,
    OffPolicyTrainConfig,
    check_off_policy,
)
from policies.learners.off_policy.symphony import Symphony
from policies.learners.off_policy.transitions import transitions
from policies.learners.rollout_files import forget
from policies.learners.weights import Arrays, load_network, network_arrays
from policies.legged_evaluation import judge
from policies.legged_run import task_identity
from policies.networks.squashed_actor import SquashedActor, SquashedActorConfig
from policies.provenance import plain
from policies.segmented_run import SegmentedRun
from policies.torch_policy import TorchPolicy
from sim.envs.legged import LeggedEnv, LeggedTask
from sim.errors import ConfigError
from sim.legged.spec import ACTION_REACH, LeggedTaskSpec
from sim.legged.world import Engine


@dataclass(frozen=True)
class OffPolicyJob:
    """What to train."""

    task: LeggedTask
    learner: LearnerName
    seed: int
    config: OffPolicyTrainConfig
    threads: int = 1
    """Of the physics; results do not depend on it."""
    engine: Engine = "mujoco"
    """What steps the physics of the training."""

    @property
    def settings(self) -> OffPolicySettings:
        """Of the learner."""
        return self.config.sac if self.learner == "sac" else self.config.symphony


class OffPolicyRun(SegmentedRun):
    """Trains one policy."""

    score_names = ("score", "mean_reward")

    def __init__(self, job: OffPolicyJob, folder: Path, *, resume: bool = False) -> None:
        """Prepare a run, from random weights or from the folder's checkpoint.

        Raises:
            ConfigError: if a setting cannot be, the robot does not fit the task, or a checkpoint was made with others.
            StorageError: if there is nothing to resume, or the folder cannot be written.
        """
        check(job)
        self.job, self.config, self._options = job, job.config, job.settings
        super().__init__(job.config, job.seed, folder, _identity(job))
        torch.manual_seed(job.seed)
        self._learner = self._make_learner()
        rollout = job.config.num_envs * job.config.horizon
        self.replay = Replay(self._options.replay // rollout, self._learner.replay_weights)
        self._random = -(-self._options.first_steps // rollout)
        self.renew(job.seed)
        self.begin(resume)

    @property
    def algorithm(self) -> OffPolicyLearner:
        """What learns."""
        return self._learner

    @property
    def policy(self) -> StochasticActor:
        """The model in training."""
        return self._learner.actor

    @property
    def actor(self) -> SquashedActor:
        """The best weights so far, as a bundle holds them."""
        model = copy.deepcopy(self._learner.actor)
        load_network(model, self.best)
        return model.deployed()

    def record(self) -> dict[str, Any]:
        """Return the sizes of the actor."""
        return {"actor": plain(self._learner.actor.config)}

    def arrays(self) -> Arrays:
        """Return all of the learner beside the actor; rollouts that are kept go to files of their own."""
        if self.iteration < self.config.iterations:
            self.replay.save(self.folder)
        everything = network_arrays(self._learner)
        return flat("learner", {name: value for name, value in everything.items() if not name.startswith("actor.")})

    def restore(self, arrays: Arrays, iteration: int) -> None:
        """Put it back, the actor being there already."""
        load_network(self._learner, part("learner", arrays) | flat("actor", network_arrays(self._learner.actor)))
        if iteration < self.config.iterations:
            self.replay.load(self.folder, iteration)

    def written(self) -> None:
        """Remove rollouts that no checkpoint needs any more."""
        if self.iteration == self.config.iterations:
            forget(self.folder)
        else:
            self.replay.prune(self.folder)

    def renew(self, seed: int) -> None:
        """Begin new episodes, and random numbers of the replay."""
        job, count = self.job, self.config.num_envs
        task = job.task
        env = LeggedEnv(task, count, seed=seed, threads=job.threads, engine=job.engine, final_observations=True)
        self._rng = np.random.default_rng(seed)
        ages = self._rng.integers(task.spec.control_steps, size=count)
        groups = tuple(dict.fromkeys(("actor", self._learner.critic_group)))
        self._collector = Collector(env, groups, ages, self._options.reach / ACTION_REACH)

    def iterate(self) -> dict[str, float]:
        """Do one rollout and its updates; return what they measured."""
        c, options, learner = self.config, self._options, self._learner
        at_random = self.iteration < self._random
        rollout = self._collector.roll_out(c.horizon, self._at_random if at_random else self._explore)
        self.replay.add(transitions(rollout, options.steps, options.discount))
        learner.watch({name: torch.from_numpy(seen).flatten(0, 1) for name, seen in rollout.seen.items()})
        if at_random:
            learner.watch_random(torch.from_numpy(rollout.reward))
        updates = c.horizon * options.updates if self.iteration + 1 >= self._random else 0
        measured = [learner.learn(self.replay.draw(options.batch, self._rng)) for _ in range(updates)]
        return {
            "reward": float(rollout.reward.mean()),
            **{name: float(np.mean([each[name] for each in measured])) for name in (measured[0] if measured else ())},
            **{f"reward_{name}": value for name, value in self._collector.env.mean_rewards().items()},
            **self._collector.recent.figures(),
        }

    def judge(self, seed: int, episodes: int) -> dict[str, Any]:
        """Judge the best weights."""
        return judge(TorchPolicy(self.actor), self.job.task, episodes, seed, self.job.threads).summary()

    def _explore(self, seen: Arrays) -> npt.NDArray[np.float32]:
        with torch.no_grad():
            return self._learner.actor.explore(torch.from_numpy(seen["actor"])).numpy()

    def _at_random(self, seen: Arrays) -> npt.NDArray[np.float32]:
        shape = len(seen["actor"]), self.job.task.spec.action.size
        return self._rng.uniform(-1.0, 1.0, shape).astype(np.float32)

    def _make_learner(self) -> OffPolicyLearner:
        spec, options = self.job.task.spec, self._options
        group, size = ("critic", spec.critic_size) if options.asymmetric else ("actor", spec.observation_size)
        if self.job.learner == "sac":
            return Sac(actor_config(spec, self.config, options.reach), group, size, self.config.sac)
        config = actor_config(spec, self.config, options.reach, symphony=True)
        return Symphony(config, group, size, self.config.symphony)


def actor_config(
    spec: LeggedTaskSpec, config: OffPolicyTrainConfig, reach: float, *, symphony: bool = False
) -> SquashedActorConfig:
    """Return the sizes of the actor, whose outputs are targets around the default pose.

    Args:
        spec: of the task.
        config: of the run.
        reach: largest action, in action scales.
        symphony: whose actor it is; else SAC's.
    """
    p = spec.parameters
    most = [reach * scale for scale in p.action_scale_rad]
    return SquashedActorConfig(
        observation_size=spec.observation_size,
        action_low=tuple(angle - far for angle, far in zip(p.default_pose_rad, most)),
        action_high=tuple(angle + far for angle, far in zip(p.default_pose_rad, most)),
        hidden=hidden_layers(config.hidden, p.num_joints),
        activation="resine" if symphony else "elu",
        scaled=symphony,
    )


def check(job: OffPolicyJob) -> None:
    """Refuse a job that cannot be done.

    Raises:
        ConfigError: naming the option.
    """
    check_off_policy(job.config)
    reach = job.settings.reach
    if reach > ACTION_REACH:
        raise ConfigError(f"--config.{job.learner}.reach must be at most {ACTION_REACH:g} action scales, got {reach:g}")
    if job.task.spec.centre_term is not None:
        raise ConfigError(f"task '{job.task.spec.name}' is not learnt by {job.learner}: train it with --learner ppo")


def _identity(job: OffPolicyJob) -> dict[str, Any]:
    """Return all that determines a run, JSON-able; the other learner's settings are left out."""
    config = plain(job.config)
    del config["symphony" if job.learner == "sac" else "sac"]
    task = task_identity(job.task, job.engine)
    return {**task, "learner": job.learner, "seed": job.seed, "config": config}
