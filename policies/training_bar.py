"""What every training shows and asks of its folder: a progress bar, and no earlier run lost by accident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from policies.run_log import RunLog
from sim.errors import ConfigError

Values = dict[str, float]


class Trainable(Protocol):
    """A run that trains to its last iteration."""

    log: RunLog

    def train(self, progress: Callable[[int, Values], None]) -> None:
        """Run, calling ``progress`` after each iteration with its number and what it measured."""
        ...


def check_folder(checkpoint: Path, *, resume: bool, overwrite: bool) -> None:
    """Lose no earlier run by accident.

    Raises:
        ConfigError: if there is a checkpoint and neither option, or both are given.
    """
    if resume and overwrite:
        raise ConfigError("--resume goes on with a run, --overwrite replaces it: give one of them")
    if checkpoint.exists() and not (resume or overwrite):
        raise ConfigError(
            f"{checkpoint.parent} holds a run: go on with it by --resume, replace it by --overwrite, or give another"
            " --out"
        )


def train_with_bar(
    run: Trainable, done: int, total: int, note: Callable[[Values], str], console: Console, every: int = 20
) -> None:
    """Train, showing how far it is.

    Args:
        run: what to train.
        done: iterations before it began.
        total: iterations in all.
        note: says in a few words what an iteration measured.
        console: where the bar is drawn.
        every: iterations between two updates of the bar.
    """
    columns = (TextColumn("training"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, refresh_per_second=4) as bar:
        task = bar.add_task("training", total=total, completed=done, note="")

        def progress(iteration: int, values: Values) -> None:
            if iteration % every == 0 or iteration == total:
                bar.update(task, completed=iteration, note=f"{iteration}/{total}  {note(values)}")

        try:
            run.train(progress)
        finally:
            run.log.close()
