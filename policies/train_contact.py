"""Train a policy for a contact task and save it as a bundle: by reinforcement, from a critic, or from an expert.

What a run leaves in its folder: ``config.json`` (resolved), ``checkpoint.npz``, ``curve.jsonl``,
TensorBoard events, ``bundle/`` and ``result.json``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import tyro
from rich.console import Console

from policies.contact_bundle import build_contact_bundle
from policies.contact_job import ContactJob, check
from policies.contact_run import ContactRun
from policies.learners.contact.environments import SCRIPTS, make_environment
from policies.learners.contact.settings import ContactTrainConfig, LearnerName
from policies.segmented_training import check_run, print_result, train_on_show
from policies.training_result import write_result
from sim.envs.contact_task import load_contact_task

EXAMPLE = """sim2metal train peg_placement --learner dagger --input privileged --expert script --out runs/shown
sim2metal train peg_placement --learner ppo --input privileged --expert runs/shown --out runs/expert
sim2metal train peg_placement --learner aacd --input field --expert runs/expert --out runs/touch
sim2metal train peg_placement --learner dagger --input image --expert runs/expert --out runs/seen
sim2metal train peg_placement --learner ppo --input state --out runs/state --resume
tensorboard --logdir runs"""


@dataclass
class Args:
    """Train a policy for a contact task."""

    task: tyro.conf.Positional[str]
    """What to learn: a file of sim/tasks."""
    learner: LearnerName = "ppo"
    """ppo, aacd (new actor, the expert's critic), dagger or bc (imitate the expert)."""
    input: str = "state"
    """What the actor sees: state, privileged, field, image or image+wrist."""
    expert: str | None = None
    """Folder of an earlier run of the task: dagger and bc imitate its actor, ppo begins with it, aacd takes over its
    critic; or script (a controller that knows the truth) or search (one that knows what can be felt), for dagger
    and bc to imitate."""
    seed: int = 0
    """Of weights, starts, randomization and noise."""
    out: Path = Path("runs/contact")
    """Run folder."""
    bundle: Path | None = None
    """Where to save the bundle; default: ``bundle`` in the run folder."""
    resume: bool = False
    """Go on from the folder's checkpoint, to the same result as if it had never stopped."""
    overwrite: bool = False
    """Replace a run that is in the folder already."""
    threads: int = 1
    """Threads of torch and of the simulation."""
    config: ContactTrainConfig = field(default_factory=ContactTrainConfig)
    """Settings of learner, networks and evaluation."""


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        ConfigError: for an unknown task, input or impossible setting, or a folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    check_run(args)
    module = load_contact_task(args.task)
    torch.set_num_threads(args.threads)
    make_env = functools.partial(make_environment, module, threads=args.threads, augment=args.config.augment)
    job = ContactJob(module.TASK, args.learner, args.input, args.seed, args.config, args.expert)
    check(job)
    console = Console(highlight=False)

    def make_run() -> ContactRun:
        return ContactRun(job, make_env, args.out, resume=args.resume, scripts=SCRIPTS)

    run = train_on_show(args, make_run, "success", console)
    bundle = build_contact_bundle(
        args.bundle or args.out / "bundle", run.actor, module.TASK, run.seen, make_env, args.seed, args.config,
        {**run.evaluation, "learner": args.learner, "input": args.input, "train_cpu_s": round(run.clock.cpu_s, 1)},
    )  # fmt: skip
    result = write_result(args.out, run, run.iteration, args.seed, bundle)
    print_result(result, f"{result['train.best']['success_rate']:.1%} success", "starts", None, console)
    return result
