"""One training run of a contact task: its learner, what it sees and whom it learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from policies.checkpoint import flat, part
from policies.contact_evaluation import judge
from policies.contact_job import ContactJob, actor_config, check, critic_config, open_expert
from policies.learners.contact.imitation import Imitation
from policies.learners.contact.inputs import load_input
from policies.learners.contact.ppo import ContactPpo, make_ppo
from policies.learners.contact.rollouts import EnvMaker, Rollouts
from policies.learners.contact.script import ScriptedTeacher, Scripts
from policies.learners.contact.touch_model import TouchModel, deployed
from policies.learners.rollout_files import forget
from policies.learners.weights import Arrays, load_network, network_arrays
from policies.networks.touch_actor import TouchActor, TouchActorConfig
from policies.provenance import plain
from policies.segmented_run import SegmentedRun
from policies.torch_policy import TorchPolicy


class ContactRun(SegmentedRun):
    """Trains one policy of a contact task."""

    score_names = ("success_rate", "mean_reward")

    def __init__(
        self,
        job: ContactJob,
        make_env: EnvMaker,
        folder: Path,
        *,
        resume: bool = False,
        scripts: Scripts | None = None,
    ) -> None:
        """Prepare a run, from random weights or from the folder's checkpoint.

        Raises:
            ConfigError: if a setting cannot be, the expert does not fit, or a checkpoint was made with others.
            StorageError: if there is nothing to resume or no expert, or the folder cannot be written.
        """
        check(job)
        self.job, self.make_env, self.config = job, make_env, job.config
        self.seen = load_input(job.input)
        self.expert = open_expert(job, scripts or {})
        identity = plain({
            "task": job.task.name,
            **{name: getattr(job, name) for name in ("learner", "input", "seed", "config")},
            "expert": None if self.expert is None else self.expert.digest,
        })  # fmt: skip
        super().__init__(job.config, job.seed, folder, identity)
        self.groups = (*self.seen.learnt_from, "privileged", *(self.expert.groups if self.expert else ()))
        torch.manual_seed(job.seed)
        self.rollouts = self._new_rollouts(job.seed)
        self._learner = self._make_learner()
        self.begin(resume)

    @property
    def algorithm(self) -> ContactPpo | Imitation:
        """What learns."""
        return self._learner

    @property
    def policy(self) -> TouchModel:
        """The model in training."""
        return self.algorithm.actor if isinstance(self.algorithm, ContactPpo) else self.algorithm.student  # type: ignore[return-value]

    @property
    def actor(self) -> TouchActor:
        """The best weights so far, as a bundle holds them."""
        model = self._model(self.seen.group, self.actor_config, len(self.actor_config.action_low))
        load_network(model, {name: value for name, value in self.best.items() if not name.startswith("distribution.")})
        return deployed(model)

    def record(self) -> dict[str, Any]:
        """Return the sizes of the actor."""
        return {"actor": plain(self.actor_config)}

    def arrays(self) -> Arrays:
        """Return the critic, or what imitation learns beside; rollouts that are kept go to files of their own."""
        if isinstance(self.algorithm, ContactPpo):
            return flat("critic", network_arrays(self.algorithm.critic))
        self.algorithm.data.save(self.folder)
        return flat("hints", network_arrays(self.algorithm.hints))

    def restore(self, arrays: Arrays, iteration: int) -> None:
        """Put back what ``arrays`` returned."""
        if isinstance(self.algorithm, ContactPpo):
            load_network(self.algorithm.critic, part("critic", arrays))
            self.algorithm.critic_first = max(0, self.algorithm.critic_first - iteration)
            return
        load_network(self.algorithm.hints, part("hints", arrays))
        if iteration < self.config.iterations:
            self.algorithm.data.load(self.folder, iteration)

    def written(self) -> None:
        """Remove rollouts that no checkpoint needs any more."""
        if self.iteration == self.config.iterations:
            forget(self.folder)
        elif isinstance(self.algorithm, Imitation):
            self.algorithm.data.prune(self.folder)

    def iterate(self) -> dict[str, float]:
        """Do one rollout and one update; return what they measured."""
        algorithm, rollouts = self.algorithm, self.rollouts
        rewards = []
        if isinstance(algorithm, Imitation):
            algorithm.anneal(self.iteration / self.config.iterations)
        with torch.no_grad():
            obs = rollouts.get_observations()
            for _ in range(self.config.horizon):
                if isinstance(algorithm, Imitation):
                    action = algorithm.act(obs, rollouts.counts())
                else:
                    action = algorithm.act(obs)
                obs, reward, done, extras = rollouts.step(action)
                algorithm.process_env_step(obs, reward, done, extras)
                rewards.append(float(reward.mean()))
            if isinstance(algorithm, ContactPpo):
                algorithm.compute_returns(obs)
        losses = algorithm.update()
        values = {"reward": float(np.mean(rewards)), **{f"loss_{name}": value for name, value in losses.items()}}
        if isinstance(algorithm, ContactPpo):
            values |= {
                "learning_rate": algorithm.learning_rate,
                "noise": float(algorithm.actor.output_std.detach().mean()),
            }
        return values | rollouts.recent.figures()

    def renew(self, seed: int) -> None:
        """Begin new episodes, of which nothing is remembered."""
        self.rollouts = self._new_rollouts(seed)
        self.policy.begin(self.config.num_envs)
        if isinstance(self.algorithm, Imitation):
            self.algorithm.begin(self.config.num_envs)
            if isinstance(self.algorithm.teacher, ScriptedTeacher):
                self.algorithm.teacher.watch(self.rollouts.env)

    def judge(self, seed: int, episodes: int) -> dict[str, Any]:
        """Judge the best weights."""
        reach = np.array(self.job.task.action.high)
        return judge(TorchPolicy(self.actor), self.make_env, self.seen, reach, episodes, seed).summary()

    def _new_rollouts(self, seed: int) -> Rollouts:
        sensors = tuple(dict.fromkeys((*self.seen.sensors, *(self.expert.sensors if self.expert else ()))))
        count = self.config.num_envs
        steps = self.job.task.control_steps
        # Where rollouts are whole episodes all begin together, and nothing is remembered that an older student did.
        ages = None if self.config.horizon % steps == 0 else np.random.default_rng(seed).integers(steps, size=count)
        return Rollouts(
            self.make_env(count, sensors, seed, training=True), self.groups, ages, self.config.ppo.goal_bonus
        )

    def _make_learner(self) -> ContactPpo | Imitation:
        obs, c = self.rollouts.get_observations(), self.config
        self.actor_config = actor_config(self.job)
        if self.job.learner in ("dagger", "bc"):
            assert self.expert is not None
            student = self._model(self.seen.group, self.actor_config, len(self.actor_config.action_low))
            cloning = self.job.learner == "bc"
            return Imitation(student, self.expert.actor(obs), self.seen.learnt_from, c.imitation, cloning=cloning)
        begins_anew = self.expert is None or self.job.learner == "aacd"
        std = c.ppo.first_std if begins_anew else c.ppo.later_std
        actor = self._model(self.seen.group, self.actor_config, len(self.actor_config.action_low), std)
        critic = self._model("privileged", critic_config(self.job), 1)
        algorithm = make_ppo(actor, critic, obs, c.horizon, c.ppo)
        algorithm.train_mode()
        if self.expert is not None and self.job.learner == "aacd":
            self.expert.load_critic(critic)
            if c.ppo.critic == "frozen":
                algorithm.freeze_critic()
        elif self.expert is not None:
            self.expert.load_actor(actor)
            algorithm.critic_first = c.ppo.critic_first
        return algorithm

    def _model(self, group: str, config: TouchActorConfig, outputs: int, std: float | None = None) -> TouchModel:
        return TouchModel(self.rollouts.get_observations(), group, config, outputs, std, limit=1.0)
