"""One training run of a contact task: learner, best weights, checkpoints, clocks; resumable to the same result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from policies.checkpoint import Checkpoint, flat, load_checkpoint, part, save_checkpoint
from policies.contact_evaluation import judge
from policies.contact_job import ContactJob, actor_config, check, critic_config, open_expert
from policies.learners.contact.aggregate import forget
from policies.learners.contact.imitation import Imitation
from policies.learners.contact.inputs import load_input
from policies.learners.contact.ppo import ContactPpo, make_ppo
from policies.learners.contact.rollouts import EnvMaker, Rollouts
from policies.learners.contact.script import ScriptedTeacher, Scripts
from policies.learners.contact.touch_model import TouchModel, deployed
from policies.learners.contact.weights import load_network, load_optimizer, network_arrays, optimizer_arrays
from policies.networks.touch_actor import TouchActor, TouchActorConfig
from policies.provenance import plain
from policies.run_log import RunLog
from policies.torch_policy import TorchPolicy
from policies.training_run import CHECKPOINT, Clock, first_difference
from sim.errors import ConfigError

_SELECTION_SEED = 7_000_000
_JUDGE_SEED = 8_000_000
"""Seeds of the evaluations inside training, apart from the reported ones (``sim2metal eval``: 1000)."""


class ContactRun:
    """Trains one policy; ``train`` runs to the end and may be killed and resumed at any time.

    Every checkpoint is followed by new episodes from a seed of their own, so that nothing of the simulations has to
    be kept for a resumed run to go on alike.
    """

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
        self.job, self.make_env, self.folder, self.config = job, make_env, folder, job.config
        self.seen = load_input(job.input)
        self.expert = open_expert(job, scripts or {})
        self.identity = plain({
            "task": job.task.name,
            **{name: getattr(job, name) for name in ("learner", "input", "seed", "config")},
            "expert": None if self.expert is None else self.expert.digest,
        })  # fmt: skip
        self.groups = (*self.seen.groups, "privileged", *(self.expert.groups if self.expert else ()))
        torch.manual_seed(job.seed)
        self.rollouts = self._new_rollouts(job.seed)
        self.algorithm = self._algorithm()
        self.iteration, self.best, self.best_score = 0, network_arrays(self.policy), {}
        self.clock = Clock()
        points = self._resume() if resume else None
        self.log = RunLog(folder, points)

    @property
    def policy(self) -> TouchModel:
        """The model in training."""
        return self.algorithm.actor if isinstance(self.algorithm, ContactPpo) else self.algorithm.student  # type: ignore[return-value]

    @property
    def env_steps(self) -> int:
        """Control steps of the learner so far."""
        return self.iteration * self.config.num_envs * self.config.horizon

    @property
    def actor(self) -> TouchActor:
        """The best weights so far, as a bundle holds them."""
        model = self._model(self.seen.group, self.actor_config, len(self.actor_config.action_low))
        load_network(model, {name: value for name, value in self.best.items() if not name.startswith("distribution.")})
        return deployed(model)

    def train(self, progress: Callable[[int, dict[str, float]], None]) -> None:
        """Run to the last iteration.

        Args:
            progress: called after each iteration with its number and what it measured.
        """
        c = self.config
        evaluate_at = set(np.linspace(c.iterations, c.iterations / 2, c.evaluations).astype(int).tolist())
        self.clock.start()
        while self.iteration < c.iterations:
            if self.iteration % c.checkpoint_every == 0:
                self._begin_segment(self.iteration // c.checkpoint_every)
            values = self._iterate()
            self.iteration += 1
            if self.iteration in evaluate_at:
                values |= self._select()
            self.clock.read()
            self.log.add(self.iteration, {"wall_s": self.clock.wall_s, **values})
            progress(self.iteration, values)
            if self.iteration % c.checkpoint_every == 0 or self.iteration == c.iterations:
                self.save()
        self.evaluation = self._judge(_JUDGE_SEED + self.job.seed, c.judge_episodes)
        self.clock.read()

    def save(self) -> None:
        """Write curve and checkpoint.

        Raises:
            StorageError: if the disk is full; the previous files are intact.
        """
        self.log.flush()
        record = {
            "identity": self.identity,
            "actor": plain(self.actor_config),
            "iteration": self.iteration,
            "points": self.log.points,
            "best_score": self.best_score,
            "wall_s": self.clock.wall_s,
            "cpu_s": self.clock.cpu_s,
        }
        arrays = {**flat("model", network_arrays(self.policy)), **flat("best", self.best)}
        arrays |= flat("optimizer", optimizer_arrays(self.algorithm.optimizer))
        if isinstance(self.algorithm, ContactPpo):
            arrays |= flat("critic", network_arrays(self.algorithm.critic))
        if isinstance(self.algorithm, Imitation):
            arrays |= flat("hints", network_arrays(self.algorithm.hints))
            self.algorithm.data.save(self.folder)
        save_checkpoint(self.folder / CHECKPOINT, Checkpoint(arrays, record))
        if self.iteration == self.config.iterations:
            forget(self.folder)
        elif isinstance(self.algorithm, Imitation):
            self.algorithm.data.prune(self.folder)

    def _iterate(self) -> dict[str, float]:
        """One rollout and one update; returns what they measured."""
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
        return values | rollouts.recent()

    def _begin_segment(self, segment: int) -> None:
        """Begin new episodes and random numbers that depend on the seed and the number of the segment alone."""
        seed = int(np.random.SeedSequence([self.job.seed, segment]).generate_state(1)[0])
        self.rollouts = self._new_rollouts(seed)
        torch.manual_seed(seed)
        self.policy.begin(self.config.num_envs)
        if isinstance(self.algorithm, Imitation):
            self.algorithm.begin(self.config.num_envs)
            if isinstance(self.algorithm.teacher, ScriptedTeacher):
                self.algorithm.teacher.watch(self.rollouts.env)

    def _new_rollouts(self, seed: int) -> Rollouts:
        sensors = tuple(dict.fromkeys((*self.seen.sensors, *(self.expert.sensors if self.expert else ()))))
        count = self.config.num_envs
        ages = np.random.default_rng(seed).integers(self.job.task.control_steps, size=count)
        return Rollouts(
            self.make_env(count, sensors, seed, training=True), self.groups, ages, self.config.ppo.goal_bonus
        )

    def _algorithm(self) -> ContactPpo | Imitation:
        obs, c = self.rollouts.get_observations(), self.config
        self.actor_config = actor_config(self.job)
        if self.job.learner in ("dagger", "bc"):
            assert self.expert is not None
            student = self._model(self.seen.group, self.actor_config, len(self.actor_config.action_low))
            cloning = self.job.learner == "bc"
            return Imitation(student, self.expert.actor(obs), self.seen.groups, c.imitation, cloning=cloning)
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
        return TouchModel(self.rollouts.get_observations(), group, config, outputs, std)

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
        rate = load_optimizer(self.algorithm.optimizer, part("optimizer", arrays))
        self.algorithm.learning_rate = rate
        if isinstance(self.algorithm, ContactPpo):
            load_network(self.algorithm.critic, part("critic", arrays))
            self.algorithm.critic_first = max(0, self.algorithm.critic_first - record["iteration"])
        else:
            load_network(self.algorithm.hints, part("hints", arrays))
            if record["iteration"] < self.config.iterations:
                self.algorithm.data.load(self.folder, record["iteration"])
        self.iteration, self.best, self.best_score = record["iteration"], part("best", arrays), record["best_score"]
        self.clock.wall_s, self.clock.cpu_s = record["wall_s"], record["cpu_s"]
        return record["points"]

    def _select(self) -> dict[str, float]:
        """Judge the present weights; keep them if they are the best so far."""
        before, self.best = self.best, network_arrays(self.policy)
        found = self._judge(_SELECTION_SEED + self.job.seed, self.config.evaluation_episodes)
        score = (found["success_rate"], found["mean_reward"])
        if self.best_score and score <= (self.best_score["success_rate"], self.best_score["mean_reward"]):
            self.best = before
        else:
            self.best_score = {"iteration": float(self.iteration), "success_rate": score[0], "mean_reward": score[1]}
        return {"success_rate": score[0], "mean_reward": score[1]}

    def _judge(self, seed: int, episodes: int) -> dict[str, Any]:
        if episodes == 0:
            return {}
        reach = np.array(self.job.task.action.high)
        return judge(TorchPolicy(self.actor), self.make_env, self.seen, reach, episodes, seed).summary()
