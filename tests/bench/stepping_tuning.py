"""Finds settings of the script that steps, which `stand` and `walk` are learnt from, so that it forgives errors.

    python -m tests.bench.stepping_tuning stand runs/stepping --generations 20      # 12 x 48 starts each
    python -m tests.bench.stepping_tuning walk runs/walking --generations 20

A student does what the script does with errors of a few per cent, which stay for some steps: so the script is judged
with errors of its own, an autoregressive process of first order on every action. What counts is the mean number of
steps before a fall, of which those that miss the velocity asked for count less. A killed run goes on; what is found is
printed as fields of ``sim/legged/stepping/settings.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from rich.console import Console

from sim.envs.legged import LeggedEnv, load_legged_task
from sim.legged.stepping.controller import CaptureSteps
from sim.legged.stepping.settings import ON_THE_SPOT, WALKING, CaptureStepSettings
from tests.bench.script import run_script
from tests.bench.settings_tuning import Score, Tuning, tune

SCALES = {
    **{"height": 0.1, "frequency": 0.5, "step_s": 0.5, "lift": 1.0, "press": 2.0, "early": 0.5, "ahead": 1.0},
    **{"outside": 1.0, "width": 0.5, "gain": 1.0, "sole": 1.0, "hanging": 1.0, "landed": 0.5, "adopted": 1.0},
    **{"flying": 1.0, "behind": 0.5, "turning": 2.0, "heading_s": 2.0, "most_turn": 1.0},
}
"""What matters, and how far it is from what works to what does not."""


@dataclass(frozen=True)
class Kind:
    """What is looked for.

    Attributes:
        before: settings to begin with.
        scales: as of ``tune``.
        per_m_s: by how much less a step counts whose velocity is off by 1 m/s.
        per_rad_s: by how much less one counts that turns by 1 rad/s more or less than asked.
    """

    before: CaptureStepSettings
    scales: Mapping[str, float]
    per_m_s: float = 0.0
    per_rad_s: float = 0.0


KINDS = {
    "stand": Kind(ON_THE_SPOT, SCALES),
    # (A longer memory of the heading turns better, but a student has none.)
    "walk": Kind(WALKING, {**SCALES, "heading_s": 0.0}, per_m_s=1.0, per_rad_s=0.2),
}
MEMORY = 0.9
"""Of errors, per control step."""
FIRST_SEED = 30_000_000


@dataclass
class Args:
    """Look for better settings of steps."""

    task: tyro.conf.Positional[Literal["stand", "walk"]]
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
    kind = KINDS[args.task]

    def score(settings: CaptureStepSettings, generation: int) -> Score:
        first = FIRST_SEED + args.starts * generation
        worth, fell = steps_before_falls(args.task, settings, args.starts, first, args.error)
        return Score(float(worth.mean()), float(1.0 - fell.mean()))

    found = tune(kind.before, kind.scales, score, Tuning(args.folder, args.generations, args.population))
    Console(highlight=False).print(found)


def steps_before_falls(
    task: str, settings: CaptureStepSettings, starts: int, seed: int, error: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the steps count that the script does before it falls or its episode ends, and whether it falls.

    Args:
        task: one of ``KINDS``.
        settings: of the script.
        starts: how many.
        seed: of starts and errors.
        error: standard deviation, as a share of an action's reach.

    Returns:
        Number of steps, of which those in error count less, and whether it fell; (starts,) each.
    """
    kind, loaded = KINDS[task], load_legged_task(task, "g1")
    env = LeggedEnv(loaded, starts, table=loaded.training_table, seed=seed, threads=1)
    env.reset()
    script, rng = CaptureSteps(env, settings), np.random.default_rng(seed)
    off = error * rng.normal(size=(starts, env.num_actions))
    going, fell, worth = np.ones(starts, bool), np.zeros(starts, bool), np.zeros(starts)
    while going.any():
        after = env.step((script.act() + off).clip(-1.0, 1.0).astype(np.float32))
        off = MEMORY * off + np.sqrt(1.0 - MEMORY**2) * error * rng.normal(size=off.shape)
        missed = kind.per_m_s * after.velocity_error + kind.per_rad_s * after.yaw_rate_error
        worth += going * (1.0 - missed).clip(0.0)
        fell |= going & after.terminated
        going &= ~(after.terminated | after.truncated)
    return worth, fell


if __name__ == "__main__":
    run_script(main, Args)
