"""The classical laws by name, and their tuned gains for each airframe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sim.controllers.law import Law
from sim.errors import ConfigError

NAMES = ("pid", "mellinger", "lee", "indi")
"""Every law; one module of this name each."""
TUNED = Path(__file__).parent / "tuned"
"""``<robot>/<parameter set>/<law>.json``, written by ``sim2metal tune``."""


def load_law(name: str) -> Law:
    """Return a law by name; compiles nothing before its first step.

    Raises:
        ConfigError: with the names there are.
    """
    import importlib

    if name not in NAMES:
        raise ConfigError(f"unknown controller '{name}'; choose from: {', '.join(NAMES)}")
    return importlib.import_module(f"sim.controllers.{name}").LAW


def tuned_path(law: Law, robot: str, parameter_set: str, folder: Path = TUNED) -> Path:
    """Return where the gains tuned for an airframe are kept."""
    return folder / robot / parameter_set / f"{law.name}.json"


def tuned_gains(law: Law, robot: str, parameter_set: str, folder: Path = TUNED) -> dict[str, float]:
    """Return the gains tuned for an airframe.

    Raises:
        ConfigError: if there are none, with the command that finds them, or the file is not of this law as it is now.
    """
    path = tuned_path(law, robot, parameter_set, folder)
    if not path.exists():
        raise ConfigError(
            f"no gains of controller '{law.name}' are tuned for {robot}, set '{parameter_set}':"
            f" sim2metal tune {law.name} --robot {robot} --parameter-set {parameter_set}, or use --published"
        )
    try:
        record: dict[str, Any] = json.loads(path.read_text())
        gains = {str(name): float(value) for name, value in record["gains"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f"{path}: no gains of 'sim2metal tune' ({type(error).__name__}: {error})") from None
    law.row(gains)
    return gains
