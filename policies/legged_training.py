"""What trainings of bodies on legs share, whatever learns: their options, and the way from a run to a bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from rich.console import Console

from policies.dagger_run import DaggerRun
from policies.evaluate_legged import early_end, error_line
from policies.legged_bundle import build_legged_bundle
from policies.off_policy_run import OffPolicyRun
from policies.rsl_rl_run import RslRlRun
from policies.segmented_training import print_result, train_on_show
from policies.training_result import write_result
from sim.envs.legged import LeggedTask, made_late
from sim.identified import read_identified
from sim.identified_joints import around_joints
from sim.legged.world import Engine


@dataclass
class Options:
    """What every training of a body on legs can be told."""

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
    engine: Engine = "mujoco"
    """What steps the physics of the training: mujoco (CPU) or warp (mujoco_warp on an NVIDIA GPU). Policies are always
    judged by MuJoCo."""
    calibration: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """An identified robot's file (units/SERIAL.json): train with its joints, randomised by their covariance."""
    observation_delay: Annotated[tuple[float, float] | None, tyro.conf.arg(metavar="LOW HIGH")] = None
    """Train and judge with sensors whose measurements are late: between which their age is drawn for each episode, s;
    it comes on top of the delay of commands. Default: they are not."""


def asked_for(args: Options, task: LeggedTask) -> LeggedTask:
    """Return the task around an identified robot, and with late sensors, if either is asked for.

    Raises:
        ConfigError: if the file is none, or of another robot, or for ages that cannot be.
        StorageError: if it cannot be read.
    """
    if args.calibration is not None:
        task = around_joints(task, read_identified(args.calibration))
    return task if args.observation_delay is None else made_late(task, args.observation_delay)


def train_and_save(
    args: Options, config: Any, task: LeggedTask, make_run: Callable[[], RslRlRun | OffPolicyRun | DaggerRun]
) -> dict[str, Any]:
    """Train behind a bar, save the bundle, print and return the ``train.`` figures.

    Args:
        args: options, checked.
        config: settings of the learner, for the bundle.
        task: what is learnt.
        make_run: from random weights or from the folder's checkpoint.

    Raises:
        ConfigError: for an impossible setting.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    torch.set_num_threads(1)  # networks are small: threads would wait for each other more than they work
    console = Console(highlight=False)
    run = train_on_show(args, make_run, "standing", console)
    spent = {"train_cpu_s": round(run.clock.cpu_s, 1), "train_wall_s": round(run.clock.wall_s, 1)}
    evaluation = {**run.evaluation, **spent}
    bundle = build_legged_bundle(
        args.bundle or args.out / "bundle", run.actor, task, args.seed, config, evaluation,
        start_from=run.identity.get("start_from"),
    )  # fmt: skip
    result = write_result(args.out, run, run.iteration, args.seed, bundle)
    spec = task.spec
    commanded = run.evaluation and (spec.command is not None or spec.asked)
    print_result(
        result,
        f"score {result['train.best']['score']:.3f}",
        f"episodes without {early_end(spec)}",
        error_line(run.evaluation) if commanded else None,
        console,
    )
    return result
