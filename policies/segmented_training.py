"""What the ``train`` verbs of tasks on rsl-rl-lib share: their options' checks, the training on show, its report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rich.console import Console

from policies.segmented_run import SegmentedRun
from policies.training_bar import check_folder, train_with_bar
from policies.training_run import CHECKPOINT
from sim.errors import ConfigError
from sim.files import write_atomic

Run = TypeVar("Run", bound=SegmentedRun)


class RunOptions(Protocol):
    """Options that each of these verbs has."""

    seed: int
    out: Path
    resume: bool
    overwrite: bool
    threads: int


def check_run(args: RunOptions) -> None:
    """Refuse options that cannot be.

    Raises:
        ConfigError: naming the option, or a folder with a run in it.
    """
    if args.seed < 0:
        raise ConfigError(f"--seed must not be negative, got {args.seed}")
    if args.threads < 1:
        raise ConfigError(f"--threads must be at least 1, got {args.threads}")
    check_folder(args.out / CHECKPOINT, resume=args.resume, overwrite=args.overwrite)


def train_on_show(args: RunOptions, make_run: Callable[[], Run], word: str, console: Console) -> Run:
    """Make a run, write its settings, and train it behind a bar.

    Args:
        args: options, checked.
        make_run: from random weights or from the folder's checkpoint.
        word: what a success is called beside its share.
        console: where the bar is drawn.

    Raises:
        ConfigError: for an impossible setting.
        StorageError: if the disk is full; the last checkpoint is intact.
    """

    def note(values: dict[str, float]) -> str:
        success = values.get("success_rate_in_training")
        return f"reward {values['reward']:.4f}" + ("" if success is None else f"  {success:.0%} {word}")

    with console.status("preparing (compiled code is cached after the first time)"):
        run = make_run()
    write_atomic(args.out / "config.json", json.dumps(run.identity, indent=2) + "\n")
    train_with_bar(run, run.iteration, run.settings.iterations, note, console, every=1)
    return run


def print_result(result: dict[str, Any], best: str, episodes: str, more: str | None, console: Console) -> None:
    """Print what ``write_result`` returned.

    Args:
        result: the figures.
        best: what is said of the best weights.
        episodes: what those were judged in, behind their number.
        more: another line about the judgement.
        console: where to.
    """
    judged = result["train.evaluation"]
    console.print(
        f"trained in {result['train.wall_s']:.0f} s wall, {result['train.cpu_s']:.0f} CPU-s"
        f" ({result['train.env_steps'] / 1e6:.2f} M steps)"
    )
    console.print(f"best weights: iteration {result['train.best']['iteration']:.0f}, {best}")
    if judged:
        low, high = judged["success_interval"]
        console.print(
            f"judged: {judged['success_rate']:.1%} of {judged['episodes']} {episodes}"
            f" (95 % interval {100 * low:.1f} - {100 * high:.1f})"
        )
        if more is not None:
            console.print(more)
    console.print(f"bundle: {result['train.bundle']} ({result['train.bundle_id'][:12]})")
