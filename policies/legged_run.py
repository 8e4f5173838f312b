"""One training run of a body on legs: PPO with a critic that knows what only a simulator does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from rsl_rl.algorithms import PPO
from rsl_rl.storage import RolloutStorage
from torch import nn

from policies.bundle import Bundle
from policies.checkpoint import flat, part
from policies.export_onnx import rebuild_torch
from policies.learners.contact.touch_model import TouchModel, deployed, take_over
from policies.learners.legged.multi_critic import GroupStorage, MultiCriticPpo
from policies.learners.legged.settings import LeggedTrainConfig, hidden_layers
from policies.learners.legged.symmetry import SymmetryAugmentation
from policies.learners.ppo import check_ppo, ppo_arguments
from policies.learners.rollouts import Rollouts
from policies.learners.weights import Arrays, load_network, network_arrays
from policies.legged_clip import clip_record
from policies.legged_evaluation import judge
from policies.networks.touch_actor import TouchActor, TouchActorConfig
from policies.option_checks import require_at_least
from policies.provenance import identified_record, plain, robot_info
from policies.segmented_run import SegmentedRun, check_segments
from policies.torch_policy import TorchPolicy
from policies.warm_start import matching_bundle
from sim.envs.legged import LeggedEnv, LeggedTask
from sim.errors import ConfigError
from sim.legged.asked import Command
from sim.legged.motion import MotionCommand, motion_of
from sim.legged.progress import TrackingProgress
from sim.legged.spec import ACTION_REACH, LeggedTaskSpec
from sim.legged.terms import term_slice
from sim.legged.world import Engine
from sim.registry import load_robot

_GROUPS = ("actor", "critic")
_FIRST_OUTPUT = 0.01
"""Of an untrained actor, over that of torch's usual weights."""


@dataclass(frozen=True)
class LeggedJob:
    """What to train."""

    task: LeggedTask
    seed: int
    config: LeggedTrainConfig
    threads: int = 1
    """Of the physics; results do not depend on it."""
    engine: Engine = "mujoco"
    """What steps the physics of the training."""


class LeggedRun(SegmentedRun):
    """Trains one policy."""

    score_names = ("score", "mean_reward")

    def __init__(self, job: LeggedJob, folder: Path, *, resume: bool = False, start_from: Path | None = None) -> None:
        """Prepare a run, from random weights, a bundle's or the folder's checkpoint.

        Raises:
            BundleError: if the bundle to start from cannot be read.
            ConfigError: if a setting cannot be, the robot or the bundle does not fit the task, or a checkpoint was made
                with other settings.
            StorageError: if there is nothing to resume, or the folder cannot be written.
        """
        check(job)
        self.job, self.config = job, job.config
        start = None
        if start_from is not None:
            start = matching_bundle(start_from, job.task.spec, _network(job.task.spec, job.config))
        super().__init__(job.config, job.seed, folder, _identity(job, start))
        torch.manual_seed(job.seed)
        followed = motion_of(job.task.spec) is not None
        self._progress = TrackingProgress(job.task.spec, job.config.tracking) if followed else None
        self.rollouts = self._new_rollouts(job.seed)
        self._ppo = self._make_ppo()
        self._schedule, self._critic_first = self._ppo.schedule, 0
        if start is not None:
            take_over(self.policy, _scaled(cast(TouchActor, rebuild_torch(start)), ACTION_REACH))
            self.begins_trained, self._critic_first = True, job.config.ppo.critic_first
        self.begin(resume)

    @property
    def algorithm(self) -> PPO:
        """What learns."""
        return self._ppo

    @property
    def policy(self) -> TouchModel:
        """The model in training."""
        return self._ppo.actor  # type: ignore[return-value]

    @property
    def actor(self) -> TouchActor:
        """The best weights so far, as a bundle holds them."""
        model = TouchModel(self.rollouts.get_observations(), "actor", self.actor_config, self.rollouts.num_actions)
        load_network(model, {name: value for name, value in self.best.items() if not name.startswith("distribution.")})
        return _scaled(deployed(model), 1.0 / ACTION_REACH)

    def record(self) -> dict[str, Any]:
        """Return the sizes of the actor."""
        return {"actor": plain(self.actor_config)}

    def arrays(self) -> Arrays:
        """Return the critic, and the progress with a motion."""
        progress = {} if self._progress is None else self._progress.arrays()
        return flat("critic", network_arrays(self._ppo.critic)) | flat("tracking", progress)

    def restore(self, arrays: Arrays, iteration: int) -> None:
        """Put them back."""
        load_network(self._ppo.critic, part("critic", arrays))
        if self._progress is not None:
            self._progress.restore(part("tracking", arrays))

    def renew(self, seed: int) -> None:
        """Begin new episodes."""
        self.rollouts = self._new_rollouts(seed)

    def iterate(self) -> dict[str, float]:
        """Do one rollout and one update; return what they measured."""
        rewards, ppo, rollouts = [], self._ppo, self.rollouts
        self._let_actor_learn(self.iteration >= self._critic_first)
        with torch.no_grad():
            obs = rollouts.get_observations()
            for _ in range(self.config.horizon):
                obs, reward, done, extras = rollouts.step(ppo.act(obs))
                ppo.process_env_step(obs, reward, done, extras)
                rewards.append(float(reward.mean()))
            ppo.compute_returns(obs)
        losses = ppo.update()
        return {
            "reward": float(np.mean(rewards)),
            **{f"loss_{name}": value for name, value in losses.items()},
            "learning_rate": ppo.learning_rate,
            "noise": float(ppo.actor.output_std.detach().mean()),
            **{f"reward_{name}": value for name, value in self._env.mean_rewards().items()},
            **({} if self._progress is None else self._progress.figures()),
            **rollouts.recent(),
        }

    def _let_actor_learn(self, learns: bool) -> None:
        """Hold the actor's weights, and the step size, which follows how much they change; or let them go."""
        self.policy.requires_grad_(learns)
        self._ppo.schedule = self._schedule if learns else "fixed"

    def judge(self, seed: int, episodes: int) -> dict[str, Any]:
        """Judge the best weights."""
        return judge(TorchPolicy(self.actor), self.job.task, episodes, seed, self.job.threads).summary()

    def _new_rollouts(self, seed: int) -> Rollouts:
        task, count = self.job.task, self.config.num_envs
        job = self.job
        self._env = LeggedEnv(task, count, seed=seed, threads=job.threads, engine=job.engine, progress=self._progress)
        ages = np.random.default_rng(seed).integers(task.spec.control_steps, size=count)
        return Rollouts(self._env, _GROUPS, task.spec.action.size, ages, reach=ACTION_REACH)

    def _make_ppo(self) -> PPO:
        obs, c, spec = self.rollouts.get_observations(), self.config, self.job.task.spec
        self.actor_config = actor_config(spec, c)
        actor = TouchModel(obs, "actor", self.actor_config, spec.action.size, c.ppo.first_std)
        last = actor.mlp[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():  # it begins with the default pose, which is its own image: symmetry has nothing to mend
            last.weight.mul_(_FIRST_OUTPUT)
            last.bias.zero_()
        hidden = self.actor_config.hidden
        groups = len(spec.reward_groups) if c.ppo.critics == "group" else 1
        critic = TouchModel(obs, "critic", TouchActorConfig(spec.critic_size, (-1.0,), (1.0,), hidden=hidden), groups)
        symmetry = None
        if c.ppo.symmetry:
            augmentation = SymmetryAugmentation(spec)
            symmetry = {
                "env": self.rollouts,
                "data_augmentation_func": augmentation,
                "use_data_augmentation": True,
            }
        if groups > 1:
            kind, storage = MultiCriticPpo, GroupStorage(obs, c.horizon, spec.action.size, groups)
        else:
            kind, storage = PPO, RolloutStorage("rl", len(obs), c.horizon, obs, [spec.action.size])
        ppo = kind(actor, critic, storage, symmetry_cfg=symmetry, **ppo_arguments(c.ppo))
        ppo.train_mode()
        return ppo


def _identity(job: LeggedJob, start: Bundle | None) -> dict[str, Any]:
    """Return all that determines a run, JSON-able; settings without an effect are left out."""
    spec = job.task.spec
    identity = {**task_identity(job.task), "seed": job.seed, "config": plain(job.config)}
    if len(spec.reward_groups) < 2:
        del identity["config"]["ppo"]["critics"]
    if not spec.tolerances:
        del identity["config"]["tracking"]
    if start is None:
        del identity["config"]["ppo"]["critic_first"]
        return identity
    return identity | {"start_from": start.id}


def task_identity(task: LeggedTask) -> dict[str, Any]:
    """Return all of a task that determines a run, JSON-able."""
    spec = task.spec
    identity = plain({
        "task": spec.name, "robot": spec.robot,
        "rewards": spec.rewards, "table": task.training_table.hash(), "ends": spec.ends, "command": spec.command,
        "least_reward": spec.least_reward, "episode_s": spec.episode_s, "timing": spec.timing, "physics": spec.physics,
        "robot_info": robot_info(load_robot(spec.robot), spec.parameters),
    })  # fmt: skip
    if not spec.tolerances:
        for term in identity["rewards"]:
            del term["tolerance"]
    identity |= identified_record(task.identified)
    return (
        identity | ({"asked": [_without_clip(what) for what in spec.asked]} if spec.asked else {}) | clip_record(spec)
    )


def _without_clip(what: Command) -> Any:
    """Return what is asked for as data; a clip is said by its hash instead."""
    return plain(replace(what, clip=None) if isinstance(what, MotionCommand) else what)


def _scaled(actor: TouchActor, factor: float) -> TouchActor:
    """Return the actor with its outputs multiplied, in place.

    A bundle's are over their reach; in training they are in action scales, a size fit for Adam.
    """
    last = actor.dense[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(factor)
        last.bias.mul_(factor)
    return actor


def _network(spec: LeggedTaskSpec, config: LeggedTrainConfig) -> dict[str, Any]:
    return TouchActor(actor_config(spec, config)).config()


def actor_config(spec: LeggedTaskSpec, config: LeggedTrainConfig) -> TouchActorConfig:
    """Return the sizes of the actor."""
    return TouchActorConfig(**target_limits(spec), hidden=hidden_layers(config.hidden, spec.parameters.num_joints))


def target_limits(spec: LeggedTaskSpec) -> dict[str, Any]:
    """Return the settings of an actor whose outputs are targets around the default pose, or the task's centre."""
    p, centre = spec.parameters, spec.centre_term
    reach = [ACTION_REACH * scale for scale in p.action_scale_rad]
    middle = p.default_pose_rad if centre is None else (0.0,) * p.num_joints
    return {
        "observation_size": spec.observation_size,
        "action_low": tuple(angle - most for angle, most in zip(middle, reach)),
        "action_high": tuple(angle + most for angle, most in zip(middle, reach)),
        "centre": None if centre is None else term_slice(spec.actor_terms, centre).start,
    }


def check(job: LeggedJob) -> None:
    """Refuse a job that cannot be done.

    Raises:
        ConfigError: naming the option.
    """
    c = job.config
    check_segments(c)
    check_ppo(c.ppo)
    require_at_least(1, {"config.hidden": min(c.hidden, default=1)})
    require_at_least(0, {"config.ppo.critic-first": c.ppo.critic_first})
    if c.num_envs * c.horizon < max(2, c.ppo.mini_batches):  # (advantages have a spread from two steps on)
        raise ConfigError(f"--config.num-envs: {c.num_envs} are too few for {c.ppo.mini_batches} mini-batches")
