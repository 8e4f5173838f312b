"""Finds settings of the script that steps on the spot, which `stand` is learnt from, so that it forgives errors.

    python -m tests.bench.stepping_tuning runs/stepping --generations 20      # 12 x 48 starts each

A student does what the script does with errors of a few per cent, which stay for some steps: so the script is judged
with errors of its own, an autoregressive process of first order on every action. What counts is the mean number of
steps before a fall. A killed run goes on; what is found is printed as fields of ``sim/legged/stepping/settings.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console

from sim.envs.legged import LeggedEnv, load_legged_task
from sim.legged.stepping.controller import CaptureSteps
from sim.legged.stepping.settings import ON_THE_SPOT, CaptureStepSettings
from tests.bench.settings_tuning import Score, Tuning, tune

SCALES = {
    **{"height": 0.1, "frequency": 0.5, "step_s": 0.5, "lift": 1.0, "press": 2.0, "early": 0.5, "ahead": 1.0},
    **{"outside": 1.0, "width": 0.5, "gain": 1.0, "sole": 1.0, "hanging": 1.0, "landed": 0.5, "adopted": 1.0},
    **{"flying": 1.0, "behind": 0.5, "turning": 2.0, "heading_s": 2.0, "most_turn": 1.0},
}
"""What matters on the spot, and how far it is from what works to what does not."""
MEMORY = 0.9
"""Of errors, per control step."""
FIRST_SEED = 30_000_000


@dataclass
class Args:
    """Look for better settings of steps on the spot."""

    folder: tyro.conf.Positional[Path]
    """Where the state after every generation is written."""
    generations: int = 20
    population: int = 12
    starts: int = 48
    """Of every candidate."""
    error: float = 0.05
    """Standard deviation, as a share of an action's reach."""


def main(args: Args) -> None:
    """Go on from where the folder is."""

    def score(settings: CaptureStepSettings, generation: int) -> Score:
        steps, fell = steps_before_falls(settings, args.starts, FIRST_SEED + args.starts * generation, args.error)
        return Score(float(steps.mean()), float(1.0 - fell.mean()))

    found = tune(ON_THE_SPOT, SCALES, score, Tuning(args.folder, args.generations, args.population))
    Console(highlight=False).print(found)


def steps_before_falls(
    settings: CaptureStepSettings, starts: int, seed: int, error: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many steps the script does before it falls, or its episode ends, and whether it falls; (starts,)."""
    task = load_legged_task("stand", "g1")
    env = LeggedEnv(task, starts, table=task.training_table, seed=seed, threads=1)
    env.reset()
    script, rng = CaptureSteps(env, settings), np.random.default_rng(seed)
    off = error * rng.normal(size=(starts, env.num_actions))
    going, fell, steps = np.ones(starts, bool), np.zeros(starts, bool), np.zeros(starts)
    while going.any():
        after = env.step((script.act() + off).clip(-1.0, 1.0).astype(np.float32))
        off = MEMORY * off + np.sqrt(1.0 - MEMORY**2) * error * rng.normal(size=off.shape)
        steps += going
        fell |= going & after.terminated
        going &= ~(after.terminated | after.truncated)
    return steps, fell


if __name__ == "__main__":
    main(tyro.cli(Args))
