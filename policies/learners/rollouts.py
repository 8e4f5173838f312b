"""An environment behind rsl-rl-lib's interface: dictionaries of tensors, time-outs apart from ends."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from rsl_rl.env import VecEnv
from tensordict import TensorDict

from policies.learners.recent_episodes import RecentEpisodes

Observation = dict[str, npt.NDArray]


class Transition(Protocol):
    """What a step of an environment returns: arrays (N, ...)."""

    @property
    def observation(self) -> Observation: ...  # noqa: D102
    @property
    def reward(self) -> npt.NDArray: ...  # noqa: D102
    @property
    def terminated(self) -> npt.NDArray: ...  # noqa: D102
    @property
    def truncated(self) -> npt.NDArray: ...  # noqa: D102
    @property
    def success(self) -> npt.NDArray: ...  # noqa: D102


class Environment(Protocol):
    """Many simulations of a task, such as ``sim.envs.contact_task.ContactTaskEnv`` or ``sim.envs.legged.LeggedEnv``."""

    @property
    def num_envs(self) -> int: ...  # noqa: D102
    @property
    def age(self) -> npt.NDArray:
        """Steps since each episode began, (N,); may be written to, which ends an episode earlier."""
        ...

    def reset(self, ids: npt.NDArray | None = None) -> Observation:
        """Begin new episodes, everywhere or in some simulations, and return what all of them show."""
        ...

    def step(self, action: npt.NDArray) -> Transition:
        """Advance all by one control period, actions (N, num_actions) in [-1, 1]; ended episodes begin anew."""
        ...


class Rollouts(VecEnv):
    """Steps an environment with torch's tensors.

    Args:
        env: the simulations.
        groups: of the observation that are used.
        num_actions: of the policy.
        ages: how old the first episodes are taken to be, (N,); default: new. If all begin together, each rollout shows
            the same part of an episode everywhere, and a network learns that part and forgets the others.
        bonus: reward for each step of success, beside the task's.
        reach: the policy's action that is the environment's largest, 1.
    """

    def __init__(
        self,
        env: Environment,
        groups: tuple[str, ...],
        num_actions: int,
        ages: npt.NDArray | None = None,
        bonus: float = 0.0,
        reach: float = 1.0,
    ) -> None:
        self.groups, self.bonus, self.reach = groups, bonus, reach
        self.num_envs, self.num_actions, self.device, self.cfg = env.num_envs, num_actions, "cpu", {}
        self._env = env
        self._observation = env.reset()
        if ages is not None:
            env.age[:] = ages
        self.recent = RecentEpisodes(env.num_envs)

    def get_observations(self) -> TensorDict:
        """Return what is seen now, (N, ...) for each group."""
        return as_tensors(self._observation, self.groups)

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Apply actions (N, num_actions), cut at the reach.

        Returns:
            What is seen, rewards (N,), whether episodes ended (N,), and which of them by time alone; beside it, where
            the task has groups of rewards, what they gave, (N, groups).
        """
        after = self._env.step(np.clip(actions.numpy() / self.reach, -1.0, 1.0))
        self._observation = after.observation
        done = after.terminated | after.truncated
        self.recent.note(after.reward, done, after.success)
        time_outs = torch.from_numpy(after.truncated & ~after.terminated).float()
        rewards = torch.from_numpy(np.asarray(after.reward + self.bonus * after.success, np.float32))
        extras = {"time_outs": time_outs}
        groups = getattr(after, "group_rewards", None)
        if groups is not None:
            extras["group_rewards"] = torch.from_numpy(groups)
        return self.get_observations(), rewards, torch.from_numpy(done), extras


def as_tensors(observation: Observation, groups: tuple[str, ...]) -> TensorDict:
    """Return groups of an observation as tensors of their own, pictures as whole grey levels."""
    tensors = {name: torch.from_numpy(_compact(observation[name])) for name in dict.fromkeys(groups)}
    return TensorDict(tensors, batch_size=[len(observation[groups[0]])])  # pyright: ignore[reportArgumentType]


def _compact(values: npt.NDArray) -> npt.NDArray:
    """Return a copy, because simulators write into their arrays; bytes and grey levels stay small in the storage."""
    return np.array(values, values.dtype if values.dtype in (np.uint8, np.int16) else np.float32)
