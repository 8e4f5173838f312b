"""What a policy is told of its reference's next second: kept by the mission, read by the observation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from policies.bundle import BundleInfo
from sim.spec import preview_s, reference_terms
from sim.trajectories import Trajectory

_SAME_M = 1e-3
"""A supervised reference this close to the mission's is the mission's."""


class Outlook:
    """The reference's velocity and its positions ahead, for the terms of ``sim.spec.reference_terms``.

    At rest (zeros) until the mission shows a trajectory, and whenever the supervisor has the robot somewhere else.

    Args:
        info: from the bundle; its observation says how far ahead it looks.
    """

    def __init__(self, info: BundleInfo) -> None:
        self.horizons_s = preview_s(info.observation)
        self.names = tuple(term.name for term in reference_terms(self.horizons_s)) if self.horizons_s else ()
        """Terms that ``terms`` fills."""
        self._still = np.zeros((len(self.names), 3))
        self.rest()

    def rest(self) -> None:
        """The reference stays where it is."""
        self._place_w: np.ndarray | None = None
        self._values = self._still

    def show(self, trajectory: Trajectory, time_s: float, origin_w: Sequence[float]) -> np.ndarray:
        """Look along ``trajectory`` begun at ``origin_w``; return its position now, (3,) m."""
        reference = trajectory.sample(time_s + np.array([0.0, *self.horizons_s]))
        now = reference.position_w[0]
        place_w = now + np.asarray(origin_w)
        if self.names:
            self._values = np.concatenate([reference.velocity_w[:1], reference.position_w[1:] - now])
        self._place_w = place_w
        return place_w

    def terms(self, reference: Sequence[float]) -> np.ndarray:
        """Return the terms (len(names), 3) for the supervised reference (x, y, z in m, ..)."""
        if self._place_w is None or np.abs(np.subtract(reference[:3], self._place_w)).max() > _SAME_M:
            return self._still
        return self._values
