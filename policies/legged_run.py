"""One training run of a body on legs: PPO with a critic that knows what only a simulator does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from rsl_rl.algorithms import PPO
from rsl_rl.storage import RolloutStorage

from policies.bundle import Bundle
from policies.checkpoint import flat, part
from policies.export_onnx import rebuild_torch
from policies.learners.contact.touch_model import TouchModel, take_over
from policies.learners.legged.multi_critic import GroupStorage, MultiCriticPpo
from policies.learners.legged.settings import LeggedTrainConfig, hidden_layers
from policies.learners.legged.symmetry import SymmetryAugmentation
from policies.learners.ppo import check_ppo, ppo_arguments
from policies.learners.weights import Arrays, load_network, network_arrays
from policies.legged_clip import clip_record
from policies.networks.touch_actor import TouchActor, TouchActorConfig
from policies.option_checks import require_at_least
from policies.provenance import identified_record, plain, robot_info
from policies.rsl_rl_run import RslRlRun, scaled
from policies.segmented_run import check_segments
from policies.warm_start import matching_bundle
from sim.envs.legged import LeggedTask
from sim.errors import ConfigError
from sim.legged.asked import Command
from sim.legged.motion import MotionCommand
from sim.legged.spec import ACTION_REACH, LeggedTaskSpec
from sim.legged.terms import term_slice
from sim.legged.world import Engine
from sim.registry import load_robot


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


class LeggedRun(RslRlRun):
    """Trains one policy."""

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
        sizes = actor_config(job.task.spec, job.config)
        super().__init__(job, sizes, job.config.tracking, folder, _identity(job, start))
        self._ppo = self._make_ppo()
        self._schedule, self._critic_first = self._ppo.schedule, 0
        if start is not None:
            take_over(self.policy, scaled(cast(TouchActor, rebuild_torch(start)), ACTION_REACH))
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

    def arrays(self) -> Arrays:
        """Return the critic, and the progress with a motion."""
        return flat("critic", network_arrays(self._ppo.critic)) | super().arrays()

    def restore(self, arrays: Arrays, iteration: int) -> None:
        """Put them back."""
        load_network(self._ppo.critic, part("critic", arrays))
        super().restore(arrays, iteration)

    def iterate(self) -> dict[str, float]:
        """Do one rollout and one update; return what they measured."""
        self._let_actor_learn(self.iteration >= self._critic_first)
        return super().iterate() | {"noise": float(self.policy.output_std.detach().mean())}

    def _let_actor_learn(self, learns: bool) -> None:
        """Hold the actor's weights, and the step size, which follows how much they change; or let them go."""
        self.policy.requires_grad_(learns)
        self._ppo.schedule = self._schedule if learns else "fixed"

    def _make_ppo(self) -> PPO:
        obs, c, spec = self.rollouts.get_observations(), self.config, self.job.task.spec
        actor, hidden = self._new_actor(c.ppo.first_std), self.actor_config.hidden
        groups = len(spec.reward_groups) if c.ppo.critics == "group" else 1
        values = TouchActorConfig(spec.critic_size, (-1.0,), (1.0,), hidden=hidden)
        critic = self._model(values, groups, group="critic")
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
    identity = {**task_identity(job.task, job.engine), "seed": job.seed, "config": plain(job.config)}
    if len(spec.reward_groups) < 2:
        del identity["config"]["ppo"]["critics"]
    if not spec.tolerances:
        del identity["config"]["tracking"]
    if start is None:
        del identity["config"]["ppo"]["critic_first"]
        return identity
    return identity | {"start_from": start.id}


def task_identity(task: LeggedTask, engine: Engine) -> dict[str, Any]:
    """Return all of a task that determines a run, JSON-able, and what steps its physics if that is not MuJoCo."""
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
    identity |= identified_record(task.identified) | ({"input": "privileged"} if spec.privileged else {})
    identity |= {} if engine == "mujoco" else {"engine": engine}
    return (
        identity | ({"asked": [_without_clip(what) for what in spec.asked]} if spec.asked else {}) | clip_record(spec)
    )


def _without_clip(what: Command) -> Any:
    """Return what is asked for as data; a clip is said by its hash instead."""
    return plain(replace(what, clip=None) if isinstance(what, MotionCommand) else what)


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
