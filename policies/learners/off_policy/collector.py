"""Steps an environment and keeps what a replay needs, last observations of episodes that time ended included."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from policies.learners.off_policy.transitions import Rollout
from policies.learners.weights import Arrays
from sim.envs.legged import LeggedEnv, LeggedTransition

Act = Callable[[Arrays], npt.NDArray[np.float32]]
"""From observations by group, (N, size), to actions, (N, A) in [-1, 1]."""
_RECENT = 200
"""Ended episodes that the training curve averages."""


class Collector:
    """Rolls out episodes that go on from one rollout to the next.

    Args:
        env: with final observations.
        groups: of the observation that are kept.
        ages: how old the first episodes are taken to be, (N,), so that they do not all end together.
        reach: the environment's action that an action of 1 is.
    """

    def __init__(self, env: LeggedEnv, groups: tuple[str, ...], ages: npt.NDArray, reach: float = 1.0) -> None:
        self.env, self._groups, self._reach = env, groups, np.float32(reach)
        self._seen = env.reset()
        env.age[:] = ages
        self._reward = np.zeros(env.num_envs)
        self._ended: deque[tuple[float, bool]] = deque(maxlen=_RECENT)

    def roll_out(self, steps: int, act: Act) -> Rollout:
        """Take some steps with a policy's actions."""
        seen, after, actions, moved = [], [], [], []
        for _ in range(steps):
            action = act(self._seen)
            transition = self.env.step(self._reach * action)
            seen.append(self._seen)
            after.append(reached(transition))
            actions.append(action)
            moved.append(transition)
            self._seen = transition.observation
            self._note(transition)
        return Rollout(
            seen=self._stacked(seen),
            after=self._stacked(after),
            action=np.stack(actions),
            reward=np.stack([step.reward for step in moved]),
            terminated=np.stack([step.terminated for step in moved]),
            truncated=np.stack([step.truncated for step in moved]),
        )

    def recent(self) -> dict[str, float]:
        """Return mean reward and share of successes of the latest episodes; nothing before the first has ended."""
        if not self._ended:
            return {}
        rewards, successes = zip(*self._ended)
        return {"episode_reward": float(np.mean(rewards)), "success_rate_in_training": float(np.mean(successes))}

    def _stacked(self, observations: list[Arrays]) -> Arrays:
        return {name: np.stack([each[name] for each in observations]) for name in self._groups}

    def _note(self, after: LeggedTransition) -> None:
        done = after.terminated | after.truncated
        self._reward += after.reward
        self._ended.extend(zip(self._reward[done].tolist(), after.success[done].tolist()))
        self._reward[done] = 0.0


def reached(after: LeggedTransition) -> Arrays:
    """Return what was seen after a step by group, (N, size): of episodes that time ended, the last of them."""
    final = after.final_observation
    if final is None:
        return after.observation
    ended = after.truncated[:, None]
    return {name: np.where(ended, final[name], now) for name, now in after.observation.items()}
