"""A critic for each group of rewards: advantages against a plain loop, and plain PPO where there is one group."""

import numpy as np
import pytest
import torch
from rsl_rl.algorithms import PPO
from rsl_rl.storage import RolloutStorage
from tensordict import TensorDict

from policies.learners.contact.touch_model import TouchModel
from policies.learners.legged.multi_critic import GroupStorage, MultiCriticPpo
from policies.learners.legged.settings import LeggedPpoSettings
from policies.learners.ppo import ppo_arguments
from policies.networks.touch_actor import TouchActorConfig

N, T, SEEN, ACTIONS = 6, 5, 4, 2
SETTINGS = LeggedPpoSettings(mini_batches=2, epochs=2)


def make(groups, *, plain=False):
    """Return the algorithm, with the same weights for the same number of groups."""
    torch.manual_seed(3)
    obs = seen()
    actor_config = TouchActorConfig(SEEN, (-1.0,) * ACTIONS, (1.0,) * ACTIONS, hidden=(8,))
    actor = TouchModel(obs, "actor", actor_config, ACTIONS, 0.5)
    critic = TouchModel(obs, "critic", TouchActorConfig(SEEN, (-1.0,), (1.0,), hidden=(8,)), groups)
    if plain:
        algorithm = PPO(actor, critic, RolloutStorage("rl", N, T, obs, [ACTIONS]), **ppo_arguments(SETTINGS))
    else:
        algorithm = MultiCriticPpo(actor, critic, GroupStorage(obs, T, ACTIONS, groups), **ppo_arguments(SETTINGS))
    algorithm.train_mode()
    return algorithm


def seen():
    return TensorDict({name: torch.randn(N, SEEN) for name in ("actor", "critic")}, batch_size=[N])


def roll_out(algorithm, rewards, dones, time_outs):
    """Act on made-up observations, and compute returns; rewards (T, N, groups)."""
    torch.manual_seed(7)
    obs = seen()
    for parts, done, out in zip(rewards, dones, time_outs):
        with torch.no_grad():
            algorithm.act(obs)
            obs = seen()
            extras = {"time_outs": out, "group_rewards": parts}
            algorithm.process_env_step(obs, parts.sum(1), done, extras)
    with torch.no_grad():
        last = algorithm.critic(obs).numpy()
        algorithm.compute_returns(obs)
    return last


def made_up(groups, seed=0):
    rng = np.random.default_rng(seed)
    rewards = rng.normal(size=(T, N, groups)) * 10.0 ** np.arange(groups)
    done = rng.uniform(size=(T, N)) < 0.3
    return (
        torch.tensor(rewards, dtype=torch.float32),
        torch.tensor(done),
        torch.tensor(done & (rng.uniform(size=(T, N)) < 0.5)).float(),
    )


def test_advantages_are_those_of_a_plain_loop():
    rewards, dones, time_outs = made_up(3)
    algorithm = make(3)
    last = roll_out(algorithm, rewards, dones, time_outs)
    values = algorithm.storage.values.numpy()
    gamma, trace = SETTINGS.discount, SETTINGS.trace
    total = np.zeros((T, N))
    for group in range(3):
        advantage = np.zeros((T, N))
        for env in range(N):
            later, worth = 0.0, float(last[env, group])
            for step in reversed(range(T)):
                going, now = not dones[step, env], float(values[step, env, group])
                gained = float(rewards[step, env, group]) + gamma * now * float(time_outs[step, env])
                later = gained + gamma * worth * going - now + gamma * trace * later * going
                advantage[step, env], worth = later, now
        np.testing.assert_allclose(
            algorithm.storage.returns[..., group].numpy() - values[..., group], advantage, rtol=1e-3, atol=1e-4
        )
        total += (advantage - advantage.mean()) / advantage.std(ddof=1)
    np.testing.assert_allclose(algorithm.storage.advantages[..., 0], total, rtol=1e-3, atol=1e-3)


def test_the_size_of_a_groups_rewards_does_not_matter():
    rewards, dones, _ = made_up(2)
    advantages = []
    for scale in (1.0, 1000.0):
        algorithm = make(2)
        with torch.no_grad():
            algorithm.critic.mlp[-1].weight.zero_()
            algorithm.critic.mlp[-1].bias.zero_()
        roll_out(algorithm, rewards * torch.tensor([1.0, scale]), dones, torch.zeros(T, N))
        advantages.append(algorithm.storage.advantages)
    torch.testing.assert_close(*advantages, rtol=1e-4, atol=1e-4)


def test_with_one_group_it_is_ppo():
    learnt = []
    for plain in (True, False):
        algorithm = make(1, plain=plain)
        roll_out(algorithm, *made_up(1))
        torch.manual_seed(11)
        losses = algorithm.update()
        learnt.append((losses, [*algorithm.actor.parameters(), *algorithm.critic.parameters()]))
    (theirs, weights), (ours, our_weights) = learnt
    assert ours == pytest.approx(theirs, rel=1e-5)
    for one, other in zip(weights, our_weights):
        torch.testing.assert_close(one, other)
