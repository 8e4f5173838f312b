"""The table of learners of bodies on legs: trains what is missing in a folder, and reads what is there.

    python -m tests.bench.learner_table runs/learner-table                       # two tasks, five seeds: hours
    python -m tests.bench.learner_table runs/learner-table --learners sac --seeds 0
    python -m tests.bench.learner_table runs/learner-table --none                # only prints what is there

Every run is ``sim2metal train`` with its default settings but for the number of steps, and can be killed: the next time
it goes on. All learners take the same steps, and PPO once more four times as many, which costs less than SAC all the
same. It learns without mirror images, which the others do not have.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from rich.console import Console

from tests.bench.script import run_script
from tests.bench.trained_runs import finished_runs, interval, train_run, trained_on

TASKS = ("velocity", "stand")
STEPS = 491_520
"""Of all environments together: 40 rollouts of PPO, 320 of the others. Half the default ones of the others: the whole
table is hours of two cores all the same."""
HORIZON = 24


@dataclass(frozen=True)
class Contender:
    """A learner of the table."""

    learner: str
    environments: int
    share: int = 1
    """Times as many steps as the others."""
    options: tuple[str, ...] = ()
    """Beside those of the steps."""


CONTENDERS = {
    "ppo": Contender("ppo", 512, options=("--config.ppo.no-symmetry",)),
    "ppo-longer": Contender("ppo", 512, share=4, options=("--config.ppo.no-symmetry",)),
    "sac": Contender("sac", 64),
    "symphony": Contender("symphony", 64),
}


@dataclass
class Args:
    """Train the runs of the table that are missing, and print it."""

    folder: tyro.conf.Positional[Path]
    """Of the runs."""
    tasks: tuple[str, ...] = TASKS
    learners: tuple[str, ...] = tuple(CONTENDERS)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    robot: str = "biped"
    steps: int = STEPS
    """Of all environments together; whole rollouts of every learner are the nearest below."""
    none: bool = False
    """Train nothing."""


def main(args: Args) -> None:
    """Train and print."""
    console = Console(highlight=False)
    for seed in args.seeds if not args.none else ():
        for task in args.tasks:
            for learner in args.learners:
                console.print(f"{task}: {learner}, seed {seed}")
                command = ("train", task, "--robot", args.robot, "--seed", str(seed))
                train_run(run_folder(args, task, learner, seed), *command, *options(learner, args.steps))
    rows = [read_row(args, task, learner) for task in args.tasks for learner in args.learners]
    console.print(f"\n{markdown(rows)}", soft_wrap=True)


def options(name: str, steps: int) -> tuple[str, ...]:
    """Return the learner and the settings that give it its steps; all of them are those of every learner."""
    contender = CONTENDERS[name]
    rollout = contender.environments * HORIZON
    sizes = {
        "iterations": max(1, contender.share * steps // rollout),
        "num-envs": contender.environments,
        "horizon": HORIZON,
    }
    words = (word for name, value in sizes.items() for word in (f"--config.{name}", str(value)))
    return ("--learner", contender.learner, *words, *contender.options)


def run_folder(args: Args, task: str, learner: str, seed: int) -> Path:
    """Return where a run of the table is."""
    return args.folder / f"{task}-{args.robot}" / f"{learner}-{seed}"


def read_row(args: Args, task: str, learner: str) -> dict[str, Any]:
    """Return what the runs of a task and a learner reached; without runs there are no ``seeds``."""
    folder = run_folder(args, task, learner, 0).parent
    words = list(options(learner, args.steps))
    seeds = [{"seed": seed, **read_run(run)} for seed, run in finished_runs(folder, learner, words).items()]
    return summed_up({"task": task, "robot": args.robot, "learner": learner, "options": words, "seeds": seeds})


def summed_up(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with mean and 95 % interval over its seeds; of a single one there is no interval."""
    if not row["seeds"]:
        return row
    scores = [seed["score"] for seed in row["seeds"]]
    return {**row, "score": float(np.mean(scores)), "interval": list(interval(scores)) if len(scores) > 1 else None}


def read_run(run: Path) -> dict[str, Any]:
    """Return what a run cost and reached, on which machine."""
    result = json.loads((run / "result.json").read_text())
    judged = result["train.evaluation"]
    return {
        "score": judged["score"],
        "success_rate": judged["success_rate"],
        "velocity_error_m_s": judged["velocity_error_m_s"],
        "share_ahead": judged["share_followed"]["ahead"],
        "episodes": judged["episodes"],
        "train_cpu_s": result["train.cpu_s"],
        "env_steps": result["train.env_steps"],
        "machine": trained_on(run),
    }


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return a table for people."""
    lines = [
        "| task | learner | score | 95 % interval | no fall | velocity error | ahead, of what is asked | seeds |"
        " steps each | CPU-s each |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        head, seeds = f"| `{row['task']}` on `{row['robot']}` | {row['learner']} |", row["seeds"]
        if not seeds:
            lines.append(f"{head} not run | | | | | | | |")
            continue
        low_high = row["interval"]
        shown = "one seed" if low_high is None else f"{low_high[0]:.2f} - {low_high[1]:.2f}"
        errors = [seed["velocity_error_m_s"] for seed in seeds if seed["velocity_error_m_s"] is not None]
        error = f"{np.mean(errors):.2f} m/s" if errors else "-"
        shares = [seed["share_ahead"] for seed in seeds if seed["share_ahead"] is not None]
        ahead = f"{np.mean(shares):.0%}" if shares else "-"
        steps, cost, held = (
            np.mean([seed[name] for seed in seeds]) for name in ("env_steps", "train_cpu_s", "success_rate")
        )
        lines.append(
            f"{head} {row['score']:.2f} | {shown} | {held:.1%} | {error} | {ahead} | {len(seeds)} | {steps:,.0f} |"
            f" {cost:,.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    run_script(main, Args)
