"""What to train for a contact task, checked, and the sizes of its networks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from policies.learners.contact.expert import Expert, load_expert
from policies.learners.contact.inputs import load_input, pose_starts, vector_starts
from policies.learners.contact.script import ScriptedExpert, Scripts
from policies.learners.contact.settings import ContactTrainConfig, LearnerName
from policies.learners.ppo import check_ppo
from policies.networks.touch_actor import TouchActorConfig
from policies.option_checks import require_at_least
from policies.segmented_run import check_segments
from policies.training_run import CHECKPOINT
from sim.contact.spec import ContactTaskSpec
from sim.errors import ConfigError


@dataclass(frozen=True)
class ContactJob:
    """What to train."""

    task: ContactTaskSpec
    learner: LearnerName
    input: str
    seed: int
    config: ContactTrainConfig
    expert: str | None = None
    """Folder of an earlier run, whose critic ``aacd`` takes over, whose actor ``dagger`` and ``bc`` imitate and ``ppo``
    begins with; or the name of a scripted controller to imitate."""


def check(job: ContactJob) -> None:
    """Refuse a job that cannot be done.

    Raises:
        ConfigError: naming the option.
    """
    if job.learner != "ppo" and job.expert is None:
        raise ConfigError(
            f"--learner {job.learner} needs --expert: the folder of a run of --learner ppo --input privileged"
        )
    if job.expert == "search" and job.task.workpiece.fixture != "socket":
        raise ConfigError(f"--expert search: nothing to search for in '{job.task.name}', its fixture has no hole")
    c = job.config
    check_segments(c)
    check_ppo(c.ppo)
    positive = {
        "network.hidden": min(c.network.hidden), "network.memory-size": c.network.memory_size,
        **{f"imitation.{name}": getattr(c.imitation, name) for name in ("rollouts", "updates", "windows")},
    }  # fmt: skip
    require_at_least(1, {f"config.{name}": value for name, value in positive.items()})
    if c.num_envs < c.ppo.mini_batches:
        raise ConfigError(f"--config.num-envs must be at least the {c.ppo.mini_batches} mini-batches, got {c.num_envs}")


def open_expert(job: ContactJob, scripts: Scripts) -> Expert | ScriptedExpert | None:
    """Return what a job learns from besides rewards.

    Raises:
        ConfigError: if it is a run of another task.
        StorageError: if there is no run in its folder.
    """
    if job.expert is None:
        return None
    if job.expert in scripts:
        return ScriptedExpert(job.expert, scripts[job.expert])
    return load_expert(Path(job.expert), CHECKPOINT, job.task.name)


def actor_config(job: ContactJob) -> TouchActorConfig:
    """Return the sizes of the actor that a job trains."""
    terms = load_input(job.input).terms(job.task)
    seen, network = load_input(job.input), job.config.network
    layers = network.memory_layers if network.memory_layers is not None else int(bool(seen.images))
    return TouchActorConfig(
        observation_size=sum(term.size for term in terms),
        action_low=job.task.action.low,
        action_high=job.task.action.high,
        images=seen.scaled_images(job.task),
        poses=pose_starts(terms),
        vectors=vector_starts(terms),
        hidden=network.hidden,
        memory=(layers, network.memory_size),
        shortcut=network.shortcut and layers > 0,
        channels=network.channels,
        kernels=network.kernels,
        strides=network.strides,
        motion=network.motion and seen.group != "privileged" and bool(pose_starts(terms)),
        moments=tuple(name for name in seen.images if name == "field" and network.moments),
    )


def critic_config(job: ContactJob) -> TouchActorConfig:
    """Return the sizes of a critic that sees what only a simulator knows; its output is a value."""
    terms = job.task.critic_terms
    return TouchActorConfig(
        job.task.critic_size, (-1.0,), (1.0,), hidden=job.config.network.hidden,
        poses=pose_starts(terms), vectors=vector_starts(terms),
    )  # fmt: skip
