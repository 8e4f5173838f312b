"""From rollouts to what a replay keeps: each step with its discounted reward and the state it leads to, n steps on.

An episode that time ends goes on as far as values are concerned (arXiv 1712.00378): its last observation is
bootstrapped from, not the first of the next episode. After a fall there is nothing more to come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policies.learners.weights import Arrays

NEXT = "next_"
"""Before the name of a group of the observation that ``discount`` is of."""


@dataclass(frozen=True)
class Rollout:
    """T steps of N environments.

    Attributes:
        seen: by group, (T, N, size): what was seen before each step.
        after: by group, (T, N, size): what was seen after it, in the same episode where time ended it.
        action: (T, N, A) in [-1, 1].
        reward: (T, N)
        terminated: (T, N) bool: fallen.
        truncated: (T, N) bool: ended by time.
    """

    seen: Arrays
    after: Arrays
    action: npt.NDArray
    reward: npt.NDArray
    terminated: npt.NDArray[np.bool_]
    truncated: npt.NDArray[np.bool_]


def transitions(rollout: Rollout, steps: int, discount: float) -> Arrays:
    """Return what a replay keeps, (T, N, ...) each.

    The target of a step is ``reward`` + ``discount`` * value(``next_...``): rewards of up to ``steps`` steps, fewer
    before an episode's or the rollout's end.

    Args:
        rollout: what happened.
        steps: n of the n-step targets.
        discount: per step.
    """
    count = len(rollout.reward)
    done = rollout.terminated | rollout.truncated
    reward, last = rollout.reward.astype(np.float64), np.tile(np.arange(count)[:, None], (1, rollout.reward.shape[1]))
    going = ~done
    for ahead in range(1, min(steps, count)):
        going = going[:-1]  # what would reach beyond the rollout ends with it
        began = going.shape[0]
        reward[:began] += np.where(going, discount**ahead * rollout.reward[ahead:], 0.0)
        last[:began][going] += 1
        going = going & ~done[ahead:]
    envs = np.arange(last.shape[1])
    left = discount ** (last - np.arange(count)[:, None] + 1) * ~rollout.terminated[last, envs]
    return {
        **rollout.seen,
        **{NEXT + name: values[last, envs] for name, values in rollout.after.items()},
        "action": rollout.action,
        "reward": reward.astype(np.float32),
        "discount": left.astype(np.float32),
    }
