"""Judge a policy that moves a body: falls and errors of velocity in random episodes, without exploration noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from policies.evaluation import finite
from policies.judged_episodes import Arrays, JudgedEpisodes, first_episodes, in_batches
from policies.policy import Policy
from sim.envs.legged import LeggedEnv, LeggedTask, LeggedTransition
from sim.legged.motion import motion_of
from sim.legged.spec import ACTION_REACH

_DIRECTIONS = ("ahead", "aside", "turning")
_NO_ERROR_M_S = 1.0
"""What the score takes for a velocity error where every robot fell before a command had been given for a second."""


@dataclass(frozen=True)
class LeggedEvaluation(JudgedEpisodes):
    """Episodes judged with one seed; a success is one without a fall."""

    velocity_error: npt.NDArray[np.float64]
    """m/s, mean over the steps in which a command had been given for a second; NaN if there were none."""
    yaw_rate_error: npt.NDArray[np.float64]
    """rad/s, likewise."""
    followed: npt.NDArray[np.float64]
    """Sums over these steps of the velocity times what was asked for, and of that squared: (episodes, 2, 3)."""
    asked_errors: Mapping[str, npt.NDArray[np.float64]]
    """Of what else the task asks for, by names with units: means over those of these steps in which the robot was to
    walk, over all steps where it is never asked to; NaN if there were none."""
    asked_costs: Mapping[str, float]
    """What an error of one costs in the score."""
    still: bool = True
    """Whether a velocity that is not asked for is an error: not in a motion, which has its own."""

    @property
    def share_followed(self) -> dict[str, float | None]:
        """How fast it goes over how fast it is asked to, by least squares; ``None`` where it never was.

        Bodies sway as they walk: errors of the velocity are large where it is right in the mean.
        """
        went, asked = self.followed.sum(axis=0)
        shares = np.divide(went, asked, out=np.full(3, math.nan), where=asked > 0.0).tolist()
        return {name: finite(share) for name, share in zip(_DIRECTIONS, shares)}

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-able data.

        Errors are means over the episodes that have one; ``None`` if none has. ``score``, by which weights are chosen,
        is the success rate less the velocity error in m/s and less the costs of what else the task asks for.
        """
        known = np.isfinite(self.velocity_error) & self.still
        errors = np.stack([self.velocity_error, self.yaw_rate_error])[:, known]
        error, turning = errors.mean(axis=1).tolist() if errors.size else (math.nan, math.nan)
        asked = {name: _mean(values) for name, values in self.asked_errors.items()}
        cost = sum(self.asked_costs[name] * value for name, value in asked.items() if math.isfinite(value))
        if self.still:
            cost += error if errors.size else _NO_ERROR_M_S
        return (
            super().summary()
            | {
                "falls": int((~self.success).sum()),
                "velocity_error_m_s": finite(error),
                "yaw_rate_error_rad_s": finite(turning),
                "share_followed": self.share_followed,
                "score": self.success_rate - cost,
            }
            | {name: finite(value) for name, value in asked.items()}
        )


def judge(policy: Policy, task: LeggedTask, episodes: int, seed: int, threads: int = 1) -> LeggedEvaluation:
    """Run episodes of a policy, which gives joint targets in rad, to their end: see ``judge_in``."""
    return judge_in(lambda env: policy, task, episodes, seed, threads)


def judge_in(
    policy_in: Callable[[LeggedEnv], Policy], task: LeggedTask, episodes: int, seed: int, threads: int = 1
) -> LeggedEvaluation:
    """Run episodes to their end.

    Args:
        policy_in: gives the policy of an environment: a script looks into it. Actions are joint targets, rad.
        task: with the table to judge by.
        episodes: how many.
        seed: of starts, commands, noise and randomization.
        threads: of the physics; results do not depend on it.

    Raises:
        ConfigError: for no episodes.
    """

    def some(count: int, batch_seed: int) -> Arrays:
        env = LeggedEnv(task, count, table=task.evaluation_table, seed=batch_seed, threads=threads)
        return _first_episodes(policy_in(env), env)

    *moved, followed, asked = in_batches(episodes, seed, some)
    costs = task.spec.asked_errors
    return LeggedEvaluation(
        seed, *moved, followed=followed, asked_errors=dict(zip(costs, asked.T)), asked_costs=costs,
        still=motion_of(task.spec) is None,
    )  # fmt: skip


def to_unit(targets: npt.NDArray, env: LeggedEnv) -> npt.NDArray[np.float32]:
    """Return joint targets, (N, J) rad, as the environment takes them: 1 is the largest reach; NaN is its centre."""
    scale = np.array(env.spec.parameters.action_scale_rad)
    shares = (targets - env.centre) / (ACTION_REACH * scale)
    return np.nan_to_num(shares, nan=0.0).clip(-1.0, 1.0).astype(np.float32)


def _first_episodes(policy: Policy, env: LeggedEnv) -> Arrays:
    """Return success, reward, length and errors of each simulation's first episode; what it followed, and missed."""
    names = tuple(env.spec.asked_errors)
    moved, asked = _Mean(env.num_envs, 2), _Mean(env.num_envs, len(names))
    followed = np.zeros((env.num_envs, 2, len(_DIRECTIONS)))

    def note(running: npt.NDArray[np.bool_], after: LeggedTransition) -> None:
        counts = running & after.settled & ~after.terminated
        moved.add(counts, np.stack([after.velocity_error, after.yaw_rate_error], axis=1))
        followed[counts] += np.stack([after.velocity, after.command], axis=1)[counts] * after.command[counts, None]
        if names:
            missed = np.stack([after.asked_errors[name] for name in names], axis=1)
            asked.add(running & after.asked_counts & ~after.terminated, missed)

    ended = first_episodes(policy, env, lambda shown: shown["actor"], lambda said: to_unit(said, env), note)
    return *ended, *moved.value().T, followed, asked.value()


class _Mean:
    """Means of numbers that count in some steps only, (count, width)."""

    def __init__(self, count: int, width: int) -> None:
        self._sum, self._steps = np.zeros((count, width)), np.zeros((count, 1))

    def add(self, counts: npt.NDArray[np.bool_], values: npt.NDArray) -> None:
        self._sum[counts] += values[counts]
        self._steps[counts] += 1

    def value(self) -> npt.NDArray[np.float64]:
        return np.divide(self._sum, self._steps, out=np.full_like(self._sum, np.nan), where=self._steps > 0)


def _mean(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan
