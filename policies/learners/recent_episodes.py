"""What the training curve says of the episodes that ended lately."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

_AVERAGED = 200
"""Ended episodes."""


class RecentEpisodes:
    """Sums rewards of episodes that are under way, and averages the latest that have ended.

    Args:
        num_envs: simulations that are stepped together.
    """

    def __init__(self, num_envs: int) -> None:
        self._reward = np.zeros(num_envs)
        self._ended: deque[tuple[float, bool]] = deque(maxlen=_AVERAGED)

    def note(self, reward: npt.NDArray, ended: npt.NDArray, success: npt.NDArray) -> None:
        """Take in a step: its rewards, which episodes it ended, and which of them well, all (N,)."""
        self._reward += reward
        self._ended.extend(zip(self._reward[ended].tolist(), success[ended].tolist()))
        self._reward[ended] = 0.0

    def figures(self) -> dict[str, float]:
        """Return mean reward and share of successes; nothing before the first has ended."""
        if not self._ended:
            return {}
        rewards, successes = zip(*self._ended)
        return {"episode_reward": float(np.mean(rewards)), "success_rate_in_training": float(np.mean(successes))}
