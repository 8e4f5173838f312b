"""The reward of a task: its terms, weighted and summed by group, and what each of them gave."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.legged import rewards, tracking_errors
from sim.legged.spec import LeggedTaskSpec
from sim.legged.state import BodyState, exponential
from sim.legged.terms import term_function
from sim.legged.tolerances import Tolerances


class RewardSum:
    """Adds up the terms that a robot has.

    Attributes:
        names: of the terms, in order.

    Args:
        task: with the terms.
        tolerances: of those that track; they are told the errors. Default: the task's, fixed.

    Raises:
        ConfigError: for a term that there is not.
    """

    def __init__(self, task: LeggedTaskSpec, tolerances: Tolerances | None = None) -> None:
        feet = len(task.parameters.feet)
        self._terms = [term for term in task.rewards if term.feet in (None, feet)]
        self._functions: list[Callable[[BodyState], np.ndarray]] = [
            term_function(rewards if term.tolerance is None else tracking_errors, term, "reward")
            for term in self._terms
        ]
        self.names = tuple(term.name for term in self._terms)
        self._group_numbers = [task.reward_groups.index(term.group) for term in self._terms]
        self._num_groups = len(task.reward_groups)
        self._weights = np.array([term.weight for term in self._terms], np.float32)
        self._tolerances = tolerances or Tolerances(task.tolerances, adaptive=False)
        self._least, self._period_s = task.least_reward, np.float32(task.timing.control_period_s)
        self._gained, self._steps = np.zeros(len(self._terms)), 0

    def __call__(self, state: BodyState) -> NDArray[np.float32]:
        """Return what each group of rewards gives in a control period, (n, groups) as the task's ``reward_groups``."""
        total = np.zeros((len(state.command), self._num_groups), np.float32)
        for number, (term, function, weight) in enumerate(zip(self._terms, self._functions, self._weights)):
            value = function(state)
            if term.tolerance is not None:
                self._tolerances.follow(term.name, float(value.mean()))
                value = exponential(value * np.float32(-1.0 / self._tolerances[term.name]))
            value = value * weight
            self._gained[number] += value.mean()
            total[:, self._group_numbers[number]] += value
        self._steps += 1
        return np.maximum(total, self._least) * self._period_s

    def means(self) -> dict[str, float]:
        """Return what each term gave per second since the last call, weighted."""
        gained, steps = self._gained / max(self._steps, 1), self._steps
        self._gained, self._steps = np.zeros(len(self._terms)), 0
        return dict(zip(self.names, gained.tolist())) if steps else {}
