"""Made-up steps to learn from."""

from functools import partial

import torch

from policies.networks.squashed_actor import SquashedActorConfig

ACTIONS = 2
CONFIG = partial(SquashedActorConfig, 5, (-0.5, -2.0), (0.5, 2.0), hidden=(16, 16))


def batch(count=32):
    """Steps that a replay could have drawn; some ended."""
    generator = torch.Generator().manual_seed(3)

    def normal(*shape):
        return torch.randn(count, *shape, generator=generator)

    discount = torch.full((count,), 0.99)
    discount[::5] = 0.0
    seen = {"actor": normal(5), "critic": normal(7), "next_actor": normal(5), "next_critic": normal(7)}
    return {**seen, "action": normal(ACTIONS).tanh(), "reward": normal(), "discount": discount}
