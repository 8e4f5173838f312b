"""PPO with a critic for each group of rewards: groups of any size and kind count alike (arXiv 2507.08656).

Each group has returns, values and advantages of its own; advantages are normalised group by group, then summed. The
critics are outputs of one network, which costs no more than one critic; their losses are averaged.
"""

from __future__ import annotations

from typing import Any

import torch
from rsl_rl.algorithms import PPO
from rsl_rl.storage import RolloutStorage
from tensordict import TensorDict
from torch import Tensor

_LEAST_SPREAD = 1e-8
"""Added to the standard deviation of advantages; rsl-rl-lib's."""


class GroupStorage(RolloutStorage):
    """Rollouts with rewards, values and returns by group.

    Args:
        obs: what is seen by (N, ...) environments.
        horizon: steps of a rollout.
        num_actions: of the policy.
        num_groups: of rewards.
    """

    def __init__(self, obs: TensorDict, horizon: int, num_actions: int, num_groups: int) -> None:
        super().__init__("rl", len(obs), horizon, obs, [num_actions])
        for name in ("rewards", "values", "returns"):
            setattr(self, name, torch.zeros(horizon, len(obs), num_groups))

    def add_transition(self, transition: RolloutStorage.Transition) -> None:
        """Keep a step whose rewards are (N, groups)."""
        rewards, step = transition.rewards, self.step
        assert rewards is not None
        transition.rewards = rewards.sum(dim=1)
        super().add_transition(transition)
        self.rewards[step] = rewards


class MultiCriticPpo(PPO):
    """rsl-rl-lib's PPO on a ``GroupStorage``, with a critic of as many outputs as there are groups of rewards."""

    def process_env_step(self, obs: TensorDict, rewards: Tensor, dones: Tensor, extras: dict[str, Any]) -> None:
        """Record one step.

        Args:
            obs: what is seen after it.
            rewards: (N,), which ``group_rewards`` are the parts of.
            dones: (N,) whether episodes ended.
            extras: ``group_rewards``, (N, groups), and ``time_outs``, (N,): by time alone, so that what would have come
                later counts as the critics think.
        """
        values, parts = self.transition.values, extras["group_rewards"]
        assert values is not None
        parts = parts + self.gamma * values * extras["time_outs"][:, None]
        super().process_env_step(obs, parts, dones, {})

    def compute_returns(self, obs: TensorDict) -> None:
        """Compute each group's returns, and the sum of their normalised advantages."""
        super().compute_returns(obs)
        advantages = self.storage.returns - self.storage.values
        self.storage.advantages = torch.stack([_normalised(part) for part in advantages.unbind(-1)]).sum(0)[..., None]


def _normalised(advantages: Tensor) -> Tensor:
    return (advantages - advantages.mean()) / (advantages.std() + _LEAST_SPREAD)
