"""A contact task behind rsl-rl-lib's environment interface: dictionaries of tensors, time-outs apart from ends."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from rsl_rl.env import VecEnv
from tensordict import TensorDict

Observation = dict[str, npt.NDArray]


class ContactTransition(Protocol):
    """What a step of a contact task returns: arrays (N, ...) by the names of ``sim.envs.contact_task``."""

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


class ContactEnv(Protocol):
    """Many simulations of a contact task; ``sim.envs.contact_task.ContactTaskEnv`` is the one there is."""

    @property
    def num_envs(self) -> int: ...  # noqa: D102
    @property
    def age(self) -> npt.NDArray:
        """Steps since each episode began, (N,); may be written to, which ends an episode earlier."""
        ...

    @property
    def obeys(self) -> npt.NDArray[np.bool_]:
        """Where the next action will be obeyed, (N,)."""
        ...

    def reset(self, ids: npt.NDArray | None = None) -> Observation:
        """Begin new episodes, everywhere or in some simulations, and return what all of them show."""
        ...

    def step(self, action: npt.NDArray) -> ContactTransition:
        """Advance all by one control period, actions (N, 6) in [-1, 1]; ended episodes begin anew."""
        ...


class EnvMaker(Protocol):
    """Builds the environments of one task."""

    def __call__(self, num_envs: int, sensors: tuple[str, ...], seed: int, *, training: bool = False) -> ContactEnv:
        """Return ``num_envs`` simulations with these sensors, randomised for training or for evaluation."""
        ...


NUM_ACTIONS = 6
"""Motion of the end effector: three lengths and three angles."""
_RECENT = 200
"""Ended episodes that the training curve averages."""


class Rollouts(VecEnv):
    """Steps a contact task with torch's tensors.

    Args:
        env: the simulations.
        groups: of the observation that actor, critic and expert use.
        ages: how old the first episodes are taken to be, (N,); default: new. If all begin together, each rollout shows
            the same part of an episode everywhere, and a network learns that part and forgets the others.
        goal_bonus: reward for each step at the goal, beside the task's.
    """

    def __init__(
        self, env: ContactEnv, groups: tuple[str, ...], ages: npt.NDArray | None = None, goal_bonus: float = 0.0
    ) -> None:
        self.env, self.groups, self.goal_bonus = env, groups, goal_bonus
        self.num_envs, self.num_actions, self.device, self.cfg = env.num_envs, NUM_ACTIONS, "cpu", {}
        self._observation = env.reset()
        if ages is not None:
            env.age[:] = ages
        self._reward = np.zeros(env.num_envs)
        self._ended: deque[tuple[float, bool]] = deque(maxlen=_RECENT)

    def get_observations(self) -> TensorDict:
        """Return what is seen now, (N, ...) for each group."""
        return as_tensors(self._observation, self.groups)

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Apply actions (N, 6), cut at -1 and 1.

        Returns:
            What is seen, rewards (N,), whether episodes ended (N,), and which of them by time alone.
        """
        after = self.env.step(np.clip(actions.numpy(), -1.0, 1.0))
        self._observation = after.observation
        done = after.terminated | after.truncated
        self._reward += after.reward
        self._ended.extend(zip(self._reward[done].tolist(), after.success[done].tolist()))
        self._reward[done] = 0.0
        time_outs = torch.from_numpy(after.truncated & ~after.terminated).float()
        rewards = torch.from_numpy(np.asarray(after.reward + self.goal_bonus * after.success, np.float32))
        return self.get_observations(), rewards, torch.from_numpy(done), {"time_outs": time_outs}

    def counts(self) -> torch.Tensor:
        """Return where the next action will be obeyed, (N,) float."""
        return torch.from_numpy(np.asarray(self.env.obeys, np.float32))

    def recent(self) -> dict[str, float]:
        """Return mean reward and share of successes of the latest episodes; nothing before the first has ended."""
        if not self._ended:
            return {}
        rewards, successes = zip(*self._ended)
        return {"episode_reward": float(np.mean(rewards)), "success_rate_in_training": float(np.mean(successes))}


def as_tensors(observation: Observation, groups: tuple[str, ...]) -> TensorDict:
    """Return groups of an observation as tensors of their own, pictures as whole grey levels."""
    tensors = {name: torch.from_numpy(_compact(observation[name])) for name in dict.fromkeys(groups)}
    return TensorDict(tensors, batch_size=[len(observation[groups[0]])])  # pyright: ignore[reportArgumentType]


def _compact(values: npt.NDArray) -> npt.NDArray:
    """Return a copy, because simulators write into their arrays; bytes and grey levels stay small in the storage."""
    return np.array(values, values.dtype if values.dtype in (np.uint8, np.int16) else np.float32)
