"""What a task module must offer so that the flight environment can run and judge it."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np

from sim.errors import ConfigError
from sim.randomization import RandomizationTable
from sim.registry import load_task
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


def load_flight_task(name: str) -> FlightTask:
    """Return the task module by name.

    Raises:
        ConfigError: for an unknown task, or one that is not flown in the flight environment.
    """
    module = load_task(name)
    missing = [item for item in FlightTask.__annotations__ if not hasattr(module, item)]
    missing += [item for item in ("sample_start", "reward", "terminated") if not hasattr(module, item)]
    if missing:
        raise ConfigError(f"task '{name}' has no {missing[0]}: it does not run in the flight environment")
    return cast(FlightTask, module)
