"""Tunes the settings of a scripted controller by separable CMA-ES (Ros and Hansen, 2008), in a folder that goes on.

Every generation has starts of its own, the same for all its candidates, so that luck does not choose among them. What
is looked for are the logarithms of settings over what they were: all of them are lengths, times, forces or shares,
which change by factors, and keep their sign.
"""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from cmaes import SepCMA
from numpy.typing import NDArray
from rich.console import Console

from sim.files import write_atomic

Settings = TypeVar("Settings")
Array = NDArray[np.float64]
SIGMA, MOST = 0.2, 1.0
"""First step and limit of the logarithms."""


@dataclass(frozen=True)
class Score:
    """What a candidate reached.

    Attributes:
        value: the more the better.
        success: share of its starts, for people.
    """

    value: float
    success: float


@dataclass(frozen=True)
class Tuning:
    """How long is looked for how many candidates at a time."""

    folder: Path
    """Where the state after every generation is written."""
    generations: int
    population: int


def tune(
    before: Settings, scales: Mapping[str, float], score: Callable[[Settings, int], Score], how: Tuning
) -> Settings:
    """Return better settings than those before, after all generations that are asked for.

    Args:
        before: a dataclass of numbers and tuples of numbers.
        scales: which of its fields are looked for, and by how much more than others their logarithms change.
        score: of settings in a generation, by its number.
        how: a killed run goes on in its folder.
    """
    console, state = Console(highlight=False), how.folder / "state.pickle"
    how.folder.mkdir(parents=True, exist_ok=True)
    numbers = len(scaled_numbers(before, scales))
    limits = np.tile((-MOST, MOST), (numbers, 1))
    search = SepCMA(np.zeros(numbers), SIGMA, bounds=limits, seed=0, population_size=how.population)
    if state.is_file():
        search = pickle.loads(state.read_bytes())  # (our own file, of this command)
    while search.generation < how.generations:
        generation = search.generation
        search.reseed_rng(generation)  # (a pickle does not hold the generator)
        points = [search.ask() for _ in range(how.population)]
        scores = [score(scaled(before, scales, point), generation) for point in points]
        search.tell([(point, -each.value) for point, each in zip(points, scores)])
        write_atomic(state, pickle.dumps(search))
        values, shares = [each.value for each in scores], [each.success for each in scores]
        console.print(
            f"generation {generation + 1}: {np.mean(values):.1f} in the mean, the best {max(values):.1f}; "
            f"{np.mean(shares):.1%} succeed, of the best {max(shares):.1%}"
        )
    return scaled(before, scales, search.mean)


def scaled(settings: Settings, scales: Mapping[str, float], logarithms: Array) -> Settings:
    """Return settings whose named fields are multiplied by the exponentials of so many numbers."""
    factors = iter(np.exp(np.asarray(scaled_numbers(settings, scales)) * logarithms).tolist())  # (they are printed)
    changed: dict[str, Any] = {}
    for name in scales:
        value = getattr(settings, name)
        many = isinstance(value, tuple)
        changed[name] = tuple(one * next(factors) for one in value) if many else value * next(factors)
    return dataclasses.replace(settings, **changed)  # pyright: ignore[reportArgumentType]


def scaled_numbers(settings: Any, scales: Mapping[str, float]) -> list[float]:
    """Return the scale of every number in the named fields, one after the other."""
    sizes = {name: len(value) if isinstance(value := getattr(settings, name), tuple) else 1 for name in scales}
    return [scale for name, scale in scales.items() for _ in range(sizes[name])]
