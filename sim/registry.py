"""Robots and tasks by name, discovered by listing the folders: adding one is adding a file."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
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
    require_known(name, robot_names(), "robot")
    return importlib.import_module(f"sim.robots.{name}.robot").ROBOT


def load_task(name: str) -> ModuleType:
    """Return the task module ``sim/tasks/<name>.py``; its ``TASK`` is the ``TaskSpec``.

    Raises:
        ConfigError: for an unknown name, with the valid ones.
    """
    require_known(name, task_names(), "task")
    return importlib.import_module(f"sim.tasks.{name}")


def require_known(name: str, valid: Iterable[str], kind: str) -> None:
    """Refuse a name that is not among those known.

    Args:
        name: as the user gave it.
        valid: what there is.
        kind: what it names, for the message.

    Raises:
        ConfigError: with the nearest name and all valid ones.
    """
    names = list(valid)
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    raise ConfigError(f"unknown {kind} '{name}'{hint}; choose one of: {', '.join(names)}")
