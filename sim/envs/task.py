"""What a task module must offer so that the flight environment can run and judge it."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np

from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.randomization import RandomizationTable
from sim.registry import load_task, require_known
from sim.spec import ActionLevel, RobotSpec, TaskSpec
from sim.trajectories import Trajectory

SHORT_LEVELS: dict[str, ActionLevel] = {
    "motor": "motor",
    "rates": "rates_thrust",
    "attitude": "attitude_thrust",
    "velocity": "velocity",
    "position": "position",
}
"""Action levels by their short names; the task ``T`` at level ``rates`` is the file ``T_rates``, at ``motor`` ``T``."""


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


def draw_starts(task: FlightTask, rng: np.random.Generator, flight: FlightParameters) -> np.ndarray:
    """Draw a start state for each airframe, (n, 13 + num_rotors) float32.

    A task whose airframes differ much has ``fit_starts(state, flight)``, which changes drawn starts, in
    place, into ones that each airframe can recover from.
    """
    state = task.sample_start(rng, flight.num_envs)
    if hasattr(task, "fit_starts"):
        task.fit_starts(state, flight)  # pyright: ignore[reportAttributeAccessIssue]
    return state


def draw_references(task: FlightTask, rng: np.random.Generator, n: int) -> list[Trajectory]:
    """Draw ``n`` trajectories of a task that tracks, which offers ``sample_references(rng, n)``."""
    return task.sample_references(rng, n)  # pyright: ignore[reportAttributeAccessIssue]


def task_at_level(task: str, level: str) -> str:
    """Return the name of a task flown at an action level: ``hover`` at ``rates`` is ``hover_rates``.

    Args:
        task: its name at the level ``motor``, or one that is at the level already.
        level: short or full name of the level.

    Raises:
        ConfigError: for an unknown level, with the valid ones.
    """
    short = next((name for name, full in SHORT_LEVELS.items() if level == full), level)
    require_known(short, SHORT_LEVELS, "action level")
    return task if short == "motor" or task.endswith(f"_{short}") else f"{task}_{short}"


def load_flight_task(name: str, robot: str | None = None) -> FlightTask:
    """Return the task by name, its own module or flown by another robot.

    Args:
        name: of the task.
        robot: who flies it; default: the task's own.

    Raises:
        ConfigError: for an unknown task or robot, a task that is not flown in the flight environment, or
            one that this robot does not fly.
    """
    from sim.envs.other_robot import with_robot

    module = load_task(name)
    missing = [item for item in FlightTask.__annotations__ if not hasattr(module, item)]
    missing += [item for item in ("sample_start", "reward", "terminated") if not hasattr(module, item)]
    if missing:
        raise ConfigError(f"task '{name}' has no {missing[0]}: it does not run in the flight environment")
    task = cast(FlightTask, module)
    return task if robot is None else with_robot(task, robot)


def task_flown_by(name: str, robot: str) -> FlightTask:
    """Return the task as a bundle has it, whose robot was ``robot``: its own, or another that it was trained for.

    Raises:
        ConfigError: as ``load_flight_task``.
    """
    task = load_flight_task(name)
    return task if robot == task.TASK.robot else load_flight_task(name, robot)
