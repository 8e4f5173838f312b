"""Finds settings of the search by touch, by separable CMA-ES (Ros and Hansen, 2008), of thin or of thick pegs.

    python -m tests.bench.search_tuning thin runs/search-thin --generations 20      # 12 x 64 starts each: 110 CPU-s
    python -m tests.bench.search_tuning thick runs/search-thick --generations 20

What counts is the mean number of steps that are left when a peg is in, none where it is not: more than success tells
of a single start. Every generation has starts of its own, the same for all its candidates. A killed run goes on; the
mean of the last generation is printed as fields of ``sim/contact/search_settings.py``.
"""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from cmaes import SepCMA
from numpy.typing import NDArray
from rich.console import Console

from sim.contact.search import Search
from sim.contact.search_settings import THICK, THIN, SearchSettings
from sim.contact.spec import EPISODE_STEPS
from sim.contact.tables import diameter_term
from sim.envs.contact_task import ContactTaskEnv, load_contact_task
from sim.files import write_atomic
from sim.randomization import RandomizationTable

Array = NDArray[np.float64]
DIAMETERS_M = {"thin": (4e-3, 8e-3), "thick": (8e-3, 16e-3)}
BEFORE = {"thin": THIN, "thick": THICK}
SIGMA, MOST = 0.2, 1.0
"""First step and limit of the logarithms of settings over what they were before."""
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
    console, before = Console(highlight=False), BEFORE[args.pegs]
    state = args.folder / "state.pickle"
    args.folder.mkdir(parents=True, exist_ok=True)
    fields = len(dataclasses.fields(SearchSettings))
    limits = np.tile((-MOST, MOST), (fields, 1))
    search = SepCMA(np.zeros(fields), SIGMA, bounds=limits, seed=0, population_size=args.population)
    if state.is_file():
        search = pickle.loads(state.read_bytes())  # (our own file, of this command)
    while search.generation < args.generations:
        search.reseed_rng(search.generation)  # (a pickle does not hold the generator)
        points = [search.ask() for _ in range(args.population)]
        seed = FIRST_SEED + args.starts * search.generation
        left = [steps_left(scaled(before, point), args.pegs, args.starts, seed) for point in points]
        search.tell([(point, -float(steps.mean())) for point, steps in zip(points, left)])
        write_atomic(state, pickle.dumps(search))
        means, found = [steps.mean() for steps in left], [(steps > 0).mean() for steps in left]
        console.print(
            f"generation {search.generation}: {np.mean(means):.1f} steps left, the best {max(means):.1f}; "
            f"{np.mean(found):.1%} found, the best {max(found):.1%}"
        )
    console.print(scaled(before, search.mean))


def scaled(settings: SearchSettings, logarithms: Array) -> SearchSettings:
    """Return settings times the exponentials of so many numbers."""
    return SearchSettings(*(np.array(dataclasses.astuple(settings)) * np.exp(logarithms)).tolist())


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
    main(tyro.cli(Args))
