"""Judge a policy that moves a body: falls and errors of velocity in random episodes, without exploration noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from policies.evaluation import finite
from policies.judged_episodes import Arrays, JudgedEpisodes, first_episodes, in_batches
from policies.policy import Policy
from sim.envs.legged import LeggedEnv, LeggedTask, LeggedTransition
from sim.legged.spec import ACTION_REACH, LeggedTaskSpec

_NO_ERROR_M_S = 1.0
"""What the score takes for a velocity error where every robot fell before a command had been given for a second."""


@dataclass(frozen=True)
class LeggedEvaluation(JudgedEpisodes):
    """Episodes judged with one seed; a success is one without a fall."""

    velocity_error: npt.NDArray[np.float64]
    """m/s, mean over the steps in which a command had been given for a second; NaN if there were none."""
    yaw_rate_error: npt.NDArray[np.float64]
    """rad/s, likewise."""

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-able data.

        Errors are means over the episodes that have one; ``None`` if none has. ``score``, by which weights are chosen,
        is the success rate less the velocity error in m/s.
        """
        errors = np.stack([self.velocity_error, self.yaw_rate_error])[:, np.isfinite(self.velocity_error)]
        error, turning = errors.mean(axis=1).tolist() if errors.size else (math.nan, math.nan)
        return super().summary() | {
            "falls": int((~self.success).sum()),
            "velocity_error_m_s": finite(error),
            "yaw_rate_error_rad_s": finite(turning),
            "score": self.success_rate - (error if errors.size else _NO_ERROR_M_S),
        }


def judge(policy: Policy, task: LeggedTask, episodes: int, seed: int, threads: int = 1) -> LeggedEvaluation:
    """Run episodes to their end.

    Args:
        policy: gives joint targets, rad.
        task: with the table to judge by.
        episodes: how many.
        seed: of starts, commands, noise and randomization.
        threads: of the physics; results do not depend on it.

    Raises:
        ConfigError: for no episodes.
    """

    def some(count: int, batch_seed: int) -> Arrays:
        env = LeggedEnv(task, count, table=task.evaluation_table, seed=batch_seed, threads=threads)
        return _first_episodes(policy, env)

    return LeggedEvaluation(seed, *in_batches(episodes, seed, some))


def to_unit(targets: npt.NDArray, spec: LeggedTaskSpec) -> npt.NDArray[np.float32]:
    """Return joint targets, (N, J) rad, as the environment takes them: 1 is the largest reach; NaN is the pose."""
    p = spec.parameters
    shares = (targets - np.array(p.default_pose_rad)) / (ACTION_REACH * np.array(p.action_scale_rad))
    return np.nan_to_num(shares, nan=0.0).clip(-1.0, 1.0).astype(np.float32)


def _first_episodes(policy: Policy, env: LeggedEnv) -> Arrays:
    """Return success, reward, length and errors of the first episode in each simulation."""
    errors, counted = np.zeros((env.num_envs, 2)), np.zeros(env.num_envs)

    def note(running: npt.NDArray[np.bool_], after: LeggedTransition) -> None:
        counts = running & after.settled & ~after.terminated
        errors[counts] += np.stack([after.velocity_error, after.yaw_rate_error], axis=1)[counts]
        counted[counts] += 1

    ended = first_episodes(policy, env, lambda shown: shown["actor"], lambda said: to_unit(said, env.spec), note)
    means = np.divide(errors, counted[:, None], out=np.full_like(errors, np.nan), where=counted[:, None] > 0)
    return *ended, means[:, 0], means[:, 1]
