"""Robots and tasks by name, discovered by listing the folders: adding one is adding a file."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from sim.errors import ConfigError
from sim.spec import RobotSpec

_HERE = Path(__file__).parent


def robot_names() -> list[str]:
    """Names of all robots: the folders of ``sim/robots`` that hold a ``robot.py``."""
    return sorted(path.parent.name for path in (_HERE / "robots").glob("*/robot.py"))


def task_names() -> list[str]:
    """Names of all tasks: the modules of ``sim/tasks``."""
    return sorted(path.stem for path in (_HERE / "tasks").glob("*.py") if not path.stem.startswith("_"))


def load_robot(name: str) -> RobotSpec[Any]:
    """Return the ``ROBOT`` of ``sim/robots/<name>/robot.py``.

    Raises:
        ConfigError: for an unknown name, with the valid ones.
    """
    _require(name, robot_names(), "robot")
    return importlib.import_module(f"sim.robots.{name}.robot").ROBOT


def load_task(name: str) -> ModuleType:
    """Return the task module ``sim/tasks/<name>.py``; its ``TASK`` is the ``TaskSpec``.

    Raises:
        ConfigError: for an unknown name, with the valid ones.
    """
    _require(name, task_names(), "task")
    return importlib.import_module(f"sim.tasks.{name}")


def _require(name: str, valid: list[str], kind: str) -> None:
    if name in valid:
        return
    close = difflib.get_close_matches(name, valid, n=1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    raise ConfigError(f"unknown {kind} '{name}'{hint}; choose one of: {', '.join(valid)}")
