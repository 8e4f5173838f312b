"""How well a hand is led while its robot walks: a critic for each group of rewards against one for all of them.

Long trainings are not repeated here: ``runs/twist`` and ``runs/twist_single``, trained by the commands in
``docs/legged.md``, are judged anew over 200 randomised episodes. A run that is not there leaves its figures out, and
those of an earlier file stay (``--onto``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from policies.bundle import load_bundle
from policies.evaluate_legged import evaluate_legged
from tests.bench.held_out import EPISODES, SEED

ROOT = Path(__file__).parents[2] / "runs"
RUNS = {"twist": "twist", "twist_single": "twist.single_critic"}
"""Folder of a run, and what its figures begin with."""
_SHOWN = {"position_error_m", "orientation_error_deg", "velocity_error_m_s", "falls"}


def measure(repeats: int = 1, episodes: int = EPISODES, root: Path = ROOT) -> dict[str, Any]:
    """Return the figures of the runs that are there.

    Args:
        repeats: ignored; nothing here is timed.
        episodes: that each is judged by.
        root: folder of the runs.
    """
    figures: dict[str, Any] = {}
    for folder, name in RUNS.items():
        if (root / folder / "result.json").exists():
            joint = "." if name == "twist" else "_"
            figures |= {f"{name}{joint}{key}": value for key, value in judged(root / folder, episodes).items()}
    return figures


def judged(folder: Path, episodes: int) -> dict[str, Any]:
    """Judge a run's bundle, and say how long it was trained."""
    found = evaluate_legged(load_bundle(folder / "bundle"), episodes, SEED, None, Console(quiet=True))
    trained = json.loads((folder / "result.json").read_text())
    shown = {key: found[f"eval.{key}"] for key in sorted(_SHOWN)}
    spent = {"train_cpu_s": round(trained["train.cpu_s"]), "train_wall_s": round(trained["train.wall_s"])}
    return shown | {"episodes": episodes, "train_steps": trained["train.env_steps"], **spent}
