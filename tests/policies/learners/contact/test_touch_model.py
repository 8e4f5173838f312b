"""What is deployed computes what was trained: normaliser, convolutions, memory, step by step."""

import numpy as np
import pytest
import torch
from rsl_rl.utils import split_and_pad_trajectories
from tensordict import TensorDict

from policies.learners.contact.rollouts import BEFORE
from policies.learners.contact.touch_model import TouchModel, deployed
from policies.networks.touch_actor import TouchActorConfig

N, STEPS = 3, 7
REACH = (0.01, 0.01, 0.01, 0.05, 0.05, 0.05)


def model(images=(), layers=0, motion=True, limit=None, shortcut=False):
    torch.manual_seed(0)
    config = TouchActorConfig(
        observation_size=8, action_low=tuple(-r for r in REACH), action_high=REACH, images=images, poses=(1,),
        hidden=(16, 8), memory=(layers, 5), channels=(4, 4, 6), moments=("field",), motion=motion,
        shortcut=shortcut,
    )  # fmt: skip
    obs = sequence(images)[0]
    made = TouchModel(obs, "state", config, 6, std=0.5, limit=limit)
    for _ in range(3):
        made.update_normalization(sequence(images)[1])
    return made


def sequence(images, ended=((3, 1), (2, 2))):
    """What is seen of a tool that moves by about a millimetre a step; episodes end after the steps ``ended``."""
    g = torch.Generator().manual_seed(1)
    shown = {name: torch.randn(STEPS, N, *shape, generator=g) for name, shape, _ in images}
    steps = 1e-3 * torch.randn(STEPS, N, 8, generator=g)
    state = torch.randn(N, 8, generator=g) + steps.cumsum(dim=0)
    before = torch.cat([state[:1], state[:-1]])
    for time, env in ended:
        before[time + 1, env] = state[time + 1, env]
    return TensorDict({**shown, "state": state, f"state{BEFORE}": before}, batch_size=[STEPS, N])


IMAGES = (("field", (2, 14, 10, 3), 0.5), ("wrist", (20, 20, 3), 2.0))


@pytest.mark.parametrize(
    ("images", "layers", "shortcut"),
    [((), 0, False), ((), 2, False), ((), 2, True), (IMAGES, 0, False), (IMAGES, 1, False), (IMAGES, 1, True)],
)
def test_step_by_step(images, layers, shortcut):
    trained = model(images, layers, limit=1.0, shortcut=shortcut).eval()
    actor = deployed(trained)
    state, reset = torch.zeros(N, actor.state_size), torch.ones(N, 1)
    for t, obs in enumerate(sequence(images)):
        with torch.no_grad():
            expected = torch.clamp(trained(obs), -1.0, 1.0) * torch.tensor(REACH)
            action, state = actor(obs["state"], state, reset, *(obs[name] for name, *_ in images))
        np.testing.assert_allclose(action, expected, atol=1e-8)
        done = torch.tensor([0, t == 3, t == 2])
        trained.reset(done)
        reset = done[:, None].float()
        state = torch.where(reset > 0.5, torch.nan, state)  # what is left of the episode before must not matter


def test_the_middle_of_the_noise_hardly_leaves_what_is_obeyed():
    """The KL divergence, which the learning rate follows, must not be one of motions that are cut off alike."""
    free, limited, obs = model(), model(limit=1.0), sequence(())[0]
    for made in (free, limited):
        with torch.no_grad():
            made.mlp[-1].weight.mul_(20.0)
        made(obs, stochastic_output=True)
    meant, middle = free.output_mean, limited.output_mean
    far = meant.abs() > 1.0
    assert 0 < far.sum() < far.numel()
    torch.testing.assert_close(middle[~far], meant[~far])
    torch.testing.assert_close(middle[far], meant[far].sign() * (1.0 + 0.02 * (meant[far].abs() - 1.0)))


@pytest.mark.parametrize("shortcut", [False, True])
def test_whole_trajectories_at_once_are_the_steps_one_by_one(shortcut):
    trained, obs = model(IMAGES, 1, shortcut=shortcut), sequence(IMAGES, ended=((2, 1), (4, 0)))
    dones = torch.zeros(STEPS, N, 1)
    dones[2, 1] = dones[4, 0] = 1.0
    hidden = [torch.zeros(1, 5, 5) for _ in range(2)]  # of five trajectories
    padded, masks = split_and_pad_trajectories(obs, dones)
    at_once = trained(padded, masks=masks, hidden_state=tuple(hidden))
    trained.reset()
    for t in range(STEPS):
        torch.testing.assert_close(at_once[t], trained(obs[t]))
        trained.reset(dones[t, :, 0])
        trained.detach_hidden_state()
