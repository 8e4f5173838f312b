"""Print a task's randomization tables: every range with its source, and the hashes that figures carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tyro
from rich.console import Console

from sim.errors import ConfigError
from sim.randomization import RandomizationTable, without_disturbances
from sim.registry import load_task

EXAMPLE = """sim2metal table hover
sim2metal table hover --json table.json"""


@dataclass
class Args:
    """Print a task's randomization tables."""

    task: tyro.conf.Positional[str] = "hover"
    """Name of the task."""


def run(args: Args) -> dict[str, Any]:
    """Print the tables and return them as data, by role, each with its hash.

    Raises:
        ConfigError: for an unknown task or one without tables.
    """
    module = load_task(args.task)
    tables = {
        role: getattr(module, attribute)
        for role, attribute in (("training", "TRAINING_TABLE"), ("evaluation", "EVALUATION_TABLE"))
        if hasattr(module, attribute)
    }
    if not tables:
        raise ConfigError(f"task '{args.task}' has no randomization table")
    if "evaluation" in tables:
        tables["evaluation_undisturbed"] = without_disturbances(tables["evaluation"])
    console = Console()
    for table in tables.values():
        console.print(table.describe())
    return {"task": args.task, "tables": {role: _as_data(table) for role, table in tables.items()}}


def _as_data(table: RandomizationTable) -> dict[str, Any]:
    sources = {term.parameter: term.source for term in table.terms}
    return {"name": table.name, "hash": table.hash(), **table.as_data(), "sources": sources}
