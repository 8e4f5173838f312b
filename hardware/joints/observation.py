"""The observation of a policy for joints, built term by term from joint states and the inertial unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hardware.states import JointState
from policies.bundle import BundleInfo
from sim.errors import ConfigError
from sim.motion.playback import Playback


def gravity_direction(orientation_wxyz: Sequence[float]) -> tuple[float, float, float]:
    """Return the direction of gravity in the body frame, a unit vector: the last row of the rotation, negated."""
    w, x, y, z = orientation_wxyz
    return (-2.0 * (x * z - w * y), -2.0 * (y * z + w * x), -(1.0 - 2.0 * (x * x + y * y)))


class JointObservation:
    """Fills a bundle's flat observation; see ``TERMS`` for the terms it knows.

    Args:
        info: from the bundle.
        playback: of the bundle's clip, if there is one; whoever steps the policy rewinds and advances it.

    Raises:
        ConfigError: if the bundle wants a term that this robot side cannot deliver.
    """

    def __init__(self, info: BundleInfo, playback: Playback | None = None) -> None:
        self._nominal = np.asarray(info.action.nominal)
        terms = TERMS if playback is None else {**TERMS, **_played(playback)}
        for term in info.observation:
            size, _ = terms.get(term.name, (0, None))
            if term.size != (info.action.size if size < 0 else size):
                raise ConfigError(
                    f"the policy observes '{term.name}' ({term.size}), which this robot cannot deliver;"
                    f" it knows: {', '.join(terms)}"
                )
        self._terms = [terms[term.name][1] for term in info.observation]

    def __call__(self, state: JointState, reference: Sequence[float], applied: np.ndarray) -> np.ndarray:
        """Return the observation, (observation_size,).

        Args:
            state: newest state.
            reference: (blend, ahead, left, turn) as ``hardware/joints/behaviour.py`` has it.
            applied: (n,) the joint targets applied in the period before, rad.
        """
        return np.concatenate([term(state, reference, applied, self._nominal) for term in self._terms])


Term = Callable[[JointState, Sequence[float], np.ndarray, np.ndarray], Sequence[float] | np.ndarray]
"""A term from state, reference, targets applied last and the default pose."""

TERMS: dict[str, tuple[int, Term]] = {
    "gravity_b": (3, lambda state, _r, _a, _n: gravity_direction(state.orientation_wxyz)),
    "angular_velocity_b": (3, lambda state, _r, _a, _n: state.angular_velocity_b),
    "velocity_command": (3, lambda _s, reference, _a, _n: reference[1:4]),
    "joint_position_offset": (-1, lambda state, _r, _a, nominal: np.subtract(state.position, nominal)),
    "joint_velocity": (-1, lambda state, _r, _a, _n: state.velocity),
    "applied_action": (-1, lambda _s, _r, applied, _n: applied),
}
"""Every term, with its size (-1: the number of joints)."""


def _played(playback: Playback) -> dict[str, tuple[int, Term]]:
    """Return the terms that a clip's clock delivers."""
    return {
        "motion_phase": (2, lambda _s, _r, _a, _n: playback.now.phase),
        "motion_joint_position": (-1, lambda _s, _r, _a, _n: playback.now.joint_position),
        "motion_joint_velocity": (-1, lambda _s, _r, _a, _n: playback.now.joint_velocity),
    }
