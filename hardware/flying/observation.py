"""The observation of a flight policy on the host, built term by term from the state estimate.

The controller on board (``firmware_export/onboard/s2m_controller.c``) builds the same; a test
steps both side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hardware.flying.outlook import Outlook
from hardware.states import FlightState
from policies.bundle import BundleInfo
from sim.errors import ConfigError

POSITION_ERROR_LIMIT_M = 0.5
"""Farthest the policy is told it is from its set-point, per axis ("Learning to Fly in Seconds", arXiv 2311.13081)."""

Term = Callable[[FlightState, Sequence[float], np.ndarray], Sequence[float] | np.ndarray]
"""A term from the state, the reference (x, y, z in m, yaw in rad) and the command applied last."""


def rotation_matrix(orientation_wxyz: Sequence[float]) -> tuple[float, ...]:
    """Return the rotation matrix of a unit quaternion, (9,) row-major, world<-body."""
    w, x, y, z = orientation_wxyz
    return (
        1.0 - 2.0 * (y * y + z * z),
        2.0 * (x * y - w * z),
        2.0 * (x * z + w * y),
        2.0 * (x * y + w * z),
        1.0 - 2.0 * (x * x + z * z),
        2.0 * (y * z - w * x),
        2.0 * (x * z - w * y),
        2.0 * (y * z + w * x),
        1.0 - 2.0 * (x * x + y * y),
    )


def _position_error(state: FlightState, reference: Sequence[float], _applied: np.ndarray) -> np.ndarray:
    error = np.subtract(state.position_w, reference[:3])
    return np.clip(error, -POSITION_ERROR_LIMIT_M, POSITION_ERROR_LIMIT_M)


TERMS: dict[str, tuple[int, Term]] = {
    "position_error_w": (3, _position_error),
    "rotation": (9, lambda state, _reference, _applied: rotation_matrix(state.orientation_wxyz)),
    "velocity_w": (3, lambda state, _reference, _applied: state.velocity_w),
    "angular_velocity_b": (3, lambda state, _reference, _applied: state.angular_velocity_b),
    "applied_action": (-1, lambda _state, _reference, applied: applied),
}
"""Every term of the state that this robot side can fill, with its size (-1: the action's)."""


class FlightObservation:
    """Fills a bundle's flat observation.

    Args:
        info: from the bundle.
        outlook: where the reference goes, for a policy that tracks; default: it rests, and the policy hovers.

    Raises:
        ConfigError: if the bundle wants a term that no state estimate delivers.
    """

    def __init__(self, info: BundleInfo, outlook: Outlook | None = None) -> None:
        self._outlook = Outlook(info) if outlook is None else outlook
        known = TERMS | {name: (3, self._ahead(row)) for row, name in enumerate(self._outlook.names)}
        for term in info.observation:
            size, _ = known.get(term.name, (0, None))
            if term.size != (info.action.size if size < 0 else size):
                raise ConfigError(
                    f"the policy observes '{term.name}' ({term.size}), which this flight cannot deliver;"
                    f" it knows: {', '.join(known)}"
                )
        self._terms = [known[term.name][1] for term in info.observation]

    def _ahead(self, row: int) -> Term:
        """Return the term that tells the outlook's ``row``."""
        return lambda _state, reference, _applied: self._outlook.terms(reference)[row]

    def __call__(self, state: FlightState, reference: Sequence[float], applied: np.ndarray) -> np.ndarray:
        """Return the observation, (observation_size,).

        Args:
            state: newest estimate.
            reference: (x, y, z, yaw) to be at, m and rad, world.
            applied: (action_size,) the command applied in the period before.
        """
        return np.concatenate([term(state, reference, applied) for term in self._terms])
