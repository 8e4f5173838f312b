"""One training run of a body on legs that imitates an earlier one's policy by rsl-rl-lib's distillation.

The student acts, by what the robot measures; the teacher, which may see all that a simulator knows, says what it would
have done where the student came to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rsl_rl.algorithms import Distillation
from rsl_rl.models import MLPModel
from rsl_rl.storage import RolloutStorage

from policies.learners.contact.touch_model import TouchModel
from policies.learners.legged.distill_settings import LeggedDistillConfig
from policies.learners.legged.settings import hidden_layers
from policies.legged_expert import LeggedExpert
from policies.legged_run import target_limits, task_identity
from policies.networks.touch_actor import TouchActorConfig
from policies.option_checks import require_at_least, require_positive
from policies.provenance import plain
from policies.rsl_rl_run import RslRlRun
from policies.segmented_run import check_segments
from sim.envs.legged import LeggedTask
from sim.errors import ConfigError
from sim.legged.progress import ANYWHERE
from sim.legged.spec import LeggedTaskSpec
from sim.legged.world import Engine


@dataclass(frozen=True)
class DistillJob:
    """What to train."""

    task: LeggedTask
    seed: int
    config: LeggedDistillConfig
    expert: LeggedExpert
    """The teacher."""
    threads: int = 1
    """Of the physics; results do not depend on it."""
    engine: Engine = "mujoco"
    """What steps the physics of the training."""


class DistillRun(RslRlRun):
    """Trains one policy."""

    def __init__(self, job: DistillJob, folder: Path, *, resume: bool = False) -> None:
        """Prepare a run, from random weights or from the folder's checkpoint.

        Raises:
            BundleError: if the teacher's weights are not in its bundle.
            ConfigError: if a setting cannot be, or a checkpoint was made with others or another teacher.
            StorageError: if there is nothing to resume, or the folder cannot be written.
        """
        check(job)
        identity = {
            **task_identity(job.task, job.engine),
            "learner": "distill",
            "expert": job.expert.bundle.id,
            "seed": job.seed,
            "config": plain(job.config),
        }
        super().__init__(job, actor_config(job.task.spec, job.config), ANYWHERE, folder, identity)
        self._distillation = self._make_distillation(job.expert, job.config)
        self.begin(resume)

    @property
    def algorithm(self) -> Distillation:
        """What learns."""
        return self._distillation

    @property
    def policy(self) -> TouchModel:
        """The model in training."""
        return self._distillation.student  # type: ignore[return-value]

    def renew(self, seed: int) -> None:
        """Begin new episodes, of which nothing is remembered."""
        super().renew(seed)
        self.policy.begin(self.settings.num_envs)
        self._distillation.last_hidden_states = (self.policy.get_hidden_state(), None)

    def _make_distillation(self, expert: LeggedExpert, c: LeggedDistillConfig) -> Distillation:
        obs, student = self.rollouts.get_observations(), self._new_actor(c.noise)
        made = Distillation(
            student,
            cast(MLPModel, expert.teacher()),
            RolloutStorage("distillation", len(obs), c.horizon, obs, [self.rollouts.num_actions]),
            num_learning_epochs=c.epochs,
            gradient_length=c.gradient_length,
            learning_rate=c.learning_rate,
            max_grad_norm=c.most_gradient,
            loss_type=c.loss,
        )
        made.train_mode()
        return made


def actor_config(spec: LeggedTaskSpec, config: LeggedDistillConfig) -> TouchActorConfig:
    """Return the sizes of the student."""
    hidden = hidden_layers(config.hidden, spec.parameters.num_joints)
    memory = (1, config.memory) if config.memory else TouchActorConfig.memory
    return TouchActorConfig(**target_limits(spec), hidden=hidden, memory=memory)


def check(job: DistillJob) -> None:
    """Refuse a job that cannot be done.

    Raises:
        ConfigError: naming the option.
    """
    c = job.config
    check_segments(c)
    require_at_least(1, {"config.hidden": min(c.hidden, default=1), "config.epochs": c.epochs})
    require_at_least(1, {"config.gradient-length": c.gradient_length})
    require_at_least(0, {"config.memory": c.memory})
    positive = {"noise": c.noise, "learning-rate": c.learning_rate, "most-gradient": c.most_gradient}
    require_positive({f"config.{name}": value for name, value in positive.items()})
    steps = c.epochs * c.horizon
    if steps % c.gradient_length:
        raise ConfigError(
            f"--config.gradient-length: {c.gradient_length} does not divide the {steps} steps that a rollout is learnt"
            " from (horizon times epochs), and the last would teach nothing"
        )
