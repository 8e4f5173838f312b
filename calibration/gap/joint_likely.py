"""Which quantity of which joint would explain a gap: signatures by simulation, one joint of every limb at a time.

The errors of all joints are held against them as a flight's are (``calibration.gap.likely``). What changes in every
joint alike, such as a slow bus or tired motors, is a candidate of its own: the sum of the joints' signatures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.gap.joint_replay import InTheAir, targets_for
from calibration.gap.joint_segments import JointSegments
from calibration.gap.likely import Explanation, explain
from sim.bodies.dynamics import QUANTITIES, UNITS

Array = NDArray[np.float64]
ALL = "all joints"
_DELAY = QUANTITIES.index("delay")
_STEP = {"armature": 0.1, "damping": 0.1, "friction": 0.4, "bias": 2e-3, "strength": 0.05, "delay": 2e-3}
"""Of the finite differences: shares of armature and strength, others in the units of ``UNITS``."""
_MOST = {"armature": 3.0, "damping": 3.0, "friction": 5.0, "bias": 0.2, "strength": 0.6, "delay": 0.06}
"""Larger changes than this explain nothing: they cannot be."""
_SHARES = ("armature", "strength")


@dataclass(frozen=True)
class JointCandidate:
    """A quantity of a joint, or of all, that may be off."""

    name: str
    unit: str
    step: float
    most: float


def explain_joints(
    segments: JointSegments, world: InTheAir, dynamics: Array, floor: Array, joints: tuple[str, ...], errors: Array
) -> list[Explanation]:
    """Return the quantities that together explain the errors, the most likely first.

    Args:
        segments: of the log.
        world: where its joints are simulated.
        dynamics: (6, n) that are simulated.
        floor: (columns,) noise.
        joints: their names.
        errors: (S, T, columns) of the simulation with ``dynamics``.
    """
    known: list[JointCandidate] = []
    changed: list[Array] = []
    for row, quantity in enumerate(QUANTITIES):
        single = _changed(segments, world, dynamics, row, errors)
        unit = "share" if quantity in _SHARES else UNITS[quantity]
        for name, values in [*zip(joints, single), (ALL, errors + (np.stack(single) - errors).sum(axis=0))]:
            known.append(JointCandidate(f"{quantity} of {name}", unit, _STEP[quantity], _MOST[quantity]))
            changed.append(values)
    return explain(np.stack([errors, *changed]), floor, known)


def _changed(segments: JointSegments, world: InTheAir, dynamics: Array, row: int, errors: Array) -> list[Array]:
    """Return errors with one quantity of each joint changed, a list of (S, T, columns)."""
    quantity, n, groups = QUANTITIES[row], dynamics.shape[1], world.groups
    step = _STEP[quantity] * (dynamics[row] if quantity in _SHARES else np.ones(n))
    stacked = np.repeat(dynamics[None], len(groups), axis=0)
    for number, group in enumerate(groups):
        stacked[number, row, group] += step[group]
    targets = targets_for(segments, dynamics[_DELAY], world)
    taken = np.repeat(targets[None], len(groups), axis=0)
    if quantity == "delay":
        later = targets_for(segments, dynamics[_DELAY] + _STEP[quantity], world)
        for number, group in enumerate(groups):
            taken[number][..., group] = later[..., group]
    found = world.errors(segments, stacked, taken)
    result: list[Array] = [errors] * n
    for number, group in enumerate(groups):
        for joint in group.tolist():
            columns = world.felt(joint)
            alone = errors.copy()
            alone[..., columns] = found[number][..., columns]
            result[joint] = alone
    return result
