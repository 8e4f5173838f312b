"""The table of imitated motions by method: trains what is missing in a folder, and reads what is there.

    python -m tests.bench.imitation_table runs/imitation                         # three motions, five seeds: 3 hours
    python -m tests.bench.imitation_table runs/imitation --clips squat --seeds 0
    python -m tests.bench.imitation_table runs/imitation --none                  # only prints what is there

Every run is ``sim2metal train imitate`` with its default settings but for the method's and a shorter training, and can
be killed: the next time it goes on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from rich.console import Console

from sim.legged.motion import BODY_DISTANCE
from tests.bench.script import run_script
from tests.bench.trained_runs import finished_runs, interval, train_run, trained_on

CLIPS = ("squat", "wave", "reach")
METHODS = {
    "adaptive": ("--config.tracking.tolerance", "adaptive", "--config.tracking.starts", "even"),
    "fixed": ("--config.tracking.tolerance", "fixed", "--config.tracking.starts", "even"),
    "fixed-hard": ("--config.tracking.tolerance", "fixed", "--config.tracking.starts", "hard"),
}
"""PBHC's tightening tolerance; the same without it; BeyondMimic's hard segments."""
SHORT = ("--config.iterations", "120", "--config.evaluations", "2")
"""737,280 steps: some 240 CPU-seconds."""
PLAYED = "played"
"""No policy: the motion's joints as targets (``tests.bench.bodies_imitation``)."""


@dataclass
class Args:
    """Train the runs of the table that are missing, and print it."""

    folder: tyro.conf.Positional[Path]
    """Of the runs."""
    clips: tuple[str, ...] = CLIPS
    """Generators, or files."""
    methods: tuple[str, ...] = tuple(METHODS)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    robot: str = "g1"
    none: bool = False
    """Train nothing."""


def main(args: Args) -> None:
    """Train and print."""
    console = Console(highlight=False)
    for seed in args.seeds if not args.none else ():
        for clip in args.clips:
            for method in args.methods:
                console.print(f"{clip}: {method}, seed {seed}")
                command = ("train", "imitate", "--clip", clip, "--robot", args.robot, "--seed", str(seed))
                train_run(run_folder(args.folder, clip, method, seed), *command, *options(method))
    rows = [read_row(args.folder, clip, method) for clip in args.clips for method in args.methods]
    console.print(f"\n{markdown(rows)}\n\n{verdict(rows)}", soft_wrap=True)


def options(method: str) -> tuple[str, ...]:
    """Return the settings of a method that are not the default ones."""
    return (*METHODS[method], *SHORT)


def run_folder(folder: Path, clip: str, method: str, seed: int) -> Path:
    """Return where a run of the table is."""
    return folder / Path(clip).stem / f"{method}-{seed}"


def read_row(folder: Path, clip: str, method: str) -> dict[str, Any]:
    """Return what the runs of a motion and a method reached; without runs there are no ``seeds``."""
    name = Path(clip).stem
    words = list(options(method))
    seeds = [{"seed": seed, **read_run(run)} for seed, run in finished_runs(folder / name, method, words).items()]
    return summed_up({"clip": name, "method": method, "options": words, "seeds": seeds})


def read_run(run: Path) -> dict[str, Any]:
    """Return what a run cost and reached, on which machine."""
    result = json.loads((run / "result.json").read_text())
    judged = result["train.evaluation"]
    return {
        "error_m": judged[BODY_DISTANCE],
        "success_rate": judged["success_rate"],
        "episodes": judged["episodes"],
        "train_cpu_s": result["train.cpu_s"],
        "env_steps": result["train.env_steps"],
        "machine": trained_on(run),
    }


def summed_up(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the means over its seeds; of a single one there is no interval."""
    if not row["seeds"]:
        return row
    errors = [seed["error_m"] for seed in row["seeds"]]
    return {
        **row,
        "error_m": float(np.mean(errors)),
        "interval_m": list(interval(errors)) if len(errors) > 1 else None,
        "success_rate": float(np.mean([seed["success_rate"] for seed in row["seeds"]])),
    }


def verdict(rows: list[dict[str, Any]]) -> str:
    """Say on how many motions the tightening tolerance beats the fixed one, and by how much, seed by seed."""
    found = {(row["clip"], row["method"]): {seed["seed"]: seed["error_m"] for seed in row["seeds"]} for row in rows}
    gains: dict[str, list[float]] = {}
    for clip in dict.fromkeys(row["clip"] for row in rows):
        adaptive, fixed = (found.get((clip, method), {}) for method in ("adaptive", "fixed"))
        gained = [1e3 * (fixed[seed] - adaptive[seed]) for seed in sorted(adaptive.keys() & fixed.keys())]
        gains |= {clip: gained} if gained else {}
    if not gains:
        return "Nothing to compare yet: train a motion by both tolerances."
    won = [clip for clip, gained in gains.items() if len(gained) > 1 and interval(gained)[0] > 0.0]
    return (
        f"The tightening tolerance beats the fixed one by more than seeds scatter on {len(won)} of {len(gains)} motions"
        f" ({', '.join(won) or 'none'}), over {min(map(len, gains.values()))} seeds or more. It is nearer by"
        f" {'; '.join(f'{_gain(gained)} on {clip}' for clip, gained in gains.items())}."
    )


def _gain(gained: list[float]) -> str:
    """Return a mean gain, mm, with its interval."""
    if len(gained) < 2:
        return f"{gained[0]:.1f} mm (one seed)"
    low, high = interval(gained)
    return f"{np.mean(gained):.1f} mm (95 % interval {low:.1f} to {high:.1f})"


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return a table for people."""
    lines = [
        "| motion | method | E_g-mpbpe | 95 % interval | no early end | seeds | CPU-s each |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        head = f"| `{row['clip']}` | {row['method']} |"
        if not row["seeds"]:
            lines.append(f"{head} not run | | | | |")
            continue
        low_high = row["interval_m"]
        shown = "one seed" if low_high is None else f"{1e3 * low_high[0]:.1f} - {1e3 * low_high[1]:.1f} mm"
        cost = np.mean([seed["train_cpu_s"] for seed in row["seeds"]])
        lines.append(
            f"{head} {1e3 * row['error_m']:.1f} mm | {shown} | {row['success_rate']:.1%} | {len(row['seeds'])} |"
            f" {cost:,.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    run_script(main, Args)
