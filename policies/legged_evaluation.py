"""Judge a policy that moves a body: falls and errors of velocity in random episodes, without exploration noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from policies.evaluation import finite, wilson_interval
from policies.policy import Policy
from sim.envs.legged import LeggedEnv, LeggedTask
from sim.errors import ConfigError
from sim.legged.spec import ACTION_REACH, LeggedTaskSpec

_NO_ERROR_M_S = 1.0
"""What the score takes for a velocity error where every robot fell before a command had been given for a second."""
_AT_ONCE = 256
"""Simulations side by side; more episodes follow in further batches, with seeds of their own."""


@dataclass(frozen=True)
class LeggedEvaluation:
    """Episodes judged with one seed; arrays have one entry per episode."""

    seed: int
    fallen: npt.NDArray[np.bool_]
    """Ended before its time."""
    velocity_error: npt.NDArray[np.float64]
    """m/s, mean over the steps in which a command had been given for a second; NaN if there were none."""
    yaw_rate_error: npt.NDArray[np.float64]
    """rad/s, likewise."""
    reward: npt.NDArray[np.float64]
    """Sum over the episode."""
    steps: npt.NDArray[np.int64]
    """Control steps until it ended."""

    @property
    def success_rate(self) -> float:
        """Share of episodes without a fall."""
        return float(1.0 - self.fallen.mean())

    @property
    def success_interval(self) -> tuple[float, float]:
        """95 % Wilson score interval of it."""
        return wilson_interval(int((~self.fallen).sum()), len(self.fallen))

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-able data.

        Errors are means over the episodes that have one; ``None`` if none has. ``score``, by which weights are chosen,
        is the success rate less the velocity error in m/s.
        """
        errors = np.stack([self.velocity_error, self.yaw_rate_error])[:, np.isfinite(self.velocity_error)]
        error, turning = errors.mean(axis=1).tolist() if errors.size else (math.nan, math.nan)
        return {
            "success_rate": self.success_rate,
            "success_interval": list(self.success_interval),
            "falls": int(self.fallen.sum()),
            "velocity_error_m_s": finite(error),
            "yaw_rate_error_rad_s": finite(turning),
            "score": self.success_rate - (error if errors.size else _NO_ERROR_M_S),
            "mean_reward": float(self.reward.mean()),
            "mean_steps": float(self.steps.mean()),
            "episodes": len(self.fallen),
            "seed": self.seed,
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
    if episodes < 1:
        raise ConfigError(f"an evaluation needs at least one episode, got {episodes}")
    parts = []
    for batch, first in enumerate(range(0, episodes, _AT_ONCE)):
        count = min(_AT_ONCE, episodes - first)
        env = LeggedEnv(task, count, table=task.evaluation_table, seed=seed + batch, threads=threads)
        parts.append(_first_episodes(policy, env))
    return LeggedEvaluation(seed, *(np.concatenate(values) for values in zip(*parts)))


def to_unit(targets: npt.NDArray, spec: LeggedTaskSpec) -> npt.NDArray[np.float32]:
    """Return joint targets, (N, J) rad, as the environment takes them: 1 is the largest reach; NaN is the pose."""
    p = spec.parameters
    shares = (targets - np.array(p.default_pose_rad)) / (ACTION_REACH * np.array(p.action_scale_rad))
    return np.nan_to_num(shares, nan=0.0).clip(-1.0, 1.0).astype(np.float32)


def _first_episodes(policy: Policy, env: LeggedEnv) -> tuple[npt.NDArray, ...]:
    """Return falls, errors, reward and length of the first episode in each simulation."""
    count = env.num_envs
    fallen, running, reset = np.zeros(count, bool), np.ones(count, bool), np.ones(count, bool)
    errors, counted, reward, steps = np.zeros((count, 2)), np.zeros(count), np.zeros(count), np.zeros(count, np.int64)
    state = np.zeros((count, policy.state_size), np.float32)
    observation = env.reset()
    while running.any():
        action, state = policy.step(observation["actor"], state, reset)
        after = env.step(to_unit(action, env.spec))
        observation, reset = after.observation, after.terminated | after.truncated
        reward += np.where(running, after.reward, 0.0)
        steps += running
        counts = running & after.settled & ~after.terminated
        errors[counts] += np.stack([after.velocity_error, after.yaw_rate_error], axis=1)[counts]
        counted += counts
        fallen |= running & after.terminated
        running &= ~reset
    means = np.divide(errors, counted[:, None], out=np.full((count, 2), np.nan), where=counted[:, None] > 0)
    return fallen, means[:, 0], means[:, 1], reward, steps
