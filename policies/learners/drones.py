"""The drones a learner flies: randomised airframes, delays and start states, in flat arrays.

Airframes are drawn once from the task's training table into a pool; a reset picks one at random.
Besides the task's own start distribution some episodes begin far away or with rotors at any speed,
and set-points jump between windows, so that one policy also takes off and follows way-points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from policies.learners.following import Following
from policies.learners.memory_kernel import NOISE_SIZE
from policies.learners.window import DELAY_TAPS, Window
from sim.envs.observation import airframe_terms, noise_std
from sim.envs.task import FlightTask, draw_references
from sim.flight.gusts import LOWEST_M, intensities_and_lengths
from sim.flight.levels import fractions, level_of
from sim.flight.parameters import FlightParameters
from sim.flight.plant import RotorPlant
from sim.randomization import RandomizationTable, Sample, nominal_airframe, sample
from sim.spec import MultirotorParameters, TaskSpec, preview_s


@dataclass(frozen=True)
class Pool:
    """Airframes as the learner's kernels want them, one row each."""

    packed: NDArray[np.float32]
    """Coefficients of the plant."""
    delay: NDArray[np.float32]
    """Convex weights on the newest four commands, ``(n, 4)``."""
    late_s: NDArray[np.float32]
    """Age of the position in the observation, ``(n,)`` s."""
    trim: NDArray[np.float32]
    """Command at which the airframe hovers, fractions of the action's range, one per channel, ``(n, k)``."""
    privileged: NDArray[np.float32]
    """Constant part of the critic's observation, in SI units, one column per number."""
    wind_w: NDArray[np.float32]
    """Mean wind, ``(n, 3)`` m/s."""
    gust_std: NDArray[np.float32]
    """Standard deviation of the gusts, ``(n, 3)`` m/s."""

    def __len__(self) -> int:
        return len(self.trim)


def build_pool(drawn: Sample, nominal: MultirotorParameters, task: TaskSpec) -> Pool:
    """Turn drawn airframes into rows; those that cannot hover keep the nominal hover command."""
    dt, level = task.timing.control_period_s, level_of(task)
    trim = level.trim(drawn, nominal)
    trim = np.where(np.isfinite(trim), trim, level.hover_action(nominal))
    return Pool(
        packed=level.pack(drawn, nominal, task),
        delay=delay_weights(drawn.latency_s, dt),
        late_s=drawn.observation_delay_s + drawn.estimator_delay_s,
        trim=np.ascontiguousarray(fractions(trim, task.action)),
        privileged=privileged_terms(drawn, task),
        wind_w=drawn.wind_w,
        gust_std=intensities_and_lengths(drawn.gust_speed, LOWEST_M)[0].astype(np.float32),
    )


def delay_weights(delay_s: NDArray[np.floating], period_s: float) -> NDArray[np.float32]:
    """Return the weights of the newest commands in the mean of a delayed zero-order hold.

    The loop only feels the sum of action and observation delay: shifting the clock of the
    observation turns one into the other.

    Args:
        delay_s: ``(n,)``; more than ``DELAY_TAPS - 1`` periods count as that.
        period_s: control period.

    Returns:
        ``(n, DELAY_TAPS)``, newest first, rows sum to one.
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
    lost_rad_s: float = math.inf
    """A drone that turns faster than this is reset, rad/s."""
    pool: int = 4096
    """Airframes drawn from the training table, from which every reset picks one."""
    nominal_share: float = 0.0
    """Share of them that is the nominal airframe in still air, with the table's sensors and clocks."""
    references: int = 512
    """Trajectories drawn from a task that tracks, from which every reset picks one."""
    reference_s: float = 12.0
    """How much of each trajectory is flown, s."""
    from_rest_share: float = 0.2
    """Share of episodes that begin where their trajectory does; the others begin anywhere on it."""


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
        ordinary = lambda rng, n, _progress: task_module.sample_start(rng, n)  # noqa: E731
        self._sample_start = getattr(task_module, "sample_training_start", ordinary)
        self._fit_starts = getattr(task_module, "fit_starts", None)
        self.nominal, self.config, self.rng = nominal, config, rng
        self.pool, self._flight = self._draw_pool(table)
        spread = self.pool.privileged.std(axis=0)
        self._privileged = (
            (self.pool.privileged - self.pool.privileged.mean(axis=0)) / np.where(spread > 0.0, spread, np.float32(1.0))
        ).astype(np.float32)
        self.noise_std = noise_std(self.task.actor_terms, table)[:NOISE_SIZE]
        self.airframe = np.zeros(num_envs, np.int64)
        self.steps_left = np.zeros(num_envs, np.int64)
        self.hover = fractions(self._level.hover_action(nominal), self.task.action)
        """What was commanded before an episode began, one per channel."""
        self.state_size = 13 + nominal.num_rotors
        self.offset_w = np.zeros((num_envs, 3), np.float32)
        """By how much set-point jumps have moved each reference, m."""
        self.following = self._follow(task_module, num_envs)
        self._gather()

    def _draw_pool(self, table: RandomizationTable) -> tuple[Pool, FlightParameters]:
        """Draw airframes of the table, and the nominal one as often as is asked for."""
        same = round(self.config.nominal_share * self.config.pool)
        parts = [(table, self.config.pool - same), (nominal_airframe(table), same)]
        drawn = [sample(part, self.nominal, self.rng, count) for part, count in parts if count]
        pools = [build_pool(airframes, self.nominal, self.task) for airframes in drawn]
        joined = {f.name: np.concatenate([getattr(pool, f.name) for pool in pools]) for f in fields(Pool)}
        return Pool(**joined), FlightParameters.concatenate([airframes.flight for airframes in drawn])

    def _follow(self, task_module: FlightTask, num_envs: int) -> Following | None:
        """Draw references for a task that tracks."""
        looks = preview_s(self.task.actor_terms)
        if not looks:
            return None
        c = self.config
        curves = draw_references(task_module, self.rng, c.references)
        return Following(curves, num_envs, looks, self.task.timing.control_period_s, c.reference_s)

    def progress(self) -> dict[str, NDArray]:
        """Return what each drone flies, for how long, and along which reference: live arrays."""
        arrays = {"airframe": self.airframe, "steps_left": self.steps_left, "offset_w": self.offset_w}
        if self.following is not None:
            arrays |= {"reference_row": self.following.row, "reference_step": self.following.step}
        return arrays

    def restore(self, progress: dict[str, NDArray]) -> None:
        """Go on where ``progress`` was."""
        for name, array in self.progress().items():
            array[:] = progress[name]
        self._gather()

    def _gather(self) -> None:
        self.plant = self._level.plant(self.pool.packed[self.airframe])
        self.delay = self.pool.delay[self.airframe]
        self.late_s = self.pool.late_s[self.airframe]
        self.trim = self.pool.trim[self.airframe]
        self.privileged = self._privileged[self.airframe]

    def prepare(
        self, window: Window, episode_steps: int, progress: float = 1.0, *, stagger: bool = False
    ) -> NDArray[np.bool_]:
        """Reset the drones whose episode is over or who are lost, move set-points, draw noise.

        Args:
            window: whose first states are those of the drones.
            episode_steps: length of an episode.
            progress: share of the training that is over: a task's ``sample_training_start`` may begin with easy starts.
            stagger: end the first episodes at different times.

        Returns:
            Which drones were reset, ``(num_envs,)``.
        """
        state = window.state[0]
        done = (self.steps_left <= 0) | self._lost(state)
        ids = np.flatnonzero(done)
        if len(ids):
            self._restart(window, ids, self.starts(len(ids), progress), episode_steps, stagger)
        self._blow()
        jump = (self.rng.random(len(state)) < self.config.jump_share) & ~done
        moved = self.rng.uniform(-self.config.jump_m, self.config.jump_m, (int(jump.sum()), 3)).astype(np.float32)
        if self.following is None:
            state[jump, :3] += moved
        else:
            self.offset_w[jump] -= moved
            self.following.write(window, self.late_s, self.offset_w)
            self.following.advance(window.steps)
        self.rng.standard_normal(dtype=np.float32, out=window.noise)
        window.noise *= self.noise_std
        self.steps_left -= window.steps
        return done

    def _blow(self) -> None:
        """Draw the wind of a window: gusts last longer than it (gusts.py)."""
        if isinstance(self.plant, RotorPlant):
            wind, spread = self.pool.wind_w[self.airframe], self.pool.gust_std[self.airframe]
            self.plant.wind_w[:] = wind + spread * self.rng.standard_normal(wind.shape, dtype=np.float32)

    def _lost(self, state: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which drones are too far from their reference, or no longer finite."""
        error = state[:, :3] if self.following is None else state[:, :3] - self.following.position_w() - self.offset_w
        near = np.square(error).sum(axis=1) < self.config.lost_m**2
        near &= np.square(state[:, 10:13]).sum(axis=1) < self.config.lost_rad_s**2
        return ~(np.isfinite(state).all(axis=1) & near)

    def _restart(
        self, window: Window, ids: NDArray[np.intp], state: NDArray[np.float32], episode_steps: int, stagger: bool
    ) -> None:
        """Begin other episodes with other airframes at the states given."""
        count = len(ids)
        window.command[: DELAY_TAPS - 1, ids] = self.hover
        window.fresh[ids] = True
        self.airframe[ids] = self.rng.integers(len(self.pool), size=count)
        self.steps_left[ids] = self.rng.integers(1, episode_steps + 1, size=count) if stagger else episode_steps
        if self._fit_starts is not None:
            self._fit_starts(state, self._flight.take(self.airframe[ids]))
        if self.following is not None:
            self.offset_w[ids] = 0.0
            self.following.restart(ids, episode_steps, self.config.from_rest_share, self.rng)
            self.following.place(ids, state)
        window.state[0][ids] = state
        self._gather()

    def starts(self, count: int, progress: float = 1.0) -> NDArray[np.float32]:
        """Draw start states relative to the reference, ``(count, 13 + num_rotors)``."""
        c = self.config
        state = self._sample_start(self.rng, count, progress)
        wide = np.flatnonzero(self.rng.random(count) < c.wide_share)
        state[wide] = 0.0
        state[wide, :3] = self.rng.uniform(-c.wide_m, c.wide_m, (len(wide), 3))
        state[wide, 3] = 1.0
        state[wide, 13:] = self.rng.uniform(0.0, 0.9, (len(wide), 1))
        self._level.begin(state, self.nominal)
        return state
