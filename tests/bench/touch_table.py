"""The table of learners by input of the contact tasks: trains what is missing in a folder, and reads what is there.

    python -m tests.bench.touch_table runs/touch-table                     # everything, see docs/touch-learning.md
    python -m tests.bench.touch_table runs/touch-table --rows dagger-field --seeds 0 1 2
    python -m tests.bench.touch_table runs/touch-table --none              # only prints what is there

Every run is one of ``sim2metal train`` with its default settings but for those that a row names, and can be killed: the
next time it goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from rich.console import Console

from tests.bench.script import run_script
from tests.bench.trained_runs import finished_runs, interval, train_run, trained_on

TASKS = {"placement": "peg_placement", "insertion": "peg_insertion"}
"""Names of the figures, and the tasks."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: of its runs.
        learner: as on the command line.
        input: what the actor sees.
        expert: by task: the name of a script, or of another row, whose run with the same seed it is.
        options: other settings than the default ones.
    """

    name: str
    learner: str
    input: str
    expert: Mapping[str, str | None]
    options: tuple[str, ...] = ()


def _both(expert: str | None) -> dict[str, str | None]:
    return dict.fromkeys(TASKS, expert)


_SHOWN = {"placement": "script", "insertion": "search"}
"""What a policy that only feels the hole can imitate is a script that only feels it, too."""
_SHORT = (
    *("--config.iterations", "80", "--config.evaluations", "2", "--config.evaluation-episodes", "128"),
    *("--config.judge-episodes", "256"),
)
"""What is only there to be compared with is trained and judged less: intervals say so."""
_IMAGES = (
    *("--config.imitation.rollouts", "20", "--config.num-envs", "64", "--config.iterations", "160"),
    *("--config.imitation.windows", "16", "--config.imitation.updates", "8", *_SHORT[2:]),
)
"""Pictures are large, and cost: fewer of them are kept, and learnt from."""
_FEW_IMAGES = (*_IMAGES, "--config.iterations", "40")
"""Of insertion four times as many pictures without the camera's taught nothing."""
_LONG = ("--config.iterations", "480", *_SHORT[2:])
"""Half a millimetre takes longer to learn."""
_FINE = (
    *("--config.horizon", "64", "--config.ppo.later-std", "0.12", "--config.ppo.critic-first", "4"),
    *("--config.ppo.epochs", "3", "--config.checkpoint-every", "10"),
    *("--config.evaluations", "2", "--config.evaluation-episodes", "128", "--config.judge-episodes", "256"),
)
_FIRST = (*_FINE, "--config.iterations", "80")
_FROM_NOTHING = (
    *("--config.horizon", "64", "--config.iterations", "160", "--config.checkpoint-every", "20"),
    *_SHORT[2:],
)
"""A new actor beside a critic that is there; published are runs of thousands of simulations."""
_FOUND = (
    *(*_FINE, "--config.iterations", "400", "--config.checkpoint-every", "20"),
    *("--config.network.memory-size", "256", "--config.network.shortcut"),
)

_GUIDED = (
    *("--config.imitation.expert-until", "0.6", "--config.imitation.clue-weight", "0"),
    *("--config.network.memory-size", "256", "--config.network.shortcut"),
    *("--config.num-envs", "64", "--config.horizon", "256", "--config.iterations", "360"),
    *("--config.imitation.windows", "16", "--config.imitation.updates", "32", "--config.imitation.rollouts", "60"),
    *("--config.checkpoint-every", "30", "--config.evaluations", "2", "--config.evaluation-episodes", "128"),
)
"""Search is one thing after the other: rollouts are whole episodes, the memory is larger, and the expert shows more."""
_GUIDED_SHORT = (*_GUIDED, "--config.iterations", "90", *_SHORT[-2:])
"""As the one that feels, for a quarter as long: it is only there to be compared with."""

ROWS = (
    Row("dagger-field", "dagger", "field", {"placement": "script"}),
    Row("dagger-field", "dagger", "field", {"insertion": "search"}, _GUIDED),
    Row("dagger-privileged", "dagger", "privileged", {"placement": "script"}, _SHORT),
    Row("dagger-privileged", "dagger", "privileged", {"insertion": "script"}, _LONG),
    Row("dagger-state", "dagger", "state", _both("script"), _SHORT),
    Row("dagger-search-state", "dagger", "state", {"insertion": "search"}, _GUIDED_SHORT),
    Row("bc-field", "bc", "field", _SHOWN, _SHORT),
    Row("bc-privileged", "bc", "privileged", _both("script"), _SHORT),
    Row("bc-state", "bc", "state", _both("script"), _SHORT),
    Row("ppo-privileged", "ppo", "privileged", _both("dagger-privileged"), _FIRST),
    Row("ppo-field", "ppo", "field", {"placement": "dagger-field"}, _FIRST),
    Row("ppo-field", "ppo", "field", {"insertion": "dagger-field"}, _FOUND),
    Row("aacd-field", "aacd", "field", _both("ppo-privileged"), _FROM_NOTHING),
    Row("dagger-image", "dagger", "image", _SHOWN, _IMAGES),
    Row("dagger-image-wrist", "dagger", "image+wrist", {"placement": "script"}, _IMAGES),
    Row("dagger-image-wrist", "dagger", "image+wrist", {"insertion": "search"}, _FEW_IMAGES),
)


@dataclass
class Args:
    """Train the runs of the table that are missing, and print it."""

    folder: tyro.conf.Positional[Path]
    """Of the runs."""
    tasks: tuple[str, ...] = tuple(TASKS)
    rows: tuple[str, ...] = tuple(row.name for row in ROWS)
    """Which; rows that they learn from are trained, too."""
    seeds: tuple[int, ...] = (0,)
    threads: int = 1
    """Of each training; more of them change what comes out in the last digits."""
    none: bool = False
    """Train nothing."""


def main(args: Args) -> None:
    """Train and print."""
    console = Console(highlight=False)
    for seed in args.seeds:
        for row in ROWS if not args.none else ():
            for task in (task for task in args.tasks if row.name in args.rows and task in row.expert):
                console.print(f"{task}: {row.name}, seed {seed}")
                train(args.folder, task, row, seed, args.threads)
    for task in args.tasks:
        console.print(f"\n{task}\n{markdown(read_table(args.folder, task))}", soft_wrap=True)


def train(folder: Path, task: str, row: Row, seed: int, threads: int = 1) -> Path:
    """Train a row, unless it is there already, and what it learns from before; return the folder of its run."""
    run = run_folder(folder, task, row.name, seed)
    if (run / "result.json").exists():
        return run
    expert, by_name = row.expert[task], {other.name: other for other in ROWS if task in other.expert}
    if expert in by_name:
        expert = str(train(folder, task, by_name[expert], seed, threads).resolve())
    command = ["train", TASKS[task], "--learner", row.learner, "--input", row.input, "--seed", str(seed)]
    command += [] if expert is None else ["--expert", expert]
    train_run(run, *command, "--threads", str(threads), *row.options)
    return run


def run_folder(folder: Path, task: str, row: str, seed: int) -> Path:
    """Return where a run of the table is."""
    return folder / task / f"{row}-{seed}"


def read_table(folder: Path, task: str) -> list[dict[str, Any]]:
    """Return the rows of a task, with what their runs reached; rows without runs say so."""
    return [_read_row(folder, task, row) for row in ROWS if task in row.expert]


def _read_row(folder: Path, task: str, row: Row) -> dict[str, Any]:
    runs = finished_runs(folder / task, row.name, row.options)
    seeds = [{"seed": seed, **read_run(run)} for seed, run in runs.items()]
    said = {"learner": row.learner, "input": row.input, "expert": row.expert[task] or "none", "row": row.name}
    return summed_up({**said, "options": list(row.options), "seeds": seeds})


def summed_up(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with mean and 95 % interval over its seeds, or over the starts of a single one."""
    seeds = row["seeds"]
    if not seeds:
        return row
    rates = [seed["success_rate"] for seed in seeds]
    low, high = interval(rates) if len(rates) > 1 else seeds[0]["interval"]
    return {**row, "success": float(np.mean(rates)), "interval": [max(0.0, low), min(1.0, high)]}


def read_run(run: Path) -> dict[str, Any]:
    """Return what a run cost and reached, on which machine."""
    result = json.loads((run / "result.json").read_text())
    judged = result["train.evaluation"]
    return {
        "success_rate": judged["success_rate"],
        "interval": judged["success_interval"],
        "starts": judged["episodes"],
        "train_cpu_s": result["train.cpu_s"],
        "env_steps": result["train.env_steps"],
        "machine": trained_on(run),
    }


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return a table for people."""
    lines = [
        "| learner | input | learns from | success | 95 % interval | seeds | CPU-s each |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        head = f"| `{row['learner']}` | `{row['input']}` | {row['expert']} |"
        if not row["seeds"]:
            lines.append(f"{head} not run | | | |")
            continue
        low, high = row["interval"]
        cost = np.mean([seed["train_cpu_s"] for seed in row["seeds"]])
        lines.append(f"{head} {row['success']:.1%} | {low:.1%} - {high:.1%} | {len(row['seeds'])} | {cost:,.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    run_script(main, Args)
