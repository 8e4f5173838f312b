"""How near imitated motions come: ``imitation`` by motion and method, trained runs judged anew.

Long trainings are not repeated: what ``python -m tests.bench.imitation_table runs/imitation`` has trained is judged
over 200 other randomised episodes, and so are the zoo's bundles. ``played`` is no policy but the motion's joints as
targets: what one has to beat.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from policies.bundle import load_bundle
from policies.evaluate_legged import evaluate_legged
from policies.legged_evaluation import judge
from sim.envs.legged import LeggedTask, load_legged_task
from sim.legged.motion import BODY_DISTANCE, MOTION_JOINTS
from sim.legged.terms import term_slice
from sim.motion.robot_clip import robot_clip
from tests.bench.imitation_table import CLIPS, METHODS, PLAYED, read_run, summed_up
from tests.bench.machine import machine
from tests.bench.trained_runs import finished_runs
from tests.bench.zoo import ZOO

RUNS = Path(__file__).parents[2] / "runs" / "imitation"
EPISODES, SEED = 200, 9_000_000
"""Other episodes than those that chose the weights, and than those that judged them in training."""
IN_ZOO = "zoo: taught by the script"


def measure(
    repeats: int = 1,
    episodes: int = EPISODES,
    runs: Path = RUNS,
    clips: tuple[str, ...] = CLIPS,
    zoo: Path = ZOO,
) -> dict[str, Any]:
    """Return the rows of motions and methods; methods without runs are left out.

    Args:
        repeats: ignored; nothing here is timed.
        episodes: that each run is judged by.
        runs: folder of the table.
        clips: generators whose motions are played, too.
        zoo: folder of bundles.
    """
    rows, kept = [], {path.parent.name.removeprefix("imitate_"): path.parent for path in zoo.glob("imitate_*/clip.npz")}
    for name in sorted({*clips, *kept, *(path.name for path in runs.glob("*") if path.is_dir())}):
        found = {PLAYED: [{"seed": 0, **played(name, episodes)}] if name in clips else []}
        for method in METHODS:
            trained = finished_runs(runs / name, method)
            found[method] = [{"seed": seed, **judged(run, episodes)} for seed, run in trained.items()]
        found[IN_ZOO] = [bundled(kept[name], episodes)] if name in kept else []
        rows += [
            summed_up({"clip": name, "method": method, "seeds": seeds}) for method, seeds in found.items() if seeds
        ]
    return {"imitation": rows} if rows else {}


def judged(run: Path, episodes: int) -> dict[str, Any]:
    """Return what a run cost, and what its bundle reaches now."""
    return {**read_run(run), **reached(run / "bundle", episodes)}


def bundled(path: Path, episodes: int) -> dict[str, Any]:
    """Return what a bundle of the zoo cost, and what it reaches now."""
    info = load_bundle(path).info
    assert info.evaluation is not None
    cost = {"seed": info.provenance["seed"], "train_cpu_s": info.evaluation["train_cpu_s"]}
    return {**cost, **reached(path, episodes), "machine": machine()}


def reached(path: Path, episodes: int) -> dict[str, Any]:
    """Return what a bundle reaches."""
    found = evaluate_legged(load_bundle(path), episodes, SEED, None, Console(quiet=True))
    return {
        "error_m": found[f"eval.{BODY_DISTANCE}"],
        "success_rate": found["eval.success_rate"],
        "episodes": episodes,
    }


def played(clip: str, episodes: int) -> dict[str, Any]:
    """Return what playing a motion on the G1 reaches."""
    task = load_legged_task("imitate", clip=robot_clip(clip, "g1"))
    found = judge(Player(task), task, episodes, SEED).summary()
    figures = {"error_m": found[BODY_DISTANCE], "success_rate": found["success_rate"], "episodes": episodes}
    return {**figures, "train_cpu_s": 0.0, "env_steps": 0, "machine": machine()}


class Player:
    """Asks for the motion's joints, whatever is seen beside them."""

    state_size = 0

    def __init__(self, task: LeggedTask) -> None:
        self._joints = term_slice(task.spec.actor_terms, MOTION_JOINTS)

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the targets, rad."""
        return observation[:, self._joints], state
