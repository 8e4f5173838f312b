"""The drones a learner flies: randomised airframes, delays and start states, in flat arrays.

Airframes are drawn once from the task's training table into a pool; a reset picks one at random.
Besides the task's own start distribution some episodes begin far away or with rotors at any speed,
and set-points jump between windows, so that one policy also takes off and follows way-points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.learners.memory_kernel import NOISE_SIZE
from policies.learners.window import DELAY_TAPS, Window
from sim.envs.observation import airframe_terms, noise_std
from sim.envs.task import FlightTask
from sim.flight.levels import fractions, level_of
from sim.randomization import RandomizationTable, Sample, sample
from sim.spec import MultirotorParameters, TaskSpec


@dataclass(frozen=True)
class Pool:
    """Airframes as the learner's kernels want them, one row each."""

    packed: NDArray[np.float32]
    """Coefficients of the plant."""
    delay: NDArray[np.float32]
    """Convex weights on the newest four commands, ``(n, 4)``."""
    trim: NDArray[np.float32]
    """Command at which the airframe hovers, fractions of the action's range, ``(n, 4)``."""
    privileged: NDArray[np.float32]
    """Constant part of the critic's observation, in SI units, ``(n, 23)``."""

    def __len__(self) -> int:
        return len(self.trim)


def build_pool(drawn: Sample, nominal: MultirotorParameters, task: TaskSpec) -> Pool:
    """Turn drawn airframes into rows; those that cannot hover keep the nominal hover command."""
    dt, level = task.timing.control_period_s, level_of(task)
    trim = level.trim(drawn, nominal)
    trim = np.where(np.isfinite(trim), trim, level.hover_action(nominal))
    return Pool(
        packed=level.pack(drawn, nominal, task),
        delay=delay_weights(drawn.action_delay_s + drawn.observation_delay_s, dt),
        trim=np.ascontiguousarray(fractions(trim, task.action)),
        privileged=privileged_terms(drawn, task),
    )


def delay_weights(delay_s: NDArray[np.floating], period_s: float) -> NDArray[np.float32]:
    """Return the weights of the newest commands in the mean of a delayed zero-order hold.

    The loop only feels the sum of action and observation delay: shifting the clock of the
    observation turns one into the other.

    Args:
        delay_s: ``(n,)``, at most three periods.
        period_s: control period.

    Returns:
        ``(n, 4)``, newest first, rows sum to one.
    """
    periods = np.clip(np.asarray(delay_s, np.float64) / period_s, 0.0, DELAY_TAPS - 1)
    taps = np.arange(DELAY_TAPS)
    return np.maximum(0.0, 1.0 - np.abs(periods[:, None] - taps)).astype(np.float32)


def privileged_terms(drawn: Sample, task: TaskSpec) -> NDArray[np.float32]:
    """Return what the critic knows of each airframe, in the order of the task's constant critic terms."""
    known = airframe_terms(drawn)
    columns = [known[term.name] for term in task.critic_terms if term.name in known]
    return np.concatenate(columns, axis=1).astype(np.float32)


@dataclass(frozen=True)
class StartConfig:
    """What training episodes add to the task's own start distribution."""

    wide_share: float = 0.15
    """Share of episodes that start level, up to ``wide_m`` away, with rotors at any speed."""
    wide_m: float = 0.8
    """Largest distance of those starts from the target, per axis, m."""
    jump_share: float = 0.05
    """Share of drones whose set-point jumps by up to ``jump_m`` per axis between two windows."""
    jump_m: float = 0.5
    """Largest jump of a set-point per axis, m."""
    lost_m: float = 3.0
    """A drone further away than this is reset, m."""
    pool: int = 4096
    """Airframes drawn from the training table, from which every reset picks one."""


class Drones:
    """``num_envs`` drones in flight: their airframes, ages and resets."""

    def __init__(
        self,
        task_module: FlightTask,
        table: RandomizationTable,
        nominal: MultirotorParameters,
        num_envs: int,
        config: StartConfig,
        rng: np.random.Generator,
    ) -> None:
        self.task: TaskSpec = task_module.TASK
        self._level = level_of(self.task)
        self._sample_start = task_module.sample_start
        self.nominal, self.config, self.rng = nominal, config, rng
        self.pool = build_pool(sample(table, nominal, rng, config.pool), nominal, self.task)
        spread = self.pool.privileged.std(axis=0)
        self._privileged = (
            (self.pool.privileged - self.pool.privileged.mean(axis=0)) / np.where(spread > 0.0, spread, np.float32(1.0))
        ).astype(np.float32)
        self.noise_std = noise_std(self.task.actor_terms, table)[:NOISE_SIZE]
        self.airframe = np.zeros(num_envs, np.int64)
        self.steps_left = np.zeros(num_envs, np.int64)
        self.hover = fractions(self._level.hover_action(nominal), self.task.action)
        """What was commanded before an episode began, ``(4,)``."""
        self._gather()

    def assign(self, airframe: NDArray[np.int64], steps_left: NDArray[np.int64]) -> None:
        """Restore which airframe each drone flies and for how long."""
        self.airframe[:], self.steps_left[:] = airframe, steps_left
        self._gather()

    def _gather(self) -> None:
        self.plant = self._level.plant(self.pool.packed[self.airframe])
        self.delay = self.pool.delay[self.airframe]
        self.trim = self.pool.trim[self.airframe]
        self.privileged = self._privileged[self.airframe]

    def prepare(self, window: Window, episode_steps: int, *, stagger: bool = False) -> NDArray[np.bool_]:
        """Reset the drones whose episode is over or who are lost, move set-points, draw noise.

        Returns:
            Which drones were reset, ``(num_envs,)``.
        """
        state = window.state[0]
        distance = np.square(state[:, :3]).sum(axis=1)
        alive = np.isfinite(state).all(axis=1) & (distance < self.config.lost_m**2)
        done = (self.steps_left <= 0) | ~alive
        count = int(done.sum())
        if count:
            ids = np.flatnonzero(done)
            state[ids] = self.starts(count)
            window.command[: DELAY_TAPS - 1, ids] = self.hover
            window.fresh[ids] = True
            self.airframe[ids] = self.rng.integers(len(self.pool), size=count)
            self.steps_left[ids] = self.rng.integers(1, episode_steps + 1, size=count) if stagger else episode_steps
            self._gather()
        jump = (self.rng.random(len(state)) < self.config.jump_share) & ~done
        moved = self.rng.uniform(-self.config.jump_m, self.config.jump_m, (int(jump.sum()), 3))
        state[jump, :3] += moved.astype(np.float32)
        self.rng.standard_normal(dtype=np.float32, out=window.noise)
        window.noise *= self.noise_std
        self.steps_left -= window.steps
        return done

    def starts(self, count: int) -> NDArray[np.float32]:
        """Draw start states, ``(count, 17)``."""
        c = self.config
        state = self._sample_start(self.rng, count)
        wide = np.flatnonzero(self.rng.random(count) < c.wide_share)
        state[wide] = 0.0
        state[wide, :3] = self.rng.uniform(-c.wide_m, c.wide_m, (len(wide), 3))
        state[wide, 3] = 1.0
        state[wide, 13:17] = self.rng.uniform(0.0, 0.9, (len(wide), 1))
        self._level.begin(state, self.nominal)
        return state
