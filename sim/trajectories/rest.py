"""A trajectory that slows down to rest on its own path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sim.trajectories.reference import Reference, Trajectory, times

SLOWING_S = 2.0


@dataclass(frozen=True)
class ToRest:
    """``trajectory`` for ``after_s``, then ever slower along it, at rest ``over_s`` later.

    The trajectory's own time runs at the rate 1 - 10 u^3 + 15 u^4 - 6 u^5 while it slows, so that
    everything to the jerk stays continuous.
    """

    trajectory: Trajectory
    after_s: float
    over_s: float = SLOWING_S

    @property
    def settle_s(self) -> float:
        """That of the trajectory."""
        return self.trajectory.settle_s

    @property
    def duration_s(self) -> float:
        """Until it rests."""
        return self.after_s + self.over_s

    def sample(self, time_s: ArrayLike) -> Reference:
        """Return the reference at ``time_s`` (n,)."""
        time = times(time_s)
        u = np.clip((time - self.after_s) / self.over_s, 0.0, 1.0)
        own = np.minimum(time, self.after_s) + self.over_s * u * (1.0 - u**3 * (2.5 + u * (u - 3.0)))
        rate = (1.0 - u**3 * (10.0 + u * (6.0 * u - 15.0)))[:, None]
        rate1 = (-30.0 / self.over_s * (u * (1.0 - u)) ** 2)[:, None]
        rate2 = (-60.0 / self.over_s**2 * u * (1.0 - u) * (1.0 - 2.0 * u))[:, None]
        r = self.trajectory.sample(own)
        return Reference(
            r.position_w,
            rate * r.velocity_w,
            rate**2 * r.acceleration_w + rate1 * r.velocity_w,
            rate**3 * r.jerk_w + 3.0 * rate * rate1 * r.acceleration_w + rate2 * r.velocity_w,
            r.yaw_rad,
            rate[:, 0] * r.yaw_rate,
        )
