"""The analytic-gradient learner: back-propagation through the flight kernel with a value at the window's end.

Short-Horizon Actor-Critic (SHAC, Xu et al. 2022, arXiv 2204.07137) with an asymmetric critic:

    L(theta) = 1/(N T) sum_n [ sum_{t<T} gamma^t c_t + gamma^T V(s_T) ]          (SHAC eq. 5, as costs)

A batch of drones flies a window of T steps, the gradient of L flows back through physics, delay,
memory and network (window.py), Adam steps once, and the next window continues where this one
ended. The critic regresses on n-step returns of the same windows (critic.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.checkpoint import flat, part
from policies.learners import dense
from policies.learners.adam import Adam
from policies.learners.critic import Critic, discounted_returns
from policies.learners.drones import Drones
from policies.learners.hover_cost import HoverCost
from policies.learners.memory_kernel import constants
from policies.learners.window import Window
from policies.networks.memory_mlp import MemoryMlp


@dataclass(frozen=True)
class AnalyticConfig:
    """Settings of the learner."""

    iterations: int = 1600
    """Updates of the actor."""
    num_envs: int = 64
    """Drones flown at once."""
    window: int = 32
    """Control steps between two updates."""
    episode_windows: int = 8
    """Windows after which a drone starts again, with another airframe."""
    discount: float = 0.98
    """Of the cost, per control step."""
    rate: float = 1e-2
    """Adam's first step size; it falls linearly."""
    rate_floor: float = 0.02
    """Last step size over the first."""
    average: float = 0.98
    """Decay per iteration of the averaged weights that are evaluated and kept."""
    critic: bool = True
    """End each window with the privileged critic's value; without, the window's end counts nothing."""
    critic_hidden: tuple[int, int] = (64, 64)
    """Sizes of the critic's hidden layers."""
    critic_rate: float = 2e-3
    """Adam step size of the critic."""
    critic_follow: float = 0.05
    """Share by which the target critic moves towards the critic at each iteration."""
    critic_steps: int = 4
    """Adam steps of the critic per iteration."""
    critic_batch: int = 256
    """States in each, drawn from the window just flown."""
    critic_from: int = 300
    """First iteration whose windows end with the critic's value."""
    cost: HoverCost = field(default_factory=HoverCost)


class AnalyticLearner:
    """Everything that changes during training; ``iterate`` is one update."""

    def __init__(self, actor: MemoryMlp, drones: Drones, config: AnalyticConfig, rng: np.random.Generator) -> None:
        self.config, self.drones = config, drones
        first, second = actor.settings.hidden
        self.constants = constants(actor)
        self.parameters = flatten(actor)
        self.averaged = self.parameters.copy()
        self.optimiser = Adam(self.parameters.size)
        self.window = Window(config.num_envs, config.window, (first, second))
        self.weights = tuple(config.cost.packed())
        self.discounts = (config.discount ** np.arange(config.window + 1)).astype(np.float32)
        self.critic = Critic(drones.privileged.shape[1], config.critic_hidden, config.discount, rng)
        self.gradient = np.zeros_like(self.parameters)
        self.returns = np.zeros_like(self.window.cost)
        self.iteration = 0

    def iterate(self) -> dict[str, float]:
        """Fly one window, update actor and critic; return what is worth plotting."""
        c, window, drones = self.config, self.window, self.drones
        if self.iteration:
            window.carry_over()
        drones.prepare(window, c.episode_windows * c.window, stagger=self.iteration == 0)
        window.fly(self.parameters, self.constants, drones, self.weights)

        end = window.state[-1]
        scale = 1.0 / (c.num_envs * c.window)
        window.grad_state[:] = 0.0
        if c.critic and self.iteration >= c.critic_from:
            self.critic.state_gradient(end, drones.privileged, float(self.discounts[-1]), window.grad_state)
        window.back_propagate(self.parameters, self.constants, drones, self.weights, self.discounts, self.gradient)
        self.gradient *= np.float32(scale)
        progress = self.iteration / max(1, c.iterations - 1)
        rate = c.rate * (1.0 - (1.0 - c.rate_floor) * progress)
        norm = self.optimiser.step(self.parameters, self.gradient, rate)
        self.averaged += np.float32(1.0 - c.average) * (self.parameters - self.averaged)
        error = self._fit_critic() if c.critic else 0.0
        self.iteration += 1
        return {"cost": float(np.mean(window.cost)), "gradient_norm": norm, "critic_error": error, "rate": rate}

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of everything that changes, besides the random generator (see ``drones.rng``)."""
        window, drones = self.window, self.drones
        return {
            "parameters": self.parameters.copy(),
            "averaged": self.averaged.copy(),
            "iteration": np.array(self.iteration),
            "state": window.state[-1].copy(),
            "memory": window.memory[-1].copy(),
            "command": window.command[-window.lead :].copy(),
            "airframe": drones.airframe.copy(),
            "steps_left": drones.steps_left.copy(),
            "critic": self.critic.parameters.copy(),
            "critic_target": self.critic.target.copy(),
            **flat("adam", self.optimiser.state()),
            **flat("critic_adam", self.critic.optimiser.state()),
        }

    def load(self, state: dict[str, NDArray[Any]]) -> None:
        """Restore what ``state`` returned; the next ``iterate`` is then the same to the bit."""
        window, drones = self.window, self.drones
        self.iteration = int(state["iteration"])
        self.parameters[:], self.averaged[:] = state["parameters"], state["averaged"]
        window.state[-1], window.memory[-1] = state["state"], state["memory"]
        window.command[-window.lead :] = state["command"]
        drones.assign(state["airframe"], state["steps_left"])
        self.critic.parameters[:], self.critic.target[:] = state["critic"], state["critic_target"]
        self.optimiser.load(part("adam", state))
        self.critic.optimiser.load(part("critic_adam", state))

    def _fit_critic(self) -> float:
        """Regress the value at random steps of the window on the discounted cost to its end plus V there."""
        c, window, drones = self.config, self.window, self.drones
        tail = self.critic.value(self.critic.observe(window.state[-1], drones.privileged))
        discounted_returns(window.cost, tail, np.float32(c.discount), self.returns)
        finite = np.flatnonzero(np.isfinite(self.returns[0]))
        if not len(finite):
            return 0.0
        error = 0.0
        for _ in range(c.critic_steps):
            step = drones.rng.integers(c.window, size=c.critic_batch)
            env = finite[drones.rng.integers(len(finite), size=c.critic_batch)]
            observation = self.critic.observe(window.state[step, env], drones.privileged[env])
            error += self.critic.fit(observation, self.returns[step, env], c.critic_rate) / c.critic_steps
        self.critic.follow(c.critic_follow)
        return error


def flatten(actor: MemoryMlp) -> NDArray[np.float32]:
    """Return the actor's weights as the learner's flat vector."""
    parts: list[Any] = []
    for layer in (actor.layer1, actor.layer2, actor.layer3):
        parts += [layer.weight.detach().numpy().T.ravel(), layer.bias.detach().numpy()]
    return np.concatenate(parts).astype(np.float32)


def unflatten(parameters: NDArray[np.float32], actor: MemoryMlp) -> None:
    """Copy the learner's flat vector into the actor's weights."""
    import torch

    first, second = actor.settings.hidden
    sizes = (actor.layer1.in_features, first, second, actor.action_size)
    arrays = dense.unpack.py_func(parameters, *sizes)
    with torch.no_grad():
        for layer, (weight, bias) in zip((actor.layer1, actor.layer2, actor.layer3), zip(arrays[::2], arrays[1::2])):
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight.T)))
            layer.bias.copy_(torch.from_numpy(bias.copy()))
