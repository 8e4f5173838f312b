"""What tasks around one identified robot share, whether it flies or walks: which file fits, room for its latency."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from sim.errors import ConfigError
from sim.identified import IdentifiedRobot
from sim.randomization import RandomizationTable
from sim.spec import Timing

LEAST = 0.05
"""Draws of what must be positive are at least this share of the identified value."""
TAIL = 4.0
"""Standard errors of the latency that the task's budget must hold."""


def require_fits(identified: IdentifiedRobot, does: str, robot: str, parameter_set: str, cure: str) -> None:
    """Refuse the file of a robot of another kind, or one identified from other constants.

    Args:
        identified: the file.
        does: the task and its verb, for the message.
        robot: that the task is for.
        parameter_set: of its constants.
        cure: what to do about another parameter set; ``{}`` stands for the file's.

    Raises:
        ConfigError: naming both, and what to do.
    """
    if identified.robot != robot:
        raise ConfigError(
            f"the file of {identified.serial} is of a {identified.robot}, {does} a {robot}:"
            f" say --robot {identified.robot}"
        )
    if identified.parameter_set != parameter_set:
        raise ConfigError(
            f"{identified.serial} was identified from parameter set '{identified.parameter_set}', not"
            f" '{parameter_set}': {cure.format(identified.parameter_set)}"
        )


def with_room(timing: Timing, tables: Sequence[RandomizationTable], mean_s: float, longest_s: float) -> Timing:
    """Return a task's clocking with room for an identified latency instead of the one that its tables guess.

    Args:
        timing: of the task.
        tables: of the task, which may randomise ``action_delay_s``.
        mean_s: identified.
        longest_s: that must still be within the budget.
    """
    guesses = [table.term("action_delay_s") for table in tables]
    assumed = [term.distribution.quantile(np.array([0.5, 0.999])) for term in guesses if term is not None]
    usual, longest = np.max(assumed, axis=0) if assumed else (0.0, 0.0)
    return dataclasses.replace(
        timing,
        latency_assumed_s=max(timing.latency_assumed_s + mean_s - float(usual), 0.0),
        latency_budget_s=timing.latency_budget_s + max(longest_s - float(longest), 0.0),
    )
