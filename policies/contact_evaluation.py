"""Judge a policy on a contact task: success over randomised starts, the policy without exploration noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from policies.evaluation import wilson_interval
from policies.learners.contact.inputs import ActorInput, flat_input
from policies.learners.contact.rollouts import NUM_ACTIONS, ContactEnv, EnvMaker
from policies.policy import Policy
from sim.errors import ConfigError

_AT_ONCE = 256
"""Simulations side by side; more episodes follow in further batches, with seeds of their own."""


@dataclass(frozen=True)
class ContactEvaluation:
    """Episodes judged with one seed; arrays have one entry per episode."""

    seed: int
    success: npt.NDArray[np.bool_]
    """As the task defines it, at the episode's end."""
    reward: npt.NDArray[np.float64]
    """Sum over the episode."""
    steps: npt.NDArray[np.int64]
    """Control steps until it ended."""

    @property
    def success_rate(self) -> float:
        """Share of successful episodes."""
        return float(self.success.mean())

    @property
    def success_interval(self) -> tuple[float, float]:
        """95 % Wilson score interval of the success rate."""
        return wilson_interval(int(self.success.sum()), len(self.success))

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-able data."""
        return {
            "success_rate": self.success_rate,
            "success_interval": list(self.success_interval),
            "mean_reward": float(self.reward.mean()),
            "mean_steps": float(self.steps.mean()),
            "episodes": len(self.success),
            "seed": self.seed,
        }


def judge(
    policy: Policy, make_env: EnvMaker, seen: ActorInput, reach: npt.NDArray, episodes: int, seed: int
) -> ContactEvaluation:
    """Run episodes to their end.

    Args:
        policy: gives motions of the end effector, m and rad.
        make_env: builds the task's simulations.
        seen: what the policy sees.
        reach: (6,) the largest motion, m and rad; what is 1 to the simulation.
        episodes: how many.
        seed: of starts, noise and randomization.

    Raises:
        ConfigError: for no episodes.
    """
    if episodes < 1:
        raise ConfigError(f"an evaluation needs at least one episode, got {episodes}")
    parts = []
    for batch, first in enumerate(range(0, episodes, _AT_ONCE)):
        env = make_env(min(_AT_ONCE, episodes - first), seen.sensors, seed + batch)
        parts.append(_first_episodes(policy, env, seen, reach))
    success, reward, steps = (np.concatenate(values) for values in zip(*parts))
    return ContactEvaluation(seed, success, reward, steps)


def _first_episodes(
    policy: Policy, env: ContactEnv, seen: ActorInput, reach: npt.NDArray
) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
    """Return success, reward and length of the first episode in each simulation."""
    count = env.num_envs
    success, reward, steps = np.zeros(count, bool), np.zeros(count), np.zeros(count, np.int64)
    running, reset = np.ones(count, bool), np.ones(count, bool)
    state = np.zeros((count, policy.state_size), np.float32)
    observation = env.reset()
    while running.any():
        action, state = policy.step(flat_input(observation, seen), state, reset)
        after = env.step(to_unit(action, reach))
        observation, reset = after.observation, after.terminated | after.truncated
        reward += np.where(running, after.reward, 0.0)
        steps += running
        success |= running & reset & after.success
        running &= ~reset
    return success, reward, steps


def to_unit(action: npt.NDArray, reach: npt.NDArray) -> npt.NDArray[np.float32]:
    """Return motions (N, 6), m and rad, as shares of the largest; NaN stands still, as a supervisor would let it."""
    shares = np.asarray(action, np.float32).reshape(-1, NUM_ACTIONS) / reach.astype(np.float32)
    return np.clip(np.nan_to_num(shares, nan=0.0), -1.0, 1.0)
