"""Train a policy that moves a body on legs and save it as a bundle.

What a run leaves in its folder: ``config.json`` (resolved), ``checkpoint.npz``, ``curve.jsonl``,
TensorBoard events, ``bundle/`` and ``result.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import tyro
from rich.console import Console

from policies.evaluate_legged import error_line
from policies.learners.legged.settings import LeggedTrainConfig
from policies.legged_bundle import build_legged_bundle
from policies.legged_run import LeggedJob, LeggedRun, check
from policies.training_bar import check_folder, forget_plots, train_with_bar
from policies.training_result import write_result
from policies.training_run import CHECKPOINT
from sim.envs.legged import LeggedTask, load_legged_task
from sim.errors import ConfigError
from sim.files import write_atomic

EXAMPLE = """sim2metal train velocity --out runs/go1
sim2metal train velocity --out runs/go1 --resume
sim2metal train velocity --robot g1 --out runs/g1 --threads 2
sim2metal train stand --out runs/stand --config.iterations 300
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
    if args.seed < 0:
        raise ConfigError(f"--seed must not be negative, got {args.seed}")
    if args.threads < 1:
        raise ConfigError(f"--threads must be at least 1, got {args.threads}")
    job = LeggedJob(load_legged_task(args.task, args.robot), args.seed, args.config, args.threads)
    check(job)
    check_folder(args.out / CHECKPOINT, resume=args.resume, overwrite=args.overwrite)
    torch.set_num_threads(1)  # networks are small: threads would wait for each other more than they work
    console = Console(highlight=False)
    if args.overwrite:
        forget_plots(args.out)
    with console.status("preparing (compiled code is cached after the first time)"):
        run = LeggedRun(job, args.out, resume=args.resume)
    write_atomic(args.out / "config.json", json.dumps(run.identity, indent=2) + "\n")
    train_with_bar(run, run.iteration, args.config.iterations, _note, console, every=1)
    spent = {"train_cpu_s": round(run.clock.cpu_s, 1), "train_wall_s": round(run.clock.wall_s, 1)}
    evaluation = {**run.evaluation, **spent}
    bundle = build_legged_bundle(
        args.bundle or args.out / "bundle", run.actor, job.task, args.seed, args.config, evaluation
    )
    result = write_result(args.out, run, run.iteration, args.seed, bundle)
    _print(result, job.task, console)
    return result


def _note(values: dict[str, float]) -> str:
    success = values.get("success_rate_in_training")
    standing = "" if success is None else f"  {success:.0%} standing"
    return f"reward {values['reward']:.4f}{standing}"


def _print(result: dict[str, Any], task: LeggedTask, console: Console) -> None:
    best, judged = result["train.best"], result["train.evaluation"]
    console.print(
        f"trained in {result['train.wall_s']:.0f} s wall, {result['train.cpu_s']:.0f} CPU-s"
        f" ({result['train.env_steps'] / 1e6:.2f} M steps)"
    )
    console.print(f"best weights: iteration {best['iteration']:.0f}, score {best['score']:.3f}")
    if judged:
        low, high = judged["success_interval"]
        console.print(
            f"judged: {judged['success_rate']:.1%} of {judged['episodes']} episodes without a fall (95 % interval"
            f" {100 * low:.1f} - {100 * high:.1f})"
        )
        if task.spec.command is not None:
            console.print(error_line(judged))
    console.print(f"bundle: {result['train.bundle']} ({result['train.bundle_id'][:12]})")
