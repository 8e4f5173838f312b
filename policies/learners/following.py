"""Which reference each of a learner's drones follows, and the window's rows of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from policies.learners.window import Window
from sim.trajectories import Trajectory
from sim.trajectories.table import POSITION, VELOCITY, ReferenceTable


class Following:
    """``num_envs`` drones somewhere along their references.

    Args:
        trajectories: to choose from.
        num_envs: number of drones; drone i begins at trajectory i, if there are as many.
        preview_s: looks ahead, s.
        period_s: control period.
        duration_s: how much of each trajectory is flown.
    """

    def __init__(
        self,
        trajectories: Sequence[Trajectory],
        num_envs: int,
        preview_s: Sequence[float],
        period_s: float,
        duration_s: float,
    ) -> None:
        self._length = round(duration_s / period_s)
        self._table = ReferenceTable(trajectories, period_s, self._length, preview_s)
        self.row = np.arange(num_envs) % len(trajectories)
        """(num_envs,) which trajectory."""
        self.step = np.zeros(num_envs, np.int64)
        """(num_envs,) where along it the window begins, control periods."""

    def restart(self, ids: NDArray[np.intp], steps: int, from_rest: float, rng: np.random.Generator) -> None:
        """Put the drones ``ids`` on other trajectories, a share ``from_rest`` of them at the beginning.

        ``steps`` is how far they will fly along it.
        """
        self.row[ids] = rng.integers(len(self._table), size=len(ids))
        anywhere = rng.integers(max(1, self._length - steps), size=len(ids))
        self.step[ids] = np.where(rng.random(len(ids)) < from_rest, 0, anywhere)

    def position_w(self) -> NDArray[np.float32]:
        """Return where each drone's reference is, (num_envs, 3) m."""
        return self._table.at(self.row, self.step)[:, POSITION]

    def place(self, ids: NDArray[np.intp], state: NDArray[np.float32]) -> None:
        """Add the reference to start states (len(ids), ..) that are relative to it."""
        now = self._table.at(self.row[ids], self.step[ids])
        state[:, 0:3] += now[:, POSITION]
        state[:, 7:10] += now[:, VELOCITY]

    def write(self, window: Window, late_s: NDArray[np.float32], offset_w: NDArray[np.float32]) -> None:
        """Fill the window's ``target`` and ``seen``.

        Args:
            window: whose first step is the present.
            late_s: (num_envs,) age of the state in the observation: the reference is shown as much later, since the
                learner's clock is that of the observed state.
            offset_w: (num_envs, 3) by how much each reference was moved, m.
        """
        step = self.step + np.arange(window.steps + 1)[:, None]
        window.target[:] = self._table.at(self.row, step)
        window.target[..., POSITION] += offset_w
        shown = step + late_s / self._table.period_s
        window.seen[..., :6] = self._table.at(self.row, shown)[..., :6]
        window.seen[..., POSITION] += offset_w
        window.seen[..., 6:] = self._table.preview(self.row, shown)

    def advance(self, steps: int) -> None:
        """Let so many control periods pass."""
        self.step += steps
