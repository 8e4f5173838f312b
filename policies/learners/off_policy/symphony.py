"""Symphony, by its formulas: three sorted critics, actions that are swaddled, an advantage over time.

``symphony_formulas`` has the formulas, ``replay.fading`` its replay, ``networks.resine`` its activation.
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


class SymphonyActor(StochasticActor):
    """tanh(S A + N): A, S and beta are bounded outputs, N is cut normal noise.

    Args:
        config: of the deployed actor.
    """

    def __init__(self, config: SquashedActorConfig) -> None:
        super().__init__(config, LearntReSine, ("scale", "beta"))

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
    reward_size: Tensor
    weights: Tensor

    def __init__(
        self, config: SquashedActorConfig, critic_group: str, critic_size: int, settings: SymphonySettings
    ) -> None:
        critics = Critics(_CRITICS, critic_size, len(config.action_low), config.hidden, LearntReSine)
        super().__init__(SymphonyActor(config), critics, critic_group, critic_size, settings)
        self.register_buffer("value_over_time", torch.tensor(torch.nan))
        self.register_buffer("reward_size", torch.tensor(1.0))
        self.register_buffer("weights", critic_weights(_CRITICS))
        learnt = [*self.actor.parameters(), *self.critics.parameters()]
        self.optimizer = torch.optim.AdamW(learnt, settings.learning_rate, _BETAS, weight_decay=settings.weight_decay)

    def begin(self, reward: Tensor) -> None:
        """Measure the mean size of rewards, which later ones are divided by; nothing to divide by leaves them."""
        size = reward.abs().mean()
        self.reward_size.copy_(size if size > 0.0 else torch.ones(()))

    def learn(self, batch: Batch) -> dict[str, float]:
        """Update critics and actor once."""
        actor = self.actor
        assert isinstance(actor, SymphonyActor)
        seen = self.critic_scaled(batch[self.critic_group])
        value = self.critics(seen, batch["action"])
        critic_loss = rehse(value - self.target(batch)[:, None])
        self.descend(critic_loss, self.critics.parameters())
        action, scale, beta = actor.sample(batch["actor"])
        advantage = rehae(self.advantage(sorted_value(self.critics(seen, action), self.weights)))
        swaddled = swaddling(scale, beta)
        self.descend(swaddled - advantage, actor.parameters())
        self.follow()
        return {
            "loss_critic": float(critic_loss.detach()),
            "advantage": float(advantage.detach()),
            "swaddling": float(swaddled.detach()),
            "value": float(value.detach().mean()),
            "scale": float(scale.detach().mean()),
            "beta": float(beta.detach().mean()),
        }

    @torch.no_grad()
    def target(self, batch: Batch) -> Tensor:
        """Return what every critic is to say, (N,). Open: the next action; here it has its noise, as in SAC."""
        actor = self.actor
        assert isinstance(actor, SymphonyActor)
        action, _, _ = actor.sample(batch[NEXT + "actor"])
        values = self.targets(self.critic_scaled(batch[NEXT + self.critic_group]), action)
        return batch["reward"] / self.reward_size + batch["discount"] * sorted_value(values, self.weights)

    def advantage(self, value: Tensor) -> Tensor:
        """Return (Q* - Qbar) / abs(Qbar), (N,), after Qbar <- 0.618 Qbar + 0.382 Q*.

        Open: whose Qbar. Here it is one number, after the mean over each batch, which it begins with.
        """
        mean = value.detach().mean()
        before = mean if self.value_over_time.isnan() else self.value_over_time
        self.value_over_time.copy_(_KEPT * before + (1.0 - _KEPT) * mean)
        return (value - self.value_over_time) / self.value_over_time.abs().clamp(min=_LEAST_VALUE)
