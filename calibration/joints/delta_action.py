"""What a simulation must be asked for beside the commands to move as the robot did: a residual (delta-action) model.

ASAP (He and others, "ASAP: Aligning simulation and real-world physics", 2025) trains a policy that adds to the actions
in simulation until it follows the real motion, whatever the model lacks. Here the addition is, for each joint, a sum of
odd functions of its speed, found by least squares through the simulation instead of by reinforcement: joints in the air
need no more, and a minute of one log tells it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.joints.identify import Fit
from calibration.joints.model import HeldRobot
from calibration.joints.problem import Problem
from sim.bodies.dynamics import QUANTITIES

Array = NDArray[np.float64]
CORNERS_RAD_S = (0.05, 0.2, 0.8, 3.0)
"""Speeds over which the functions turn: from what is rest to fast."""
LEARNT_S = 8.0
"""Of the fitted part of the log, its end."""
ROUNDS = 3
DIFFERENCE_N_M = 0.005
RIDGE_N_M = 1.0
"""Standard deviation that a weight has beforehand: keeps apart functions that look alike."""


@dataclass(frozen=True)
class DeltaAction:
    """Additions to the targets of joints.

    Attributes:
        weights: ``(n, len(CORNERS_RAD_S))`` N m.
        stiffness: ``(n,)`` N m/rad that turns a torque into a change of the target.
    """

    weights: Array
    stiffness: Array

    def __call__(self, velocity: Array) -> Array:
        """Return what is added to the targets, rad, at speeds ``(..., n)`` rad/s."""
        return _torque(self.weights, velocity) / self.stiffness


def learn_delta_action(fit: Fit) -> tuple[DeltaAction, dict[str, float]]:
    """Return the additions, and errors of the held-out part (or of the fitted one where there is none) in rad.

    The errors are root mean squares over the whole part: ``identified`` without, and ``delta_action`` with them.

    Args:
        fit: where the identification ended; its quantities stay as they are.
    """
    whole = fit.problem
    end = whole.log.duration_s
    problem = replace(whole, log=whole.log.between(max(end - LEARNT_S, 0.0), end))
    weights = np.zeros((problem.joints, len(CORNERS_RAD_S)))
    for _ in range(ROUNDS):
        weights = weights + _step(problem, fit.x, weights)
    judged = whole if fit.held_out is None else replace(whole, log=fit.held_out)
    errors = {
        name: float(np.sqrt(((_readings(judged, fit.x, each[None])[0] - judged.readings) ** 2).mean()))
        for name, each in (("identified", 0.0 * weights), ("delta_action", weights))
    }
    strength = (fit.x.reshape(len(QUANTITIES), -1) * whole.scale)[QUANTITIES.index("strength")]
    return DeltaAction(weights, strength * np.asarray(whole.fine.parameters.kp)), errors


def _torque(weights: Array, velocity: Array) -> Array:
    """Return torques at speeds ``(..., n)``, N m; weights ``(..., n, functions)``."""
    functions = np.stack([np.tanh(velocity / corner) for corner in CORNERS_RAD_S], axis=-1)
    return (weights * functions).sum(axis=-1)


def _readings(problem: Problem, x: Array, weights: Array) -> Array:
    """Return readings of simulations, (N, k, n) rad, for weights (N, n, functions)."""
    held: HeldRobot = problem.coarse
    stacked = np.repeat(x.reshape(1, len(QUANTITIES), -1) * problem.scale, len(weights), axis=0)
    motion = held.simulate_with(
        stacked, problem.targets(held), problem.start, problem.start_velocity, lambda _q, v: _torque(weights, v)
    )
    bias = stacked[:, QUANTITIES.index("bias")]
    return motion.positions_at(problem.log.time_s[problem.judged]) + bias[:, None]


def _step(problem: Problem, x: Array, weights: Array) -> Array:
    """Return one Gauss-Newton step of the weights, limb by limb, (n, functions)."""
    held, functions = problem.coarse, len(CORNERS_RAD_S)
    moved, changed = [weights], []
    for slot in range(int(held.slot.max()) + 1):
        for function in range(functions):
            at = weights.copy()
            at[held.slot == slot, function] += DIFFERENCE_N_M
            moved.append(at)
            changed.append((slot, function))
    seen = _readings(problem, x, np.stack(moved))
    slopes = (seen[1:] - seen[0]) / DIFFERENCE_N_M
    error = problem.readings - seen[0]
    noise = np.sqrt(0.5 * (np.diff(error, axis=0) ** 2).mean())
    step = np.zeros_like(weights)
    for limb in np.unique(held.branch):
        joints = np.flatnonzero(held.branch == limb)
        which = [k for k, (slot, _) in enumerate(changed) if slot in held.slot[joints]]
        matrix = slopes[which][:, :, joints].reshape(len(which), -1).T / noise
        wanted = error[:, joints].reshape(-1) / noise
        before = np.array([weights[joints[held.slot[joints] == changed[k][0]][0], changed[k][1]] for k in which])
        information = matrix.T @ matrix + np.eye(len(which)) / RIDGE_N_M**2
        solved = np.linalg.solve(information, matrix.T @ wanted - before / RIDGE_N_M**2)
        for k, value in zip(which, solved, strict=True):
            slot, function = changed[k]
            step[joints[held.slot[joints] == slot][0], function] = value
    return step
