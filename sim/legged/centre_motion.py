"""How the centre of mass moves, as a scripted controller that is told the truth sees it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.envs.legged import LeggedEnv

Array = NDArray[np.float64]


class CentreMotion:
    """Watches the centre of mass of every simulation of an environment, once a control step.

    Args:
        env: to look at.
    """

    def __init__(self, env: LeggedEnv) -> None:
        self._env, self._period_s = env, env.spec.timing.control_period_s
        self._last = np.zeros((env.num_envs, 2))

    def __call__(self) -> tuple[Array, Array]:
        """Return where it is and how fast it moves, horizontally in the world, m and m/s; (n, 2) each."""
        world, begun = self._env.world, self._env.age == 0
        velocity = world.state.velocity_w[:, :2].astype(float)
        centre = world.centre_of_mass_w()[:, :2]
        moved = np.where(begun[:, None], velocity, (centre - self._last) / self._period_s)
        self._last = centre
        # The centre of mass is a step old and cannot show a push yet; the base does, but shakes.
        return centre, 0.5 * (velocity + moved)
