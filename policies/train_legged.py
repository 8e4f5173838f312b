"""Train a policy that moves a body on legs and save it as a bundle.

What a run leaves in its folder: ``config.json`` (resolved), ``checkpoint.npz``, ``curve.jsonl``,
TensorBoard events, ``bundle/`` and ``result.json``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from policies.learners.legged.names import LearnerName
from policies.learners.legged.settings import LeggedTrainConfig
from policies.legged_run import LeggedJob, LeggedRun, check
from policies.legged_training import Options, asked_for, train_and_save
from policies.option_checks import require_untouched
from policies.segmented_training import check_run
from sim.envs.legged import LeggedTask, load_legged_task, made_harder, made_privileged
from sim.errors import ConfigError
from sim.legged.progress import TrackingSettings

EXAMPLE = """sim2metal train velocity --out runs/go1
sim2metal train velocity --out runs/go1 --resume
sim2metal train velocity --robot g1 --out runs/g1 --threads 2
sim2metal train stand --out runs/stand --config.iterations 300
sim2metal train velocity --robot biped --learner sac --out runs/sac
sim2metal train twist --out runs/twist --config.ppo.critics single
sim2metal train velocity --input privileged --out runs/teacher
sim2metal train velocity --learner distill --expert runs/teacher --out runs/student
sim2metal train velocity --calibration units/go1-12.json --start-from policies/zoo/velocity_go1 --out runs/go1-12
tensorboard --logdir runs"""


@dataclass
class Args(Options):
    """Train a policy that moves a body on legs."""

    learner: LearnerName = "ppo"
    """ppo; sac and symphony learn from a replay, dagger imitates a script, distill another policy. They have options of
    their own: see ``--learner sac --help``."""
    input: Literal["measured", "privileged"] = "measured"
    """What the actor sees: what the robot measures, or all that the critic sees, for a teacher of ``--learner distill``
    that no robot can run."""
    start_from: Annotated[Path | None, tyro.conf.arg(metavar="BUNDLE")] = None
    """A bundle of the same task and network whose weights the training begins with, see docs/joint-calibration.md."""
    harder: bool = False
    """Randomise beyond what is judged by, as the task's HARDER_TABLE says: for who can do the task already."""
    config: LeggedTrainConfig = field(default_factory=LeggedTrainConfig)
    """Settings of learner, networks and evaluation."""


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        ConfigError: for an unknown task or robot, an impossible setting, or a folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    check_run(args)
    return train(args, load_legged_task(args.task, args.robot))


def train(args: Args, task: LeggedTask) -> dict[str, Any]:
    """Train a task that is loaded by PPO; see ``run``."""
    if args.learner != "ppo":
        raise ConfigError(f"--learner {args.learner}: task '{args.task}' is learnt by ppo, dagger or distill")
    task = made_privileged(task) if args.input == "privileged" else task
    task = asked_for(args, made_harder(task) if args.harder else task)
    job = LeggedJob(task, args.seed, args.config, args.threads, args.engine)
    check(job)
    _refuse_idle(args, task)
    return train_and_save(
        args, args.config, task, lambda: LeggedRun(job, args.out, resume=args.resume, start_from=args.start_from)
    )


def _refuse_idle(args: Args, task: LeggedTask) -> None:
    """Refuse options that are for other trainings than this one."""
    config = args.config
    if not task.spec.tolerances:
        why = f"task '{args.task}' follows no motion"
        require_untouched("config.tracking", config.tracking, TrackingSettings(), why)
    if args.start_from is None and config.ppo.critic_first != type(config.ppo)().critic_first:
        raise ConfigError("--config.ppo.critic-first has no effect: it goes with --start-from")
