"""How near imitated motions come: ``imitation`` by motion and method, trained runs judged anew.

Long trainings are not repeated: what ``python -m tests.bench.imitation_table runs/imitation`` has trained is judged
over 200 other randomised episodes, and so are the zoo's bundles. Seeds that are not in that folder are taken over from
the published figures, if they were trained by the same options. Two rows are no policies: ``played``, the motion's
joints as targets, is what one has to beat; the script that is told the whole truth is what the zoo's were taught by.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from policies.bundle import load_bundle
from policies.evaluate_legged import evaluate_legged
from policies.legged_evaluation import LeggedEvaluation, judge, judge_in
from sim.envs.legged import LeggedEnv, LeggedTask, load_legged_task
from sim.legged.balanced_motion import BalancedMotion
from sim.legged.motion import BODY_DISTANCE, MOTION_JOINTS
from sim.legged.spec import ACTION_REACH
from sim.legged.terms import term_slice
from sim.motion.robot_clip import robot_clip
from tests.bench.held_out import EPISODES, SEED
from tests.bench.imitation_table import CLIPS, METHODS, PLAYED, options, read_run, summed_up
from tests.bench.machine import machine
from tests.bench.trained_runs import finished_runs, with_earlier
from tests.bench.zoo import ZOO

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "runs" / "imitation"
PUBLISHED = ROOT / "docs" / "figures" / "bodies.json"
IN_ZOO = "zoo: taught by the script"
SCRIPT = "the script, told the truth"
MADE = (*CLIPS, "kick")
"""Generators whose motions are played and given to the script: those that are trained, and one on one foot."""


def measure(
    repeats: int = 1,
    episodes: int = EPISODES,
    runs: Path = RUNS,
    clips: tuple[str, ...] = MADE,
    zoo: Path = ZOO,
    published: Path = PUBLISHED,
) -> dict[str, Any]:
    """Return the rows of motions and methods; methods without runs are left out.

    Args:
        repeats: ignored; nothing here is timed.
        episodes: that each run is judged by.
        runs: folder of the table.
        clips: generators whose motions are played and given to the script, too.
        zoo: folder of bundles.
        published: figures that have the seeds that are not there.
    """
    before = {(row["clip"], row["method"]): row for row in json.loads(published.read_text()).get("imitation", [])}
    kept = {path.parent.name.removeprefix("imitate_"): path.parent for path in zoo.glob("imitate_*/clip.npz")}
    rows: list[dict[str, Any]] = []
    for name in sorted({*clips, *kept, *(path.name for path in runs.glob("*") if path.is_dir())}):
        if name in clips:
            rows += untrained(name, episodes)
        trained = [trained_row(runs, name, method, episodes, before.get((name, method))) for method in METHODS]
        rows += [row for row in trained if row["seeds"]]
        if name in kept:
            rows.append(summed_up({"clip": name, "method": IN_ZOO, "seeds": [bundled(kept[name], episodes)]}))
    return {"imitation": rows} if rows else {}


def trained_row(runs: Path, clip: str, method: str, episodes: int, earlier: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the runs of a motion and a method reach now, and those that are not here reached before."""
    words = list(options(method))
    trained = finished_runs(runs / clip, method, words)
    seeds = [{"seed": seed, **judged(run, episodes)} for seed, run in trained.items()]
    row = summed_up({"clip": clip, "method": method, "options": words, "seeds": seeds})
    return with_earlier(row, earlier, summed_up)


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


def untrained(clip: str, episodes: int) -> list[dict[str, Any]]:
    """Return what following a motion on the G1 reaches without a policy: by its joints alone, and by the script."""
    task = load_legged_task("imitate", clip=robot_clip(clip, "g1"))
    found = {
        PLAYED: judge(Player(task), task, episodes, SEED),
        SCRIPT: judge_in(Scripted, task, episodes, SEED),
    }
    return [summed_up({"clip": clip, "method": name, "seeds": [_seed(judged)]}) for name, judged in found.items()]


def _seed(judged: LeggedEvaluation) -> dict[str, Any]:
    found = judged.summary()
    figures = {"error_m": found[BODY_DISTANCE], "success_rate": found["success_rate"], "episodes": found["episodes"]}
    return {"seed": 0, **figures, "train_cpu_s": 0.0, "env_steps": 0, "machine": machine()}


class Player:
    """Asks for the motion's joints, whatever is seen beside them."""

    state_size = 0

    def __init__(self, task: LeggedTask) -> None:
        self._joints = term_slice(task.spec.actor_terms, MOTION_JOINTS)

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the targets, rad."""
        return observation[:, self._joints], state


class Scripted:
    """Does what the script says that sees the whole environment."""

    state_size = 0

    def __init__(self, env: LeggedEnv) -> None:
        self._env, self._script = env, BalancedMotion(env)
        self._reach = ACTION_REACH * np.array(env.spec.parameters.action_scale_rad)

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the targets, rad."""
        return self._env.centre + self._reach * self._script.act(), state
