"""Train with one thing taken away at a time and judge each policy in MuJoCo on the full evaluation table.

Every ablation is trained over the same seeds, and its best weights are chosen, as always, in the plant it was
trained in: an ablated run never sees the full table. A run that is finished is not trained again, one that was
killed goes on from its checkpoint.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from policies.ablations import Ablation, chosen
from policies.evaluator import Evaluator
from policies.learners.blas import use_one_thread
from policies.torch_policy import TorchPolicy
from policies.training_run import CHECKPOINT, TrainConfig, TrainingRun, for_task, warm_up
from sim.envs.task import FlightTask, load_flight_task
from sim.errors import ConfigError
from sim.files import write_atomic

EXAMPLE = """sim2metal ablate hover --seeds 5 --json ablations.json
sim2metal ablate hover --only no_history no_motor_delay --seeds 2 --out runs/two"""

RESAMPLES = 2000
"""Of the bootstrap."""


@dataclass
class Args:
    """Train and judge ablations."""

    task: tyro.conf.Positional[str] = "hover"
    """What to learn: a file of sim/tasks."""
    seeds: int = 5
    """Training runs of each ablation, from seed 0 on."""
    only: tuple[str, ...] = ()
    """Only these ablations, and the full method beside them; default: all."""
    episodes: int = 1000
    """Of each policy in MuJoCo, the same ones for all."""
    eval_seed: int = 1000
    """Of these episodes."""
    out: Path = Path("runs/ablate")
    """Where the runs are kept."""
    config: TrainConfig = field(default_factory=TrainConfig)
    """Settings that all ablations start from."""


def run(args: Args) -> dict[str, Any]:
    """Train what is missing, judge it, print the table and return it under ``ablate.`` keys.

    Raises:
        ConfigError: for an unknown task or ablation, no seeds, or runs in the folder made with other settings.
        StorageError: if the disk is full; what is finished is kept.
    """
    if args.seeds < 1:
        raise ConfigError(f"--seeds must be at least 1, got {args.seeds}")
    task, ablations = load_flight_task(args.task), chosen(args.only)
    config = dataclasses.replace(for_task(args.config, task), judge_episodes=0)
    torch.set_num_threads(1)
    use_one_thread()
    console = Console(highlight=False)
    with console.status("compiling (cached after the first time)"):
        warm_up(task, config)
    judge = Evaluator(task, args.episodes, args.eval_seed)
    flown: dict[str, list[Flown]] = {}
    with _bar(console) as bar:
        shown = bar.add_task("", total=len(ablations) * args.seeds)
        for ablation in ablations:
            for seed in range(args.seeds):
                bar.update(shown, description=f"{ablation.name}, seed {seed}")
                folder = args.out / task.TASK.name / ablation.name / f"seed{seed}"
                flown.setdefault(ablation.name, []).append(one_run(task, ablation, config, seed, folder, judge))
                bar.advance(shown)
    rows = [summary(ablation, flown[ablation.name]) for ablation in ablations]
    _print(console, rows, args)
    return {
        "ablate.task": task.TASK.name,
        "ablate.seeds": args.seeds,
        "ablate.episodes": judge.sample.num_envs,
        "ablate.table_hash": judge.table.hash(),
        "ablate.rows": rows,
    }


@dataclass(frozen=True)
class Flown:
    """A trained policy's episodes in MuJoCo."""

    success: np.ndarray
    """(episodes,) bool."""
    steady_error_m: np.ndarray
    """(episodes,) infinite where the flight ended early."""
    command_change_rms: np.ndarray
    """(episodes,)"""


def one_run(
    task: FlightTask, ablation: Ablation, config: TrainConfig, seed: int, folder: Path, judge: Evaluator
) -> Flown:
    """Train and judge one ablation with one seed, or read what the folder holds of it.

    Raises:
        ConfigError: if the folder holds a run with other settings.
    """
    trained_on, config = ablated(task, ablation), ablation.configure(config)
    run = _open(trained_on, config, seed, folder)
    identity = json.loads(json.dumps({**run.identity, "training_table": trained_on.TRAINING_TABLE.hash()}))
    judged_by = {"judge_table": judge.table.hash(), "judge_seed": judge.seed, "judged": judge.sample.num_envs}
    record = folder / "ablation.json"
    known = json.loads(record.read_text()) if record.exists() else {"identity": identity}
    if known["identity"] != identity:
        raise ConfigError(f"{folder} holds a run on another training table: remove it, or give another --out")
    if known.get("judged_by") != judged_by:
        write_atomic(record, json.dumps(known) + "\n")  # what a killed run was trained on
        run.train(lambda _done, _values: None)
        evaluation = judge(TorchPolicy(run.actor))
        known |= {"judged_by": judged_by, "train_cpu_s": run.clock.cpu_s}
        known |= {name: getattr(evaluation, name).tolist() for name in _columns()}
        known["steady_error_m"] = [value if np.isfinite(value) else None for value in known["steady_error_m"]]
        write_atomic(record, json.dumps(known) + "\n")
    run.log.close()
    steady = [np.inf if value is None else value for value in known["steady_error_m"]]
    return Flown(np.array(known["success"]), np.array(steady), np.array(known["command_change_rms"]))


def _open(task: FlightTask, config: TrainConfig, seed: int, folder: Path) -> TrainingRun:
    """Return a run that begins, or goes on from the folder's checkpoint."""
    begun = (folder / CHECKPOINT).exists()
    try:
        return TrainingRun(task, config, seed, folder, resume=begun)
    except ConfigError as error:
        if not begun:
            raise
        raise ConfigError(f"{str(error).split(': ')[0]}: remove it, or give another --out") from None


def ablated(task: FlightTask, ablation: Ablation) -> FlightTask:
    """Return the task as the training sees it: the ablated table for learning and for choosing the best weights."""
    tables = {name: ablation.table(getattr(task, name)) for name in ("TRAINING_TABLE", "EVALUATION_TABLE")}
    return cast(FlightTask, SimpleNamespace(**{**vars(task), **tables}))


def summary(ablation: Ablation, flown: list[Flown]) -> dict[str, Any]:
    """Return one row of the table: figures over all seeds with the 95 % intervals of ``interval``."""
    success = [run.success for run in flown]
    steady = [run.steady_error_m for run in flown]
    change = np.concatenate([run.command_change_rms for run in flown])
    return {
        "name": ablation.name,
        "text": ablation.text,
        "success_rate": float(np.mean(success)),
        "success_interval": interval(success, lambda rows: rows.mean(axis=-1)),
        "success_rate_min": float(min(row.mean() for row in success)),
        "success_rates": [float(row.mean()) for row in success],
        "median_steady_error_m": _finite(np.median(np.concatenate(steady))),
        "median_steady_error_interval_m": interval(steady, lambda rows: np.median(rows, axis=-1)),
        "command_change_rms": float(np.sqrt(np.mean(np.square(change)))),
    }


def interval(
    seeds: list[np.ndarray], statistic: Callable[[np.ndarray], np.ndarray], resamples: int = RESAMPLES
) -> list[float | None]:
    """Return the 95 % percentile interval of a two-stage bootstrap: seeds, then episodes of each, with replacement.

    Seeds are few and episodes of one policy hang together, so episodes alone would make intervals far too
    narrow (Davison and Hinkley 1997, section 3.8; percentile interval: Efron 1979).

    Args:
        seeds: one array of episodes per seed, all of one length.
        statistic: ``(..., episodes)`` -> ``(...,)``.
        resamples: number of resamples.
    """
    rng = np.random.default_rng(0)
    values = np.empty(resamples)
    table = np.stack([np.asarray(row, np.float64) for row in seeds])
    count, episodes = table.shape
    for k in range(resamples):
        rows = rng.integers(count, size=(count, 1))
        values[k] = statistic(table[rows, rng.integers(episodes, size=(count, episodes))].reshape(-1))
    values.sort()
    return [_finite(values[int(0.025 * resamples)]), _finite(values[int(0.975 * resamples) - 1])]


def _columns() -> list[str]:
    return [column.name for column in dataclasses.fields(Flown)]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def _print(console: Console, rows: list[dict[str, Any]], args: Args) -> None:
    table = Table(title=f"{args.task}: one thing taken away at a time", title_justify="left")
    for name in ("", "success", "95 %", "worst", "error, cm", "95 %"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for row in rows:
        low, high = row["success_interval"]
        table.add_row(
            row["name"], f"{row['success_rate']:.1%}", f"{100 * low:.1f} - {100 * high:.1f}",
            f"{row['success_rate_min']:.1%}", _cm(row["median_steady_error_m"]),
            " - ".join(_cm(end) for end in row["median_steady_error_interval_m"]),
        )  # fmt: skip
    console.print(table)
    console.print(
        f"{args.seeds} seeds, {args.episodes} episodes each in MuJoCo on the full evaluation table, with disturbances;"
        " intervals: bootstrap over seeds and episodes."
    )


def _cm(value: float | None) -> str:
    return "lost" if value is None else f"{100 * value:.1f}"
