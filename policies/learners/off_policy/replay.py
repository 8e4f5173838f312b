"""A replay of the latest rollouts on arrays, drawn from evenly (SAC) or fading with age (Symphony)."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from policies.learners.rollout_files import load_rollout, prune_rollouts, save_rollout
from policies.learners.weights import Arrays

Batch = dict[str, Tensor]
Weights = Callable[[int], npt.NDArray[np.float64]]
"""From a number of steps to how often each is drawn, the newest last; of any sum."""


def even(count: int) -> npt.NDArray[np.float64]:
    """Draw every step alike."""
    return np.ones(count)


def fading(count: int) -> npt.NDArray[np.float64]:
    """Forget gradually: tanh((pi i / N)^e), i = 1 for the oldest, N for the newest (Symphony's fading replay)."""
    return np.tanh((math.pi * np.arange(1, count + 1) / count) ** math.e)


class Replay:
    """The latest rollouts of the same length and environments; the oldest go.

    Steps of all environments at the same moment are of the same age.

    Args:
        most: rollouts kept.
        weights: by age.
    """

    def __init__(self, most: int, weights: Weights = even) -> None:
        self._most, self._weights = most, weights
        self._kept: Arrays = {}
        self._added, self._saved, self._horizon = 0, 0, 0
        self._cumulative = np.zeros(0)

    def __len__(self) -> int:
        """Return how many rollouts there are."""
        return min(self._added, self._most)

    def add(self, arrays: Arrays) -> None:
        """Keep a rollout, (T, N, ...) each."""
        if not self._kept:
            self._horizon = len(arrays["reward"])
            shapes = {name: (self._most * self._horizon, *value.shape[1:]) for name, value in arrays.items()}
            self._kept = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        for name, values in arrays.items():
            self._kept[name][self._rows(self._added)] = values
        self._added += 1

    def draw(self, count: int, rng: np.random.Generator) -> Batch:
        """Return random steps, (count, ...) each; there must be a rollout."""
        rows = len(self) * self._horizon
        if len(self._cumulative) != rows:
            weights = np.cumsum(self._weights(rows))
            self._cumulative = weights / weights[-1]
        age = np.searchsorted(self._cumulative, rng.random(count), side="right")
        oldest = (self._added - len(self)) * self._horizon
        row = (oldest + age) % (self._most * self._horizon)
        env = rng.integers(self._kept["reward"].shape[1], size=count)
        return {name: torch.from_numpy(values[row, env]) for name, values in self._kept.items()}

    def save(self, folder: Path) -> None:
        """Write the rollouts that are not in the run's folder yet.

        Raises:
            StorageError: if the disk is full.
        """
        for number in range(max(self._saved, self._added - len(self)), self._added):
            rows = self._rows(number)
            save_rollout(folder, number, {name: values[rows] for name, values in self._kept.items()})
        self._saved = self._added

    def prune(self, folder: Path) -> None:
        """Remove what is no longer kept, once no checkpoint counts on it."""
        prune_rollouts(folder, self._added - len(self))

    def load(self, folder: Path, added: int) -> None:
        """Read the rollouts that were kept when ``added`` had been added.

        Raises:
            StorageError: if one is missing or damaged.
        """
        self._added = max(0, added - self._most)
        for number in range(self._added, added):
            self.add(load_rollout(folder, number))
        self._saved = added

    def _rows(self, number: int) -> slice:
        first = number % self._most * self._horizon
        return slice(first, first + self._horizon)
