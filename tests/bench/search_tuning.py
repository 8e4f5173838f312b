"""Finds settings of the search by touch, of thin or of thick pegs.

    python -m tests.bench.search_tuning thin runs/search-thin --generations 20      # 12 x 64 starts each: 110 CPU-s
    python -m tests.bench.search_tuning thick runs/search-thick --generations 20

What counts is the mean number of steps that are left when a peg is in, none where it is not: more than success tells
of a single start. A killed run goes on; the mean of the last generation is printed as fields of
``sim/contact/search_settings.py``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from numpy.typing import NDArray
from rich.console import Console

from sim.contact.search import Search
from sim.contact.search_settings import THICK, THIN, SearchSettings
from sim.contact.spec import EPISODE_STEPS
from sim.contact.tables import diameter_term
from sim.envs.contact_task import ContactTaskEnv, load_contact_task
from sim.randomization import RandomizationTable
from tests.bench.script import run_script
from tests.bench.settings_tuning import Score, Tuning, tune

Array = NDArray[np.float64]
DIAMETERS_M = {"thin": (4e-3, 8e-3), "thick": (8e-3, 16e-3)}
BEFORE = {"thin": THIN, "thick": THICK}
SCALES = {field.name: 1.0 for field in dataclasses.fields(SearchSettings)}
FIRST_SEED = 20_000_000


@dataclass
class Args:
    """Look for better settings of the search."""

    pegs: tyro.conf.Positional[Literal["thin", "thick"]]
    folder: tyro.conf.Positional[Path]
    """Where the state after every generation is written."""
    generations: int = 20
    population: int = 12
    starts: int = 64
    """Of every candidate."""


def main(args: Args) -> None:
    """Go on from where the folder is."""

    def score(settings: SearchSettings, generation: int) -> Score:
        left = steps_left(settings, args.pegs, args.starts, FIRST_SEED + args.starts * generation)
        return Score(float(left.mean()), float((left > 0).mean()))

    found = tune(BEFORE[args.pegs], SCALES, score, Tuning(args.folder, args.generations, args.population))
    Console(highlight=False).print(found)


def steps_left(settings: SearchSettings, pegs: str, starts: int, seed: int) -> Array:
    """Return how many steps are left when pegs are in, (starts,), 0 where they are not at the end."""
    table = load_contact_task("peg_insertion").TRAINING_TABLE
    terms = tuple(term for term in table.terms if term.parameter != "diameter")
    table = RandomizationTable(pegs, (*terms, diameter_term(*DIAMETERS_M[pegs])))
    env = ContactTaskEnv("peg_insertion", starts, table=table, seed=seed, threads=1)
    env.reset()
    script, length = Search(env, settings, settings), EPISODE_STEPS
    first, success = np.full(starts, length), np.zeros(starts, bool)
    for step in range(length):
        after = env.step(script.act())
        first = np.where(after.success & (first == length), step, first)
        success |= after.success & after.ended
    return np.where(success, length - first, 0).astype(float)


if __name__ == "__main__":
    run_script(main, Args)
