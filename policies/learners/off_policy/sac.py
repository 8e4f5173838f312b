"""Soft actor-critic (arXiv 1812.05905): the smaller of two critics, and as much noise as an entropy asks for."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from policies.learners.off_policy.models import Critics, OffPolicyLearner, StochasticActor
from policies.learners.off_policy.replay import Batch
from policies.learners.off_policy.settings import SacSettings
from policies.learners.off_policy.transitions import NEXT
from policies.networks.squashed_actor import SquashedActorConfig, elu

_LOG_STD = (-5.0, 2.0)
"""Least and largest; published: -20 and 2, cut, which stops gradients."""


class SacActor(StochasticActor):
    """A normal distribution, squashed by tanh.

    Args:
        config: of the deployed actor.
    """

    def __init__(self, config: SquashedActorConfig) -> None:
        super().__init__(config, (elu, elu), ("log_std",))

    def sample(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Return actions (N, A) and the logarithms of their densities (N,)."""
        outputs = self.outputs(seen)
        low, high = _LOG_STD
        log_std = low + 0.5 * (high - low) * (torch.tanh(outputs["log_std"]) + 1.0)
        noise = torch.randn_like(log_std)
        unsquashed = outputs["action"] + log_std.exp() * noise
        return torch.tanh(unsquashed), squashed_log_density(noise, log_std, unsquashed)

    def explore(self, seen: Tensor) -> Tensor:
        """Return random actions, (N, A)."""
        return self.sample(seen)[0]


class Sac(OffPolicyLearner):
    """The learner.

    Args:
        config: of the deployed actor.
        critic_group: of the observation that the critics see.
        critic_size: of that group.
        settings: of it.
    """

    def __init__(self, config: SquashedActorConfig, critic_group: str, critic_size: int, settings: SacSettings) -> None:
        actions = len(config.action_low)

        def activation(size: int) -> nn.Module:
            return nn.Sequential(nn.LayerNorm(size), nn.ELU()) if settings.layer_norm else nn.ELU()

        critics = Critics(2, critic_size, actions, config.hidden, (activation, activation))
        super().__init__(SacActor(config), critics, critic_group, critic_size, settings)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(settings.first_temperature)))
        self._entropy = settings.entropy_per_action * actions
        self._reward_scale = settings.reward_scale
        learnt = [*self.actor.parameters(), *self.critics.parameters(), self.log_temperature]
        self.optimizer = torch.optim.Adam(learnt, settings.learning_rate)

    def learn(self, batch: Batch) -> dict[str, float]:
        """Update critics, actor and temperature once; equations 5, 7 and 18 of the paper."""
        actor = self.actor
        assert isinstance(actor, SacActor)
        seen = self.critic_scaled(batch[self.critic_group])
        value = self.critics(seen, batch["action"])
        critic_loss = 0.5 * (value - self.target(batch)[:, None]).square().mean(0).sum()
        self.descend(critic_loss, self.critics.parameters())
        action, log_density = actor.sample(batch["actor"])
        temperature = self.log_temperature.exp().detach()
        actor_loss = (temperature * log_density - self.critics(seen, action).min(1).values).mean()
        self.descend(actor_loss, actor.parameters())
        missing = (log_density.detach() + self._entropy).mean()
        self.descend(-self.log_temperature.exp() * missing, [self.log_temperature])
        self.follow()
        return {
            "loss_critic": float(critic_loss.detach()),
            "loss_actor": float(actor_loss.detach()),
            "value": float(value.detach().mean()),
            "temperature": float(temperature),
            "entropy": -float(log_density.detach().mean()),
        }

    @torch.no_grad()
    def target(self, batch: Batch) -> Tensor:
        """Return what the critics are to say, (N,): equation 6; an n-step one has the entropy of its end only."""
        actor = self.actor
        assert isinstance(actor, SacActor)
        action, log_density = actor.sample(batch[NEXT + "actor"])
        value = self.targets(self.critic_scaled(batch[NEXT + self.critic_group]), action).min(1).values
        soft = value - self.log_temperature.exp() * log_density
        return self._reward_scale * batch["reward"] + batch["discount"] * soft


def squashed_log_density(noise: Tensor, log_std: Tensor, unsquashed: Tensor) -> Tensor:
    """Return log p of tanh(u), u = mean + std * noise, (N,).

    Equation 21 of the paper, with log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2 u)), which does not lose digits.
    """
    normal = -0.5 * noise.square() - log_std - 0.5 * math.log(2.0 * math.pi)
    squashed = 2.0 * (math.log(2.0) - unsquashed - functional.softplus(-2.0 * unsquashed))
    return (normal - squashed).sum(1)
