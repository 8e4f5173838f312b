"""What SAC and Symphony share: inputs of a common size, critics of state and action, targets that follow."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from rsl_rl.modules import EmpiricalNormalization
from torch import Tensor, nn

from policies.learners.off_policy.replay import Batch, Weights, even
from policies.learners.off_policy.settings import OffPolicySettings
from policies.networks.squashed_actor import LayerMaker, SquashedActor, SquashedActorConfig, trunk
from policies.networks.touch_actor import clipped

_LEAST_SPREAD = 1e-3
"""Added to the spread that observations are divided by; that of ``touch_model``."""
_FIRST_OUTPUT = 0.01
"""Of an untrained actor, over that of torch's usual weights: it begins with the default pose."""


class Scaled(nn.Module):
    """Observations less their mean, over their spread, as seen so far; ``watch`` sees more.

    Args:
        size: of the observation.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.moments = EmpiricalNormalization(size, eps=_LEAST_SPREAD)

    def watch(self, seen: Tensor) -> None:
        """Take account of observations (N, size)."""
        self.moments.update(seen)

    def forward(self, seen: Tensor) -> Tensor:
        """Return (N, size)."""
        return clipped(self.moments(seen))


class Critics(nn.Module):
    """Independent critics Q(state, action) of the same sizes.

    Args:
        count: of the critics.
        seen: size of the observation, scaled already.
        actions: size of the action.
        hidden: dense layers of each.
        layers: what follows the inner ones, and the last.
        values: outputs of each.
    """

    def __init__(
        self,
        count: int,
        seen: int,
        actions: int,
        hidden: tuple[int, ...],
        layers: tuple[LayerMaker, LayerMaker],
        values: int = 1,
    ) -> None:
        super().__init__()
        sizes = (seen + actions, *hidden)
        self.critics = nn.ModuleList(
            nn.Sequential(trunk(sizes, *layers), nn.Linear(hidden[-1], values)) for _ in range(count)
        )

    def forward(self, seen: Tensor, action: Tensor) -> Tensor:
        """Return values, (N, count * values)."""
        x = torch.cat([seen, action], dim=1)
        return torch.cat([critic(x) for critic in self.critics], dim=1)


class StochasticActor(nn.Module, ABC):
    """An actor in training: layers, and heads for the action and what its noise depends on.

    Args:
        config: of the deployed actor.
        layers: what follows the inner layers, and the last.
        heads: beside the action's.
    """

    def __init__(
        self, config: SquashedActorConfig, layers: tuple[LayerMaker, LayerMaker], heads: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.config = config
        self.scaled = Scaled(config.observation_size)
        self.trunk = trunk((config.observation_size, *config.hidden), *layers)
        actions = len(config.action_low)
        self.heads = nn.ModuleDict({name: nn.Linear(config.hidden[-1], actions) for name in ("action", *heads)})
        head = self.heads["action"]
        assert isinstance(head, nn.Linear)
        with torch.no_grad():
            head.weight.mul_(_FIRST_OUTPUT)
            head.bias.zero_()

    def outputs(self, seen: Tensor) -> dict[str, Tensor]:
        """Return what each head says, (N, A)."""
        x = self.trunk(self.scaled(seen))
        return {name: head(x) for name, head in self.heads.items()}

    @abstractmethod
    def explore(self, seen: Tensor) -> Tensor:
        """Return random actions, (N, A) in [-1, 1]."""

    def deployed(self) -> SquashedActor:
        """Return the actor that a bundle holds, with these weights and without noise."""
        actor, moments = SquashedActor(self.config), self.scaled.moments
        with torch.no_grad():
            actor.observation_mean.copy_(moments.mean)
            actor.observation_std.copy_(moments.std + moments.eps)
            actor.trunk.load_state_dict(self.trunk_weights())
            actor.action.load_state_dict(self.heads["action"].state_dict())
            if actor.scale is not None:
                actor.scale.load_state_dict(self.heads["scale"].state_dict())
        return actor.eval()

    def trunk_weights(self) -> Mapping[str, Tensor]:
        """Return the layers' weights under the deployed actor's names."""
        return self.trunk.state_dict()


class OffPolicyLearner(nn.Module, ABC):
    """Learns from steps that a replay keeps.

    Args:
        actor: to train.
        critics: to train.
        critic_group: of the observation that the critics see.
        critic_size: of that group.
        settings: of the learner.

    Attributes:
        optimizer: of everything that is learnt.
        learning_rate: of it.
        replay_weights: how often steps are drawn, by age.
    """

    optimizer: torch.optim.Optimizer
    learning_rate: float
    replay_weights: Weights = staticmethod(even)

    def __init__(
        self,
        actor: StochasticActor,
        critics: Critics,
        critic_group: str,
        critic_size: int,
        settings: OffPolicySettings,
    ) -> None:
        super().__init__()
        self.actor, self.critics, self.targets = actor, critics, copy.deepcopy(critics).requires_grad_(False)
        self.critic_group, self.settings = critic_group, settings
        self.critic_scaled = Scaled(critic_size)
        self.learning_rate = settings.learning_rate

    def watch(self, seen: Mapping[str, Tensor]) -> None:
        """Take account of what observations are like: by group, (N, size)."""
        self.actor.scaled.watch(seen["actor"])
        self.critic_scaled.watch(seen[self.critic_group])

    def watch_random(self, reward: Tensor) -> None:
        """Take account of the rewards of random actions, each step's own; before the first update."""
        return

    @abstractmethod
    def learn(self, batch: Batch) -> dict[str, float]:
        """Update once by a batch of ``transitions``; return losses and the like."""

    def descend(self, loss: Tensor, parameters: Iterable[nn.Parameter]) -> None:
        """Take one step of the optimiser down a loss, with these parameters alone."""
        wanted = list(parameters)
        for parameter, gradient in zip(wanted, torch.autograd.grad(loss, wanted)):
            parameter.grad = gradient
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def follow(self) -> None:
        """Let the target critics follow."""
        with torch.no_grad():
            for target, value in zip(self.targets.parameters(), self.critics.parameters()):
                target.lerp_(value, self.settings.target_rate)
