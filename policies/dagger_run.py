"""One training run of a body on legs that imitates a script (DAgger); its student sees what the robot measures."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from tensordict import TensorDict

from policies.checkpoint import flat, part
from policies.export_onnx import rebuild_torch
from policies.learners.contact.imitation import Imitation
from policies.learners.contact.script import ScriptedTeacher, ScriptMaker
from policies.learners.contact.touch_model import TouchModel, deployed, take_over
from policies.learners.legged.dagger_settings import LeggedDaggerConfig
from policies.learners.rollout_files import forget
from policies.learners.rollouts import Rollouts
from policies.learners.weights import Arrays, load_network, network_arrays
from policies.legged_evaluation import judge
from policies.legged_run import target_limits, task_identity
from policies.networks.touch_actor import TouchActor, TouchActorConfig
from policies.option_checks import require_at_least, require_positive, require_share
from policies.provenance import plain
from policies.segmented_run import SegmentedRun, check_segments
from policies.torch_policy import TorchPolicy
from policies.warm_start import matching_bundle
from sim.envs.legged import LeggedEnv, LeggedTask
from sim.errors import ConfigError
from sim.legged.balanced_motion import BalancedMotion
from sim.legged.leg_kinematics import find_legs
from sim.legged.motion import motion_of
from sim.legged.physics import BY_NAME
from sim.legged.progress import ANYWHERE, TrackingProgress
from sim.legged.spec import LeggedTaskSpec
from sim.legged.stepping.controller import CaptureSteps
from sim.legged.stepping.settings import ON_THE_SPOT, WALKING
from sim.legged.terms import term_slice
from sim.legged.world import Engine
from sim.registry import require_known

TAUGHT: Mapping[str, ScriptMaker] = {
    "stand": functools.partial(CaptureSteps, settings=ON_THE_SPOT),
    "walk": functools.partial(CaptureSteps, settings=WALKING),
    "imitate": BalancedMotion,
}
"""Scripts by the tasks that they teach."""
_GROUPS = ("actor",)


@dataclass(frozen=True)
class DaggerJob:
    """What to train."""

    task: LeggedTask
    seed: int
    config: LeggedDaggerConfig
    threads: int = 1
    """Of the physics; results do not depend on it."""
    engine: Engine = "mujoco"
    """What steps the physics of the training."""


class DaggerRun(SegmentedRun):
    """Trains one policy."""

    score_names = ("score", "mean_reward")

    def __init__(self, job: DaggerJob, folder: Path, *, resume: bool = False, start_from: Path | None = None) -> None:
        """Prepare a run, from random weights, a bundle's or the folder's checkpoint.

        Raises:
            BundleError: if the bundle to start from cannot be read.
            ConfigError: if a setting cannot be, nobody can teach the task, the bundle does not fit it, or a checkpoint
                was made with other settings.
            StorageError: if there is nothing to resume, or the folder cannot be written.
        """
        check(job)
        self.job, self.config = job, job.config
        task = task_identity(job.task, job.engine)
        identity = {**task, "learner": "dagger", "seed": job.seed, "config": plain(job.config)}
        self.actor_config, start = actor_config(job.task.spec, job.config), None
        if start_from is not None:
            start = matching_bundle(start_from, job.task.spec, TouchActor(self.actor_config).config())
            identity |= {"start_from": start.id}
        super().__init__(job.config, job.seed, folder, identity)
        torch.manual_seed(job.seed)
        self.rollouts = self._new_rollouts(job.seed)
        self._targets = term_slice(job.task.spec.actor_terms, "applied_action")
        teacher = ScriptedTeacher(TAUGHT[job.task.spec.name])
        self._imitation = Imitation(self._model(), teacher, _GROUPS, job.config.imitation, cloning=False)
        if start is not None:
            take_over(self.policy, cast(TouchActor, rebuild_torch(start)))
            self.begins_trained = True
        self.begin(resume)

    @property
    def algorithm(self) -> Imitation:
        """What learns."""
        return self._imitation

    @property
    def policy(self) -> TouchModel:
        """The model in training."""
        return self._imitation.student

    @property
    def actor(self) -> TouchActor:
        """The best weights so far, as a bundle holds them."""
        model = self._model()
        load_network(model, self.best)
        return deployed(model)

    def record(self) -> dict[str, Any]:
        """Return the sizes of the actor."""
        return {"actor": plain(self.actor_config)}

    def arrays(self) -> Arrays:
        """Return what imitation learns beside; rollouts that are kept go to files of their own."""
        self._imitation.data.save(self.folder)
        return flat("hints", network_arrays(self._imitation.hints))

    def restore(self, arrays: Arrays, iteration: int) -> None:
        """Put them back."""
        load_network(self._imitation.hints, part("hints", arrays))
        if iteration < self.config.iterations:
            self._imitation.data.load(self.folder, iteration)

    def written(self) -> None:
        """Remove rollouts that no checkpoint needs any more."""
        if self.iteration == self.config.iterations:
            forget(self.folder)
        else:
            self._imitation.data.prune(self.folder)

    def renew(self, seed: int) -> None:
        """Begin new episodes, of which nothing is remembered."""
        self.rollouts = self._new_rollouts(seed)
        self.policy.begin(self.config.num_envs)
        self._imitation.begin(self.config.num_envs)
        self._imitation.teacher.watch(self._env)  # pyright: ignore[reportCallIssue]

    def iterate(self) -> dict[str, float]:
        """Do one rollout and one update; return what they measured."""
        imitation, rollouts, rewards = self._imitation, self.rollouts, []
        imitation.anneal(self.iteration / self.config.iterations)
        counts = torch.ones(self.config.num_envs)
        with torch.no_grad():
            obs = self._blurred(rollouts.get_observations())
            for _ in range(self.config.horizon):
                obs, reward, done, extras = rollouts.step(imitation.act(obs, counts))
                obs = self._blurred(obs)
                imitation.process_env_step(obs, reward, done, extras)
                rewards.append(float(reward.mean()))
        losses = imitation.update()
        return {
            "reward": float(np.mean(rewards)),
            **{f"loss_{name}": value for name, value in losses.items()},
            "expert_share": imitation.expert_share,
            **rollouts.recent.figures(),
        }

    def judge(self, seed: int, episodes: int) -> dict[str, Any]:
        """Judge the best weights."""
        return self._judged(self.job.task, seed, episodes)

    def rate(self, seed: int, episodes: int) -> dict[str, Any]:
        """Judge the best weights under all physics that are learnt under, and return the mean."""
        found = [self._judged(self._under(name), seed, episodes) for name in self.config.physics]
        return {name: float(np.mean([each[name] for each in found])) for name in self.score_names}

    def _judged(self, task: LeggedTask, seed: int, episodes: int) -> dict[str, Any]:
        return judge(TorchPolicy(self.actor), task, episodes, seed, self.job.threads).summary()

    def _blurred(self, obs: TensorDict) -> TensorDict:
        """Return what is seen with noise on the last targets, in place."""
        targets = obs["actor"][:, self._targets]
        targets += self.config.target_noise_rad * torch.randn_like(targets)
        return obs

    def _new_rollouts(self, seed: int) -> Rollouts:
        job, names, count = self.job, self.config.physics, self.config.num_envs
        task = self._under(names[self.iteration // self.config.checkpoint_every % len(names)])
        progress = None if motion_of(task.spec) is None else TrackingProgress(task.spec, ANYWHERE)
        self._env = LeggedEnv(task, count, seed=seed, threads=job.threads, engine=job.engine, progress=progress)
        return Rollouts(self._env, _GROUPS, task.spec.action.size)

    def _under(self, physics: str) -> LeggedTask:
        """Return the task as it is simulated under other physics."""
        return dataclasses.replace(self.job.task, spec=self.job.task.spec.under(BY_NAME[physics]))

    def _model(self) -> TouchModel:
        obs = self.rollouts.get_observations()
        return TouchModel(obs, "actor", self.actor_config, self.job.task.spec.action.size)


def actor_config(spec: LeggedTaskSpec, config: LeggedDaggerConfig) -> TouchActorConfig:
    """Return the sizes of the student."""
    memory = (1, config.memory)
    return TouchActorConfig(**target_limits(spec), hidden=config.hidden, memory=memory, shortcut=config.shortcut)


def check(job: DaggerJob) -> None:
    """Refuse a job that cannot be done.

    Raises:
        ConfigError: naming the option.
    """
    c, spec = job.config, job.task.spec
    if spec.name not in TAUGHT:
        taught = ", ".join(TAUGHT)
        raise ConfigError(f"--learner dagger: nobody teaches task '{spec.name}': train one of {taught}, or by ppo")
    find_legs(spec.robot, spec.parameters)
    check_segments(c)
    require_at_least(1, {"config.hidden": min(c.hidden, default=1), "config.memory": c.memory})
    counts = {f"imitation.{name}": getattr(c.imitation, name) for name in ("rollouts", "updates", "windows")}
    require_at_least(1, {f"config.{name.replace('_', '-')}": value for name, value in counts.items()})
    require_at_least(0, {"config.target-noise-rad": c.target_noise_rad})
    weights = {name: getattr(c.imitation, name) for name in ("hint_weight", "clue_weight", "burn_in")}
    require_at_least(0, {f"config.imitation.{name.replace('_', '-')}": value for name, value in weights.items()})
    require_at_least(1, {"the number of --config.physics": len(c.physics)})
    for name in c.physics:
        require_known(name, BY_NAME, "--config.physics")
    require_share({"config.imitation.expert-until": c.imitation.expert_until})
    require_positive({"config.imitation.learning-rate": c.imitation.learning_rate})
