"""Train a policy that moves a body on legs by imitating a script (DAgger), and save it as a bundle.

What a run leaves in its folder is what ``policies.train_legged`` says, and, until it is done, the rollouts it keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from policies.dagger_run import DaggerJob, DaggerRun, check
from policies.learners.legged.dagger_settings import LeggedDaggerConfig
from policies.learners.legged.names import LearnerName
from policies.legged_training import Options, asked_for, train_and_save
from policies.segmented_training import check_run
from sim.envs.legged import LeggedTask, load_legged_task
from sim.errors import ConfigError

EXAMPLE = """sim2metal train stand --learner dagger --out runs/stand_g1
sim2metal train stand --learner dagger --out runs/stand_g1 --resume
tensorboard --logdir runs"""


@dataclass
class Args(Options):
    """Train a policy that moves a body on legs to do what a script would."""

    learner: LearnerName = "dagger"
    """dagger; the others have options of their own: leave this out to see those of ppo."""
    start_from: Annotated[Path | None, tyro.conf.arg(metavar="BUNDLE")] = None
    """A bundle of the same task and sizes whose weights the training begins with."""
    config: LeggedDaggerConfig = field(default_factory=LeggedDaggerConfig)
    """Settings of learner, network and evaluation."""


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        ConfigError: for a task or robot that nobody teaches, an impossible setting, or a folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    check_run(args)
    return train(args, load_legged_task(args.task, args.robot))


def train(args: Args, task: LeggedTask) -> dict[str, Any]:
    """Train a task that is loaded; see ``run``."""
    if args.learner != "dagger":
        raise ConfigError("--learner was given twice: give it once")
    task = asked_for(args, task)
    job = DaggerJob(task, args.seed, args.config, args.threads, args.engine)
    check(job)
    return train_and_save(
        args, args.config, job.task, lambda: DaggerRun(job, args.out, resume=args.resume, start_from=args.start_from)
    )
