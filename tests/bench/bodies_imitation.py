"""How near imitated motions come: ``imitation`` by motion and method, trained runs judged anew.

Long trainings are not repeated here: what ``python -m tests.bench.imitation_table runs/imitation`` has trained is
judged over 200 other randomised episodes. Without runs there are none; those of an earlier file stay (``--onto``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from policies.bundle import load_bundle
from policies.evaluate_legged import evaluate_legged
from sim.legged.motion import BODY_DISTANCE
from tests.bench.imitation_table import METHODS, read_run, summed_up
from tests.bench.trained_runs import finished_runs

RUNS = Path(__file__).parents[2] / "runs" / "imitation"
EPISODES, SEED = 200, 9_000_000
"""Other episodes than those that chose the weights, and than those that judged them in training."""


def measure(repeats: int = 1, episodes: int = EPISODES, runs: Path = RUNS) -> dict[str, Any]:
    """Return the rows of the motions and methods that have runs.

    Args:
        repeats: ignored; nothing here is timed.
        episodes: that each run is judged by.
        runs: folder of the table.
    """
    rows = []
    for folder in sorted(path for path in runs.glob("*") if path.is_dir()):
        for method in METHODS:
            seeds = [{"seed": seed, **judged(run, episodes)} for seed, run in finished_runs(folder, method).items()]
            rows += [summed_up({"clip": folder.name, "method": method, "seeds": seeds})] if seeds else []
    return {"imitation": rows} if rows else {}


def judged(run: Path, episodes: int) -> dict[str, Any]:
    """Return what a run cost, and what its bundle reaches now."""
    found = evaluate_legged(load_bundle(run / "bundle"), episodes, SEED, None, Console(quiet=True))
    reached = {"error_m": found[f"eval.{BODY_DISTANCE}"], "success_rate": found["eval.success_rate"]}
    return {**read_run(run), **reached, "episodes": episodes}
