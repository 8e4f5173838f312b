"""What a task module must offer so that the flight environment can run and judge it."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from sim.randomization import RandomizationTable
from sim.spec import RobotSpec, TaskSpec


class FlightTask(Protocol):
    """A module such as ``sim.tasks.hover``; ``sim.registry.load_task`` returns it by name."""

    TASK: TaskSpec
    ROBOT: RobotSpec
    TRAINING_TABLE: RandomizationTable
    EVALUATION_TABLE: RandomizationTable

    def sample_start(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Return start states (n, 13 + num_rotors) float32."""
        ...

    def reward(self, state: np.ndarray, action: np.ndarray) -> np.ndarray:
        """Return (n,) rewards of true states after a step and the commands applied in it."""
        ...

    def terminated(self, state: np.ndarray) -> np.ndarray:
        """Return (n,) bool: the episode ends in failure at these true states."""
        ...
