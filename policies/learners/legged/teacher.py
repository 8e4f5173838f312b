"""A bundle's policy as rsl-rl-lib's distillation asks a teacher: what is seen in, actions in action scales out."""

from __future__ import annotations

from typing import Any

import torch
from tensordict import TensorDict
from torch import Tensor, nn

from sim.legged.spec import LeggedTaskSpec
from sim.legged.terms import term_slice


class BundleTeacher(nn.Module):
    """Answers like a model of the library, from a deployed actor without memory.

    Args:
        actor: ``(observation, state, reset) -> (joint targets in rad, state)``.
        group: of the observation that it sees.
        task: as it was made for; its joints' scales, and what targets are counted from.
    """

    scale: Tensor
    default_pose: Tensor

    def __init__(self, actor: nn.Module, group: str, task: LeggedTaskSpec) -> None:
        super().__init__()
        p, centre = task.parameters, task.centre_term
        self.actor, self.group = actor, group
        self.centre = None if centre is None else term_slice(task.actor_terms, centre)
        self.register_buffer("scale", torch.tensor(p.action_scale_rad, dtype=torch.float32))
        self.register_buffer("default_pose", torch.tensor(p.default_pose_rad, dtype=torch.float32))
        self.requires_grad_(False).eval()

    def forward(self, obs: TensorDict) -> Tensor:
        """Return what the policy would do, (N, J) in action scales."""
        seen = obs[self.group]
        nothing = seen.new_zeros(len(seen), 0), seen.new_zeros(len(seen), 1)
        targets, _ = self.actor(seen, *nothing)
        middle = self.default_pose if self.centre is None else seen[:, self.centre]
        return (targets - middle) / self.scale

    def reset(self, dones: Tensor | None = None, hidden_state: Any = None) -> None:
        """Nothing to forget."""

    def get_hidden_state(self) -> None:
        """It has none."""
