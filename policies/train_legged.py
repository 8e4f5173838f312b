"""Train a policy that moves a body on legs and save it as a bundle.

What a run leaves in its folder: ``config.json`` (resolved), ``checkpoint.npz``, ``curve.jsonl``,
TensorBoard events, ``bundle/`` and ``result.json``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import tyro
from rich.console import Console

from policies.evaluate_legged import early_end, error_line
from policies.learners.legged.settings import LeggedTrainConfig
from policies.legged_bundle import build_legged_bundle
from policies.legged_run import LeggedJob, LeggedRun, check
from policies.segmented_training import check_run, print_result, train_on_show
from policies.training_result import write_result
from sim.envs.legged import LeggedTask, load_legged_task

EXAMPLE = """sim2metal train velocity --out runs/go1
sim2metal train velocity --out runs/go1 --resume
sim2metal train velocity --robot g1 --out runs/g1 --threads 2
sim2metal train stand --out runs/stand --config.iterations 300
sim2metal train twist --out runs/twist --config.ppo.critics single
tensorboard --logdir runs"""


@dataclass
class Args:
    """Train a policy that moves a body on legs."""

    task: tyro.conf.Positional[str]
    """What to learn: a file of sim/tasks."""
    robot: str | None = None
    """Whose body: a folder of sim/robots; default: the task's own robot."""
    seed: int = 0
    """Of weights, starts, commands, randomization and noise."""
    out: Path = Path("runs/legged")
    """Run folder."""
    bundle: Path | None = None
    """Where to save the bundle; default: ``bundle`` in the run folder."""
    resume: bool = False
    """Go on from the folder's checkpoint, to the same result as if it had never stopped."""
    overwrite: bool = False
    """Replace a run that is in the folder already."""
    threads: int = 1
    """Threads of the simulation; results do not depend on it."""
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
    """Train a task that is loaded; see ``run``."""
    job = LeggedJob(task, args.seed, args.config, args.threads)
    check(job)
    torch.set_num_threads(1)  # networks are small: threads would wait for each other more than they work
    console = Console(highlight=False)
    run = train_on_show(args, lambda: LeggedRun(job, args.out, resume=args.resume), "standing", console)
    spent = {"train_cpu_s": round(run.clock.cpu_s, 1), "train_wall_s": round(run.clock.wall_s, 1)}
    evaluation = {**run.evaluation, **spent}
    bundle = build_legged_bundle(
        args.bundle or args.out / "bundle", run.actor, job.task, args.seed, args.config, evaluation
    )
    result = write_result(args.out, run, run.iteration, args.seed, bundle)
    spec = job.task.spec
    commanded = run.evaluation and (spec.command is not None or spec.asked)
    print_result(
        result,
        f"score {result['train.best']['score']:.3f}",
        f"episodes without {early_end(spec)}",
        error_line(run.evaluation) if commanded else None,
        console,
    )
    return result
