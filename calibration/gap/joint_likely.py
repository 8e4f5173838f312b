"""Which quantity of which joint would explain a gap: one after the other, each tried in simulation before it is named.

Signatures (finite differences, one joint of every limb at a time) tell by how much each quantity would have to change;
the likeliest are then simulated with that change, because large ones are not in proportion: dry friction looks like
damping until it holds a joint. The one that leaves least of the errors is taken, and the next is sought around it.
What changes in every joint alike, such as a slow bus or tired motors, is a candidate of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.gap.joint_replay import InTheAir, targets_for
from calibration.gap.joint_segments import JointSegments
from calibration.gap.likely import LEAST_SHARE, MOST, Explanation
from sim.bodies.dynamics import QUANTITIES, UNITS

Array = NDArray[np.float64]
ALL = "all joints"
TRIED = 6
"""Candidates that are simulated with their change."""
SCALES = (0.7, 1.0, 1.3)
"""Of the change that signatures tell, which are tried."""
EXPLAINED = 0.03
"""Of the errors: where less is left, nothing more is sought."""
_DELAY = QUANTITIES.index("delay")
_STEP = {"armature": 0.1, "damping": 0.1, "friction": 0.4, "bias": 2e-3, "strength": 0.05, "delay": 2e-3}
"""Of the finite differences: shares of armature and strength, others in the units of ``UNITS``."""
_SHARES = ("armature", "strength")
_LEAST = {"armature": 1e-4, "damping": 0.0, "friction": 0.0, "bias": -0.3, "strength": 0.2, "delay": 0.0}
_LARGEST = {"armature": 0.5, "damping": 5.0, "friction": 8.0, "bias": 0.3, "strength": 2.0, "delay": 0.06}
"""What motors and joints can have."""


@dataclass(frozen=True)
class _Candidate:
    """A change that would explain some of the errors, were they in proportion."""

    row: int
    joints: NDArray[np.intp]
    change: float
    share: float

    @property
    def key(self) -> tuple[int, bytes]:
        """What is changed, and where."""
        return self.row, self.joints.tobytes()


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
    whole = left = _power(errors, floor)
    found: list[Explanation] = []
    named: set[tuple[int, bytes]] = set()
    while len(found) < MOST and left > EXPLAINED * whole:
        known = [each for each in _candidates(segments, world, dynamics, floor, errors) if each.key not in named]
        likeliest = [
            replace(candidate, change=scale * candidate.change)
            for candidate in sorted(known, key=lambda each: -each.share)[:TRIED]
            for scale in SCALES
        ]
        changed = np.stack([_with(dynamics, candidate) for candidate in likeliest])
        targets = np.stack([targets_for(segments, each[_DELAY], world) for each in changed])
        tried = world.errors(segments, changed, targets)
        powers = [_power(each, floor) for each in tried]
        best = int(np.argmin(powers))
        share = (left - powers[best]) / whole
        if share < LEAST_SHARE:
            break
        taken = likeliest[best]
        found.append(_explanation(taken, changed[best] - dynamics, dynamics, joints, share))
        named.add(taken.key)
        dynamics, errors, left = changed[best], tried[best], powers[best]
    return found


def _power(errors: Array, floor: Array) -> float:
    return float(np.square(errors / floor).sum())


def _with(dynamics: Array, candidate: _Candidate) -> Array:
    """Return the dynamics with a change, within what there is."""
    changed, quantity = dynamics.copy(), QUANTITIES[candidate.row]
    own = changed[candidate.row, candidate.joints]
    own = own * (1.0 + candidate.change) if quantity in _SHARES else own + candidate.change
    changed[candidate.row, candidate.joints] = np.clip(own, _LEAST[quantity], _LARGEST[quantity])
    return changed


def _explanation(
    taken: _Candidate, change: Array, dynamics: Array, joints: tuple[str, ...], share: float
) -> Explanation:
    quantity = QUANTITIES[taken.row]
    own = change[taken.row, taken.joints]
    if quantity in _SHARES:
        own = own / dynamics[taken.row, taken.joints]
    where = joints[taken.joints[0]] if len(taken.joints) == 1 else ALL
    unit = "share" if quantity in _SHARES else UNITS[quantity]
    return Explanation(f"{quantity} of {where}", unit, float(own.mean()), share)


def _candidates(
    segments: JointSegments, world: InTheAir, dynamics: Array, floor: Array, errors: Array
) -> list[_Candidate]:
    """Return every quantity of each joint and of all, with the change that would explain most."""
    base, found = (errors / floor).reshape(-1), []
    for row, quantity in enumerate(QUANTITIES):
        signatures = [
            ((changed - errors) / floor).reshape(-1) / _STEP[quantity]
            for changed in _changed(segments, world, dynamics, row, errors)
        ]
        everywhere = np.arange(len(signatures))
        for chosen, signature in [
            *((everywhere[[joint]], each) for joint, each in enumerate(signatures)),
            (everywhere, np.sum(signatures, axis=0)),
        ]:
            length = float(signature @ signature)
            if length > 0.0:
                change = -float(signature @ base) / length
                found.append(_Candidate(row, chosen, change, change * change * length / float(base @ base)))
    return found


def _changed(segments: JointSegments, world: InTheAir, dynamics: Array, row: int, errors: Array) -> list[Array]:
    """Return errors with one quantity of each joint changed by its step, a list of (S, T, columns)."""
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
