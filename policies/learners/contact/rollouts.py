"""A contact task behind rsl-rl-lib's environment interface, where hands do not always obey."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from tensordict import TensorDict

from policies.learners import rollouts
from policies.learners.rollouts import Environment
from policies.learners.rollouts import Observation as Observation
from policies.learners.rollouts import Transition as ContactTransition
from policies.learners.rollouts import as_tensors as as_tensors

__all__ = ["NUM_ACTIONS", "ContactEnv", "ContactTransition", "EnvMaker", "Observation", "Rollouts", "as_tensors"]


class ContactEnv(Environment, Protocol):
    """Many simulations of a contact task; ``sim.envs.contact_task.ContactTaskEnv`` is the one there is."""

    @property
    def obeys(self) -> npt.NDArray[np.bool_]:
        """Where the next action will be obeyed, (N,)."""
        ...


class EnvMaker(Protocol):
    """Builds the environments of one task."""

    def __call__(self, num_envs: int, sensors: tuple[str, ...], seed: int, *, training: bool = False) -> ContactEnv:
        """Return ``num_envs`` simulations with these sensors, randomised for training or for evaluation."""
        ...


NUM_ACTIONS = 6
"""Motion of the end effector: three lengths and three angles."""


BEFORE = "_before"
"""Behind a group's name: what it was a step earlier, or what it is in an episode's first step."""


class Rollouts(rollouts.Rollouts):
    """Steps a contact task with torch's tensors.

    Args:
        env: the simulations.
        groups: of the observation that actor, critic and expert use.
        ages: how old the first episodes are taken to be, (N,); default: new.
        goal_bonus: reward for each step at the goal, beside the task's.
    """

    def __init__(
        self, env: ContactEnv, groups: tuple[str, ...], ages: npt.NDArray | None = None, goal_bonus: float = 0.0
    ) -> None:
        super().__init__(env, groups, NUM_ACTIONS, ages, goal_bonus)
        self.env = env
        self._before = self._observation

    def get_observations(self) -> TensorDict:
        """Return what is seen now, (N, ...) for each group, and what was a step earlier of groups ``BEFORE``."""
        new = self.env.age == 0
        for group in (name.removesuffix(BEFORE) for name in self.groups if name.endswith(BEFORE)):
            now = self._observation[group]
            self._observation[group + BEFORE] = np.where(new[:, None], now, self._before[group])
        return super().get_observations()

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Apply actions, (N, 6), as ``rollouts.Rollouts.step`` does."""
        self._before = self._observation
        return super().step(actions)

    def counts(self) -> torch.Tensor:
        """Return where the next action will be obeyed, (N,) float."""
        return torch.from_numpy(np.asarray(self.env.obeys, np.float32))
