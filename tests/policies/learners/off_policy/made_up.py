"""Made-up steps to learn from."""

from functools import partial

import torch
from torch import nn

from policies.networks.squashed_actor import SquashedActorConfig

ACTIONS = 2
CONFIG = partial(SquashedActorConfig, 5, (-0.5, -2.0), (0.5, 2.0), hidden=(16, 16))


class Slopes(nn.Module):
    """Critics that know what they say: what an action adds up to, times a slope for each of them.

    Args:
        slopes: of the critics.
        offsets: what each says of an action of zero.
    """

    def __init__(self, slopes, offsets):
        super().__init__()
        self.slopes, self.offsets = torch.tensor(slopes), torch.tensor(offsets)
        self.learnt = nn.Parameter(torch.zeros(()))

    def forward(self, seen, action):
        return action.sum(1, keepdim=True) * self.slopes + self.offsets + 0.0 * self.learnt


def mean_action_after(learner, critics, updates=40):
    """Let an actor learn from critics; return what it then says in the mean. At first that is nearly zero."""
    learner.critics, learner.targets = critics, critics
    for _ in range(updates):
        learner.learn(batch())
    with torch.no_grad():
        return float(learner.actor.deployed()(batch()["actor"], torch.zeros(32, 0), torch.zeros(32, 1))[0].mean())


def batch(count=32):
    """Steps that a replay could have drawn; some ended."""
    generator = torch.Generator().manual_seed(3)

    def normal(*shape):
        return torch.randn(count, *shape, generator=generator)

    discount = torch.full((count,), 0.99)
    discount[::5] = 0.0
    seen = {"actor": normal(5), "critic": normal(7), "next_actor": normal(5), "next_critic": normal(7)}
    return {**seen, "action": normal(ACTIONS).tanh(), "reward": normal(), "discount": discount}
