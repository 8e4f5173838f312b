"""Steps an environment and keeps what a replay needs, last observations of episodes that time ended included."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from policies.learners.off_policy.transitions import Rollout
from policies.learners.recent_episodes import RecentEpisodes
from policies.learners.weights import Arrays
from sim.envs.legged import LeggedEnv, LeggedTransition

Act = Callable[[Arrays], npt.NDArray[np.float32]]
"""From observations by group, (N, size), to actions, (N, A) in [-1, 1]."""


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
        self.recent = RecentEpisodes(env.num_envs)

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
            self.recent.note(transition.reward, transition.terminated | transition.truncated, transition.success)
        return Rollout(
            seen=self._stacked(seen),
            after=self._stacked(after),
            action=np.stack(actions),
            reward=np.stack([step.reward for step in moved]),
            terminated=np.stack([step.terminated for step in moved]),
            truncated=np.stack([step.truncated for step in moved]),
        )

    def _stacked(self, observations: list[Arrays]) -> Arrays:
        return {name: np.stack([each[name] for each in observations]) for name in self._groups}


def reached(after: LeggedTransition) -> Arrays:
    """Return what was seen after a step by group, (N, size): of episodes that time ended, the last of them."""
    final = after.final_observation
    if final is None:
        return after.observation
    ended = after.truncated[:, None]
    return {name: np.where(ended, final[name], now) for name, now in after.observation.items()}
