"""Judge a policy in the first episode of many simulations: how they ended, what they earned, how long they took.

Tasks differ in what a policy sees, in how its actions are told to the environment, and in what else is to be noted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from policies.evaluation import wilson_interval
from policies.policy import Policy
from sim.errors import ConfigError

if TYPE_CHECKING:
    from policies.learners.rollouts import Environment  # (brings rsl-rl-lib, which judging does without)

AT_ONCE = 256
"""Simulations side by side; more episodes follow in further batches, with seeds of their own."""
Arrays = tuple[npt.NDArray, ...]


@dataclass(frozen=True)
class JudgedEpisodes:
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


def in_batches(episodes: int, seed: int, judge: Callable[[int, int], Arrays]) -> Arrays:
    """Return what ``judge`` finds, batch after batch; (episodes,) each.

    Args:
        episodes: how many.
        seed: of the first batch; the next one's is one more.
        judge: takes how many episodes and which seed, returns arrays with an entry per episode.

    Raises:
        ConfigError: for no episodes.
    """
    if episodes < 1:
        raise ConfigError(f"an evaluation needs at least one episode, got {episodes}")
    parts = [
        judge(min(AT_ONCE, episodes - first), seed + batch) for batch, first in enumerate(range(0, episodes, AT_ONCE))
    ]
    return tuple(np.concatenate(values) for values in zip(*parts))


def first_episodes(
    policy: Policy,
    env: Environment,
    see: Callable[[Mapping[str, npt.NDArray]], npt.NDArray],
    tell: Callable[[npt.NDArray], npt.NDArray],
    note: Callable[[npt.NDArray[np.bool_], Any], None] | None = None,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return success, reward and length of the first episode in each simulation; (N,) each.

    Args:
        policy: to judge.
        env: new simulations.
        see: from an observation to the policy's input, (N, size).
        tell: from the policy's actions to the environment's, in [-1, 1].
        note: told after each step whose first episode it belonged to, (N,), and what it brought.
    """
    count = env.num_envs
    success, reward, steps = np.zeros(count, bool), np.zeros(count), np.zeros(count, np.int64)
    running, reset = np.ones(count, bool), np.ones(count, bool)
    state = np.zeros((count, policy.state_size), np.float32)
    observation = env.reset()
    while running.any():
        action, state = policy.step(see(observation), state, reset)
        after = env.step(tell(action))
        observation, reset = after.observation, after.terminated | after.truncated
        reward += np.where(running, after.reward, 0.0)
        steps += running
        success |= running & reset & after.success
        if note is not None:
            note(running, after)
        running &= ~reset
    return success, reward, steps
