"""Small actors and bundles for tests: the contract in few lines, fast to export."""

import numpy as np
import torch
from torch import nn

import sim.tasks.hover as hover
from policies.build import describe
from policies.bundle import Golden
from policies.provenance import provenance
from policies.torch_policy import TorchPolicy


class RecurrentActor(nn.Module):
    """A gated cell, a clipped integral and a state built from the first observation."""

    observation_size, state_size, action_size = 22, 11, 4
    state_scale = (1.0,) * 11

    def __init__(self, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.register_buffer("mean", 0.1 * torch.randn(22))
            self.first = nn.Linear(22, 8)
            self.encoder = nn.Linear(25, 16)
            self.cell = nn.GRUCell(16, 8)
            self.head = nn.Linear(8, 4)

    def config(self):
        return {"kind": "test_recurrent"}

    def forward(self, observation, state_in, reset):
        x = torch.clamp(observation - self.mean, -5.0, 5.0)
        fresh = torch.cat([torch.tanh(self.first(x)), 0.0 * x[:, :3]], 1)
        state = torch.where(reset > 0.5, fresh, state_in)
        integral = torch.clamp(state[:, 8:] + 0.01 * x[:, :3], -1.0, 1.0)
        hidden = self.cell(torch.tanh(self.encoder(torch.cat([x, integral], 1))), state[:, :8])
        return torch.sigmoid(3.0 * self.head(hidden)), torch.cat([hidden, integral], 1)


class PlainActor(nn.Module):
    """No memory; one parameter that the exporter folds into a constant."""

    observation_size, state_size, action_size = 22, 0, 4
    state_scale = ()

    def __init__(self, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.net = nn.Sequential(nn.Linear(22, 16), nn.Tanh(), nn.Linear(16, 4))
            self.log_gain = nn.Parameter(torch.randn(4))

    def config(self):
        return {"kind": "test_plain"}

    def forward(self, observation, state_in, reset):
        return 0.5 + 0.5 * torch.tanh(self.net(observation) * torch.exp(self.log_gain)), state_in


def describe_actor(actor):
    """``BundleInfo`` of a test actor, as if trained for hover."""
    return describe(actor, hover, provenance(0, {}), {})


def random_golden(actor, seed=0, sequences=3, steps=20):
    """Golden sequences on random observations, with a reset in the middle."""
    rng = np.random.default_rng(seed)
    observation = rng.normal(size=(sequences, steps, actor.observation_size)).astype(np.float32)
    reset = np.zeros((sequences, steps), np.float32)
    reset[:, [0, steps // 2]] = 1.0
    policy = TorchPolicy(actor)
    state = np.zeros((sequences, actor.state_size), np.float32)
    actions, states = [], []
    for t in range(steps):
        action, state = policy.step(observation[:, t], state, reset[:, t] > 0.5)
        actions.append(action)
        states.append(state)
    return Golden(observation, reset, np.stack(states, 1), np.stack(actions, 1))
