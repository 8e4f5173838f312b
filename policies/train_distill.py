"""Train a policy that moves a body on legs to do what another would that sees more, and save it as a bundle.

What a run leaves in its folder is what ``policies.train_legged`` says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policies.distill_run import DistillJob, DistillRun, check
from policies.learners.legged.distill_settings import LeggedDistillConfig
from policies.learners.legged.names import LearnerName
from policies.legged_expert import load_expert
from policies.legged_training import Options, asked_for, train_and_save
from policies.segmented_training import check_run
from sim.envs.legged import LeggedTask, load_legged_task
from sim.errors import ConfigError

EXAMPLE = """sim2metal train velocity --input privileged --out runs/teacher
sim2metal train velocity --learner distill --expert runs/teacher --out runs/student
sim2metal train velocity --learner distill --expert runs/teacher --out runs/student --resume
sim2metal train velocity --learner distill --expert runs/teacher --out runs/recalls --config.memory 64
tensorboard --logdir runs"""


@dataclass
class Args(Options):
    """Train a policy that moves a body on legs to do what a teacher would."""

    learner: LearnerName = "distill"
    """distill; the others have options of their own: leave this out to see those of ppo."""
    expert: Path | None = None
    """Who teaches: the folder of an earlier run of the same task and robot, or a bundle, without a memory. A run of
    ``--input privileged`` sees what the student cannot."""
    config: LeggedDistillConfig = field(default_factory=LeggedDistillConfig)
    """Settings of learner, network and evaluation."""


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        BundleError: if the teacher's bundle is not valid, or was made for the task as it is no longer.
        ConfigError: for no teacher, or one of something else, an unknown task or robot, an impossible setting, or a
            folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    check_run(args)
    return train(args, load_legged_task(args.task, args.robot))


def train(args: Args, task: LeggedTask) -> dict[str, Any]:
    """Train a task that is loaded; see ``run``."""
    if args.learner != "distill":
        raise ConfigError("--learner was given twice: give it once")
    if args.expert is None:
        raise ConfigError(
            f"--learner distill needs --expert: the folder of a run of 'train {args.task} --input privileged'"
        )
    task = asked_for(args, task)
    job = DistillJob(task, args.seed, args.config, load_expert(args.expert, task), args.threads, args.engine)
    check(job)
    return train_and_save(args, args.config, task, lambda: DistillRun(job, args.out, resume=args.resume))
