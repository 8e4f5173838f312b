"""Tells by touch whether the edge of a peg that slides over a face is in a hole, and when the peg can be pressed in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.contact.search_settings import SearchSettings

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
FRICTION, HELD_STEPS = 1.1, 2
"""A wall holds up with more than friction does, and for so many steps; what pulls on a face does so for one."""
CARRIED_N, SLIDING_SHARE = 0.5, 0.9
"""What is carried by more than this, and dragged by less than that share of it, slides on the face: a wall would hold
it by more, and in the air nothing carries it."""
HELD_AFTER = 3
"""Steps of a line before a wall is believed in."""
UPRIGHT_RAD, UPRIGHT_PEG_RAD, DEEP_M = 0.04, 0.25, 3e-3
"""Hand and peg lean by less than this, and the edge is deeper, where the peg is pressed in."""
LYING_PEG_RAD, LYING_STEPS = 0.4, 10
"""What leans so much after so many steps is in no hole."""


class Catching:
    """One for all simulations.

    Args:
        num_envs: simulations.
    """

    def __init__(self, num_envs: int) -> None:
        self._held = np.zeros(num_envs, np.int64)

    def begin(self, which: Mask) -> None:
        """Forget what was felt before a new episode; (n,)."""
        self._held[which] = 0

    def caught(self, steps: Array, depth: Array, drag: Array, force: Array, radius: Array, s: SearchSettings) -> Mask:
        """Return which edges are in the hole: those that a wall holds up, and those that have fallen; (n,).

        Args:
            steps: for which an edge has slid since it had settled, negative where none does; (n,).
            depth: of the edge under the face, as far as it is felt, m; (n,).
            drag: force against the motion along the line, N; (n,).
            force: of what carries the edge, up, N; (n,).
            radius: of the peg, m; (n,).
            s: the search's settings.
        """
        holding = drag > s.held_n + FRICTION * np.maximum(force, 0.0)
        holding &= (steps > HELD_AFTER) & (depth > s.held_depth_m)
        self._held = np.where(holding, self._held + 1, 0)
        fallen = (steps > 0) & ~slides(drag, force) & (depth > np.maximum(s.fallen_m, s.fallen_share * radius))
        return (self._held >= HELD_STEPS) | fallen


def slides(drag: Array, force: Array) -> Mask:
    """Return which edges certainly slide on the face, however deep they seem: a peg that leans far seems to have sunk.

    Args:
        drag: force against the motion, N; (n,).
        force: of what carries the edge, up, N; (n,).
    """
    return (force > CARRIED_N) & (drag < SLIDING_SHARE * force)


def stands_in(tilt: Array, leaning: Array, depth: Array) -> Mask:
    """Return what can be pressed in, where the hand leans by ``tilt`` and the peg by ``leaning``, rad; (n,) each."""
    return (tilt < UPRIGHT_RAD) & (leaning < UPRIGHT_PEG_RAD) & (depth > DEEP_M)


def lies(leaning: Array, steps: NDArray[np.int64]) -> Mask:
    """Return what leans, rad, by more than a peg in a hole does after so many steps; (n,) each."""
    return (steps > LYING_STEPS) & (leaning > LYING_PEG_RAD)
