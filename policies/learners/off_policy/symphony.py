"""Symphony (arXiv 2512.10477): sorted values of three critics, actions that are swaddled, an advantage over time.

``symphony_formulas`` has the formulas, ``replay.fading`` its replay, ``networks.resine`` its activation. Actor and
critics learn in one pass: what the target critics say of the next action is a target to the critics, and to be raised
by the actor.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from policies.learners.off_policy.models import Critics, OffPolicyLearner, StochasticActor
from policies.learners.off_policy.replay import Batch, fading
from policies.learners.off_policy.settings import SymphonySettings
from policies.learners.off_policy.symphony_formulas import (
    critic_weights,
    exploration_noise,
    rehae,
    rehse,
    sorted_value,
    swaddling,
)
from policies.learners.off_policy.transitions import NEXT
from policies.networks.resine import resine
from policies.networks.squashed_actor import SquashedActorConfig, scaled_action

_CRITICS = 3
_BETAS = (0.618, 0.995)
"""Of Adam."""
_KEPT = 0.618
"""Of the value over time, at each update."""
_VALUES_SHARE = 4
"""Of its last layer, over the values that each critic gives."""
_LEAST_VALUE = 1e-3
"""That an advantage is divided by."""


class LearntReSine(nn.Module):
    """ReSine whose width is sigmoid(learned), one for each neuron.

    Args:
        size: neurons.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.raw_width = nn.Parameter(torch.zeros(size))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, size)."""
        return resine(x, torch.sigmoid(self.raw_width))


_LAYERS = (nn.LayerNorm, LearntReSine)
"""What follows the inner layers, and the last."""


class SymphonyActor(StochasticActor):
    """tanh(S A + N): A, S and beta are bounded outputs, N is cut normal noise.

    Args:
        config: of the deployed actor.
    """

    def __init__(self, config: SquashedActorConfig) -> None:
        super().__init__(config, _LAYERS, ("scale", "beta"))

    def sample(self, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return actions, S and beta, (N, A) each."""
        outputs = self.outputs(seen)
        middle = scaled_action(outputs["action"], outputs["scale"])
        scale, beta = (torch.tanh(0.5 * outputs[name]).abs() for name in ("scale", "beta"))
        return torch.tanh(middle + exploration_noise(middle)), scale, beta

    def explore(self, seen: Tensor) -> Tensor:
        """Return random actions, (N, A)."""
        return self.sample(seen)[0]

    def trunk_weights(self) -> Mapping[str, Tensor]:
        """Return the layers' weights, with widths instead of what they are learnt as."""
        return {
            name.replace("raw_width", "width"): torch.sigmoid(value) if name.endswith("raw_width") else value
            for name, value in self.trunk.state_dict().items()
        }


class Symphony(OffPolicyLearner):
    """The learner.

    Args:
        config: of the deployed actor.
        critic_group: of the observation that the critics see.
        critic_size: of that group.
        settings: of it.
    """

    replay_weights = staticmethod(fading)
    value_over_time: Tensor
    rewards_seen: Tensor
    reward_size: Tensor
    weights: Tensor

    def __init__(
        self, config: SquashedActorConfig, critic_group: str, critic_size: int, settings: SymphonySettings
    ) -> None:
        values = max(1, config.hidden[-1] // _VALUES_SHARE)
        critics = Critics(_CRITICS, critic_size, len(config.action_low), config.hidden, _LAYERS, values)
        super().__init__(SymphonyActor(config), critics, critic_group, critic_size, settings)
        self.register_buffer("value_over_time", torch.zeros(()))
        self.register_buffer("rewards_seen", torch.zeros(()))
        self.register_buffer("reward_size", torch.zeros(()))
        self.register_buffer("weights", critic_weights(_CRITICS * values))
        learnt = [*self.actor.parameters(), *self.critics.parameters()]
        self.optimizer = torch.optim.AdamW(learnt, settings.learning_rate, _BETAS, weight_decay=settings.weight_decay)

    def watch_random(self, reward: Tensor) -> None:
        """Take the mean size of these rewards, and all before, as what later ones are divided by."""
        self.rewards_seen += reward.numel()
        self.reward_size += (reward.abs() - self.reward_size).sum() / self.rewards_seen

    def learn(self, batch: Batch) -> dict[str, float]:
        """Update critics and actor once, in one pass."""
        actor = self.actor
        assert isinstance(actor, SymphonyActor)
        action, scale, beta = actor.sample(batch[NEXT + "actor"])
        value = self.value(self.targets, batch[NEXT + self.critic_group], action)
        target = self.scaled_reward(batch["reward"]) + batch["discount"] * value.detach()
        said = self.critics(self.critic_scaled(batch[self.critic_group]), batch["action"])
        critic_loss = rehse(said - target[:, None])
        advantage, swaddled = rehae(self.advantage(value)), swaddling(scale, beta)
        self.descend(critic_loss - advantage + swaddled, [*actor.parameters(), *self.critics.parameters()])
        self.follow()
        return {
            "loss_critic": float(critic_loss.detach()),
            "advantage": float(advantage.detach()),
            "swaddling": float(swaddled.detach()),
            "value": float(said.detach().mean()),
            "scale": float(scale.detach().mean()),
            "beta": float(beta.detach().mean()),
        }

    def value(self, critics: nn.Module, seen: Tensor, action: Tensor) -> Tensor:
        """Return Q*, the weighted sum of all that critics say, (N,)."""
        return sorted_value(critics(self.critic_scaled(seen), action), self.weights)

    def scaled_reward(self, reward: Tensor) -> Tensor:
        """Return rewards over their mean size while actions were random; as they are if there were none."""
        return reward / torch.where(self.reward_size > 0.0, self.reward_size, torch.ones(()))

    def advantage(self, value: Tensor) -> Tensor:
        """Return (Q* - Qbar) / abs(Qbar), (N,), where Qbar <- 0.618 Qbar + 0.382 Q*, each of its own Q*.

        The Qbar that goes on is the mean of these.
        """
        baseline = _KEPT * self.value_over_time + (1.0 - _KEPT) * value.detach()
        self.value_over_time.copy_(baseline.mean())
        return (value - baseline) / baseline.abs().clamp(min=_LEAST_VALUE)
