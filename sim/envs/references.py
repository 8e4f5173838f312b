"""Where each of a batch of robots should be: a set-point that rests, or a trajectory from its beginning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.errors import ConfigError
from sim.spec import TaskSpec, preview_s
from sim.trajectories import Trajectory
from sim.trajectories.table import POSITION, VELOCITY, ReferenceTable


class References:
    """References of ``num_envs`` robots, sampled at the task's control period; at rest until told otherwise.

    Args:
        spec: of the task; its observation says how far ahead it looks.
        num_envs: number of robots.
    """

    def __init__(self, spec: TaskSpec, num_envs: int) -> None:
        self._period_s, self._steps = spec.timing.control_period_s, spec.control_steps
        self._looks = preview_s(spec.actor_terms)
        self._table: ReferenceTable | None = None
        self._row = np.arange(num_envs)
        self._step = np.zeros(num_envs, np.int64)
        self._offset_w = np.zeros((num_envs, 3), np.float32)

    @property
    def tracks(self) -> bool:
        """Whether the task observes where its reference goes."""
        return bool(self._looks)

    def follow(self, trajectories: Sequence[Trajectory], duration_s: float) -> None:
        """Follow one trajectory for all robots, or one for each, so long.

        Raises:
            ConfigError: for another number of trajectories.
        """
        count = len(self._row)
        if len(trajectories) not in (1, count):
            raise ConfigError(f"{len(trajectories)} trajectories for {count} robots: give one for all or one for each")
        self._steps = round(duration_s / self._period_s)
        self._table = self._sampled(trajectories)
        self._row = np.arange(count) % len(trajectories)

    def replace(self, ids: np.ndarray, trajectories: Sequence[Trajectory]) -> None:
        """Follow other trajectories with the robots ``ids``, one each."""
        new = self._sampled(trajectories)
        if self._table is None or len(self._table) != len(self._row):
            self._table = self._sampled(list(trajectories[:1]) * len(self._row))
            self._row = np.arange(len(self._row))
        self._table.samples[ids] = new.samples

    def restart(self, ids: np.ndarray) -> None:
        """Begin the episodes ``ids``."""
        self._step[ids] = 0
        self._offset_w[ids] = 0.0

    def move(self, ids: np.ndarray, offset_w: np.ndarray) -> None:
        """Move the references of ``ids`` by ``offset_w`` (len(ids), 3) m, without warning."""
        self._offset_w[ids] += offset_w

    def tick(self) -> None:
        """Let a control period pass."""
        self._step += 1

    def position_w(self) -> np.ndarray:
        """Return where the references are, (num_envs, 3) m."""
        return self._offset_w if self._table is None else self._now()[:, POSITION] + self._offset_w

    def observed(self) -> np.ndarray:
        """Return what ``sim.spec.reference_terms`` names, (num_envs, 3 + 3 looks); nothing to see in other tasks."""
        if not self._looks:
            return np.empty((len(self._row), 0), np.float32)
        if self._table is None:
            return np.zeros((len(self._row), 3 + 3 * len(self._looks)), np.float32)
        return np.concatenate([self._now()[:, VELOCITY], self._table.preview(self._row, self._step)], axis=1)

    def _now(self) -> np.ndarray:
        assert self._table is not None
        return self._table.at(self._row, self._step)

    def _sampled(self, trajectories: Sequence[Trajectory]) -> ReferenceTable:
        return ReferenceTable(trajectories, self._period_s, self._steps, self._looks)
