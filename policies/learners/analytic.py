"""The analytic-gradient learner: back-propagation through the flight kernel with a value at the window's end.

Short-Horizon Actor-Critic (SHAC, Xu et al. 2022, arXiv 2204.07137) with an asymmetric critic:

    L(theta) = 1/(N T) sum_n [ sum_{t<T} gamma^t c_t + gamma^T V(s_T) ]          (SHAC eq. 5, as costs)

A batch of drones flies a window of T steps, the gradient of L flows back through physics, delay,
memory and network (window.py), Adam steps once, and the next window continues where this one
ended. The critic regresses on n-step returns of the same windows (critic.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.checkpoint import flat, part
from policies.learners.adam import Adam
from policies.learners.critic import Critic, Scene, discounted_returns
from policies.learners.drones import Drones
from policies.learners.flight_cost import FlightCost
from policies.learners.memory_kernel import constants
from policies.learners.window import Window
from policies.networks.flight_features import FlightFeatures


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
    privileged: bool = True
    """The critic knows airframe, delays and disturbance; without, it is symmetric: it knows what an actor could."""
    gradient_limit: float = math.inf
    """Largest norm of what flows back from one step to the one before, per drone."""
    cost: FlightCost = field(default_factory=FlightCost)


class AnalyticLearner:
    """Everything that changes during training; ``iterate`` is one update."""

    def __init__(self, actor: FlightFeatures, drones: Drones, config: AnalyticConfig, rng: np.random.Generator) -> None:
        self.config, self.drones = config, drones
        self.constants = constants(actor)
        self.parameters = flatten(actor)
        self.averaged = self.parameters.copy()
        self.optimiser = Adam(self.parameters.size)
        self.window = Window(actor, config.num_envs, config.window, drones.state_size)
        self.weights = tuple(config.cost.packed())
        self.discounts = (config.discount ** np.arange(config.window + 1)).astype(np.float32)
        self.critic = Critic(
            self.window, drones.privileged.shape[1], self.constants[0], config.critic_hidden, config.discount, rng
        )
        self.gradient = np.zeros_like(self.parameters)
        self.returns = np.zeros_like(self.window.cost)
        self.iteration = 0

    def iterate(self) -> dict[str, float]:
        """Fly one window, update actor and critic; return what is worth plotting."""
        c, window, drones = self.config, self.window, self.drones
        progress = self.iteration / max(1, c.iterations - 1)
        drones.prepare(window, c.episode_windows * c.window, progress, stagger=self.iteration == 0)
        window.fly(self.parameters, self.constants, drones, self.weights)

        scale = 1.0 / (c.num_envs * c.window)
        window.grad_state[:] = 0.0
        if c.critic and self.iteration >= c.critic_from:
            self.critic.state_gradient(self._scene(-1), float(self.discounts[-1]), window.grad_state)
        window.back_propagate(
            self.parameters, self.constants, drones, self.weights, self.discounts, self.gradient, c.gradient_limit
        )
        self.gradient *= np.float32(scale)
        rate = c.rate * (1.0 - (1.0 - c.rate_floor) * progress)
        norm = self.optimiser.step(self.parameters, self.gradient, rate)
        self.averaged += np.float32(1.0 - c.average) * (self.parameters - self.averaged)
        error = self._fit_critic() if c.critic else 0.0
        window.carry_over()
        self.iteration += 1
        return {"cost": float(np.mean(window.cost)), "gradient_norm": norm, "critic_error": error, "rate": rate}

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of everything that changes, besides the random generator (see ``drones.rng``)."""
        arrays = {
            "parameters": self.parameters,
            "averaged": self.averaged,
            "iteration": np.array(self.iteration),
            "critic": self.critic.parameters,
            "critic_target": self.critic.target,
            **flat("window", self.window.beginning()),
            **flat("drones", self.drones.progress()),
            **flat("adam", self.optimiser.state()),
            **flat("critic_adam", self.critic.optimiser.state()),
        }
        return {name: array.copy() for name, array in arrays.items()}

    def load(self, state: dict[str, NDArray[Any]]) -> None:
        """Restore what ``state`` returned; the next ``iterate`` is then the same to the bit."""
        self.iteration = int(state["iteration"])
        self.parameters[:], self.averaged[:] = state["parameters"], state["averaged"]
        for name, array in self.window.beginning().items():
            array[:] = state[f"window.{name}"]
        self.window.fresh[:] = False
        self.drones.restore(part("drones", state))
        self.critic.parameters[:], self.critic.target[:] = state["critic"], state["critic_target"]
        self.optimiser.load(part("adam", state))
        self.critic.optimiser.load(part("critic_adam", state))

    def _scene(self, which: Any, env: Any = slice(None)) -> Scene:
        """Return what the simulator knows at an instant, or at several: rows ``which`` of drones ``env``."""
        window, known = self.window, self.drones.privileged[env]
        known = known if self.config.privileged else np.zeros_like(known)
        return Scene(window.state[which], window.target[which], window.seen[which], known)

    def _fit_critic(self) -> float:
        """Regress the value at random steps of the window on the discounted cost to its end plus V there."""
        c, window, drones = self.config, self.window, self.drones
        tail = self.critic.value(self.critic.observe(self._scene(-1)))
        discounted_returns(window.cost, tail, np.float32(c.discount), self.returns)
        finite = np.flatnonzero(np.isfinite(self.returns[0]))
        if not len(finite):
            return 0.0
        error = 0.0
        for _ in range(c.critic_steps):
            step = drones.rng.integers(c.window, size=c.critic_batch)
            env = finite[drones.rng.integers(len(finite), size=c.critic_batch)]
            observation = self.critic.observe(self._scene((step, env), env))
            error += self.critic.fit(observation, self.returns[step, env], c.critic_rate) / c.critic_steps
        self.critic.follow(c.critic_follow)
        return error


def flatten(actor: FlightFeatures) -> NDArray[np.float32]:
    """Return the actor's weights as the learner's flat vector: in the module's order, matrices (inputs, outputs)."""
    return np.concatenate([p.detach().numpy().T.ravel() for p in actor.parameters()]).astype(np.float32)


def unflatten(parameters: NDArray[np.float32], actor: FlightFeatures) -> None:
    """Copy the learner's flat vector into the actor's weights."""
    import torch

    begin = 0
    with torch.no_grad():
        for weight in actor.parameters():
            part_of = parameters[begin : begin + weight.numel()].reshape(tuple(weight.shape)[::-1]).T
            weight.copy_(torch.from_numpy(part_of.copy()))
            begin += weight.numel()
