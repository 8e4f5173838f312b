"""Train a policy from random weights and save it as a bundle.

Tasks that fly are trained here; those with an arm (``policies.train_contact``), those on legs
(``policies.train_legged``, or from a replay ``policies.train_off_policy``) and motions
(``policies.train_imitation``) have options of their own: ``sim2metal train velocity --help``.
What a run leaves in its folder: ``config.json`` (resolved), ``checkpoint.npz``, ``curve.jsonl``,
TensorBoard events, ``bundle/`` and ``result.json``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from rich.console import Console

from policies.build import build_bundle
from policies.golden import LEAST_STEPS, STEPS
from policies.learners.blas import use_one_thread
from policies.training_bar import check_folder, train_with_bar
from policies.training_result import write_result
from policies.training_run import CHECKPOINT, TrainConfig, TrainingRun, warm_up, with_airframe
from sim.contact.spec import ContactTaskSpec
from sim.envs.task import load_flight_task, task_at_level
from sim.errors import ConfigError
from sim.files import write_atomic
from sim.identified import read_identified
from sim.identified_airframe import around
from sim.legged.motion import motion_of
from sim.legged.spec import LeggedTaskSpec
from sim.registry import load_task, task_names

EXAMPLE = """sim2metal train hover --seed 0 --out runs/hover
sim2metal train hover --seed 0 --out runs/hover --resume
sim2metal train hover --action rates --out runs/rates
sim2metal train hover --robot x500 --out runs/x500
sim2metal train track --calibration units/cf07.json --start-from policies/zoo/track --out runs/cf07
sim2metal train hover --out runs/short --config.learner.iterations 200
sim2metal train peg_placement --learner ppo --input privileged --out runs/peg
sim2metal train velocity --robot go1 --out runs/go1
tensorboard --logdir runs"""


@dataclass
class Args:
    """Train a policy."""

    task: tyro.conf.Positional[str] = "hover"
    """What to learn: a file of sim/tasks."""
    action: str = "motor"
    """What to command: motor, rates, attitude, velocity or position; hover at rates is the task hover_rates."""
    robot: str | None = None
    """Who flies it: a folder of sim/robots; default: the task's own robot."""
    seed: int = 0
    """Of weights, airframes, starts and noise."""
    out: Path = Path("runs/hover")
    """Run folder."""
    bundle: Path | None = None
    """Where to save the bundle; default: ``bundle`` in the run folder."""
    resume: bool = False
    """Go on from the folder's checkpoint, to the same result as if it had never stopped."""
    overwrite: bool = False
    """Replace a run that is in the folder already."""
    parameter_set: str | None = None
    """Airframe to randomise around; default: the robot's default set."""
    calibration: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """An identified robot's file (units/SERIAL.json): train around its values, randomised by their covariance."""
    start_from: Annotated[Path | None, tyro.conf.arg(metavar="BUNDLE")] = None
    """A bundle of the same task and network whose weights the training begins with: fine-tuning takes a fraction of the
    iterations and of the step size, see docs/calibration.md."""
    threads: int = 1
    """Threads of torch."""
    golden_steps: int = STEPS
    """Length of the bundle's golden sequences, at least 60; shorter ones make it smaller."""
    config: TrainConfig = field(default_factory=TrainConfig)
    """Settings of learner, starts and evaluation."""


_LEGGED_LEARNERS = {
    "sac": "policies.train_off_policy",
    "symphony": "policies.train_off_policy",
    "dagger": "policies.train_dagger",
    "distill": "policies.train_distill",
}
_MOTION_LEARNERS = {"dagger": "policies.train_motion_dagger", "distill": "policies.train_motion_distill"}
"""Modules of learners that have options of their own, beside PPO."""


def module_for(argv: Sequence[str]) -> str:
    """Return the module with the options of the task that is named in the arguments."""
    named = next((argument for argument in argv if argument in task_names()), Args.task)
    spec = load_task(named).TASK
    if isinstance(spec, LeggedTaskSpec):
        if motion_of(spec) is not None:
            return _MOTION_LEARNERS.get(_learner(argv) or "", "policies.train_imitation")
        return _LEGGED_LEARNERS.get(_learner(argv) or "", "policies.train_legged")
    return "policies.train_contact" if isinstance(spec, ContactTaskSpec) else __name__


def _learner(argv: Sequence[str]) -> str | None:
    """Return what follows ``--learner``, if it is there."""
    words = [word for argument in argv for word in argument.split("=", 1)]
    return next((word for option, word in pairwise(words) if option == "--learner"), None)


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        ConfigError: for an unknown task, robot, parameter set or impossible setting, a calibration of another robot,
            or a folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    if args.seed < 0:
        raise ConfigError(f"--seed must not be negative, got {args.seed}")
    task = with_airframe(load_flight_task(task_at_level(args.task, args.action), args.robot), args.parameter_set)
    if args.calibration is not None:
        task = around(task, read_identified(args.calibration))
    if args.golden_steps < LEAST_STEPS:
        raise ConfigError(f"--golden-steps must be at least {LEAST_STEPS}, got {args.golden_steps}")
    check_folder(args.out / CHECKPOINT, resume=args.resume, overwrite=args.overwrite)
    torch.set_num_threads(args.threads)
    use_one_thread()
    console = Console()
    with console.status("compiling (cached after the first time)"):
        jit_s = warm_up(task, args.config)
    run = TrainingRun(task, args.config, args.seed, args.out, resume=args.resume, start_from=args.start_from)
    write_atomic(args.out / "config.json", json.dumps(run.identity, indent=2) + "\n")
    train_with_bar(run, run.learner.iteration, run.config.learner.iterations, _note, console)
    bundle = build_bundle(
        args.bundle or args.out / "bundle", run.actor, task, args.seed, run.config, run.evaluation,  # type: ignore[arg-type]
        golden_steps=args.golden_steps, start_from=run.identity.get("start_from"),
    )  # fmt: skip
    result = write_result(args.out, run, run.learner.iteration, args.seed, bundle, {"train.jit_s": jit_s})
    _print(result, console)
    return result


def _note(values: dict[str, float]) -> str:
    return f"cost {values['cost']:.3f}"


def _print(result: dict[str, Any], console: Console) -> None:
    best, judged = result["train.best"], result["train.evaluation"]
    console.print(
        f"trained in {result['train.wall_s']:.1f} s wall, {result['train.cpu_s']:.1f} CPU-s"
        f" ({result['train.env_steps'] / 1e6:.1f} M steps; start-up and compiling {result['train.jit_s']:.1f} s apart)"
    )
    console.print(
        f"best weights: iteration {best['iteration']:.0f}, {best['success_rate']:.1%} success,"
        f" {100 * best['median_steady_error_m']:.1f} cm median steady error in the plant it learned in"
    )
    if judged:
        error = judged["median_steady_error_m"]
        text = "-" if error is None else f"{100 * error:.1f} cm"
        console.print(
            f"in MuJoCo: {judged['success_rate']:.1%} of {judged['episodes']} episodes, median steady error {text}"
            f" (table {judged['table_hash'][:12]})"
        )
    console.print(f"bundle: {result['train.bundle']} ({result['train.bundle_id'][:12]})")
