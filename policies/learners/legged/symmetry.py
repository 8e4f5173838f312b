"""Rollouts seen in a mirror, for rsl-rl-lib's symmetry augmentation."""

from __future__ import annotations

from typing import Any

import torch
from tensordict import TensorDict
from torch import Tensor

from sim.errors import ConfigError
from sim.legged.mirror import Mirror, find_mirror
from sim.legged.spec import LeggedTaskSpec


class SymmetryAugmentation:
    """Appends the mirror image of each step; rsl-rl-lib calls it on mini-batches.

    Args:
        task: whose observations and joints are mirrored.

    Raises:
        ConfigError: if the robot is not the same on both sides, or nobody knows an observation's image.
    """

    def __init__(self, task: LeggedTaskSpec) -> None:
        try:
            body = find_mirror(task.robot, task.parameters)
            seen = {"actor": body.terms(task.actor_terms), "critic": body.terms(task.critic_terms)}
        except ConfigError as error:
            raise ConfigError(f"{error}: train it with --config.ppo.no-symmetry") from error
        self._groups = {name: _TorchMirror(mirror) for name, mirror in seen.items()}
        self._actions = _TorchMirror(body.joints)

    def __call__(
        self, env: Any, obs: TensorDict | None = None, actions: Tensor | None = None
    ) -> tuple[TensorDict | None, Tensor | None]:
        """Return observations and actions with their images behind them, (2 N, ...)."""
        both = None
        if obs is not None:
            groups = {name: torch.cat([obs[name], mirror(obs[name])]) for name, mirror in self._groups.items()}
            both = TensorDict(groups, batch_size=[2 * obs.batch_size[0]])  # pyright: ignore[reportArgumentType]
        return both, None if actions is None else torch.cat([actions, self._actions(actions)])


class _TorchMirror:
    def __init__(self, mirror: Mirror) -> None:
        self._order, self._sign = torch.from_numpy(mirror.order), torch.from_numpy(mirror.sign)

    def __call__(self, vector: Tensor) -> Tensor:
        return vector[:, self._order] * self._sign
