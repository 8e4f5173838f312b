"""Residuals of a joint log and their Jacobian, by simulations side by side.

Limbs of a held robot do not feel each other, so one simulation changes a quantity of one joint in every limb at once:
a Go1's 72 columns cost 18 simulations. Residuals come from a model of a finer step, because errors of integration would
be taken for physics; those of the Jacobian only change the way to the minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.joints.bounds import bounds, scales
from calibration.joints.log import JointLog
from calibration.joints.model import STEP_S, HeldRobot, Motion, averaged_targets
from sim.bodies.dynamics import QUANTITIES
from sim.spec import JointParameters

Array = NDArray[np.float64]
SETTLE_S = 0.3
"""Readings before that are not judged: how the joints moved before the log is not known."""
FINER = 0.25
"""Step of the residuals' model, in that of the Jacobian's."""
DIFFERENCE = 0.01
"""Step of the finite differences, in ``SCALE``."""
NO_ROBOT_RAD = 1e3
"""Error of a simulation that diverged."""


@dataclass
class Problem:
    """Least squares over one log.

    Attributes:
        log: of the joints.
        fine: model of the residuals.
        coarse: model of the Jacobian.
        low: ``(6, n)`` bounds.
        high: the same.
        simulations: counted so far, in those of the coarse model.
    """

    log: JointLog
    fine: HeldRobot
    coarse: HeldRobot

    def __post_init__(self) -> None:
        self.scale = scales(self.fine.parameters.num_joints)
        self.low, self.high = (each / self.scale for each in bounds(self.coarse))
        self.judged = (self.log.time_s >= SETTLE_S) & (self.log.time_s <= self.log.duration_s)
        self.start, self.start_velocity = self.log.start()
        self.simulations = 0.0
        self._targets = {
            held: averaged_targets(
                self.log.target_time_s,
                self.log.target,
                int(np.ceil(self.log.duration_s / held.step_s)) + 1,
                held.step_s,
            )
            for held in (self.fine, self.coarse)
        }

    @property
    def joints(self) -> int:
        """Number of joints, n."""
        return self.fine.parameters.num_joints

    @property
    def readings(self) -> Array:
        """What is to be predicted, (k, n) rad."""
        return self.log.position[self.judged]

    def targets(self, held: HeldRobot) -> Array:
        """Return the targets as one of the models takes them, (steps, n) rad."""
        return self._targets[held]

    def motion(self, held: HeldRobot, x: Array, extra_torque: Array | None = None) -> Motion:
        """Simulate ``(N, 6 n)`` numbers in ``SCALE``; ``extra_torque`` (N, steps, n) as ``HeldRobot`` takes it."""
        stacked = x.reshape(-1, len(QUANTITIES), self.joints) * self.scale
        self.simulations += len(stacked) * self.coarse.step_s / held.step_s
        return held.simulate(stacked, self._targets[held], self.start, self.start_velocity, extra_torque)

    def predict(self, held: HeldRobot, x: Array, extra_torque: Array | None = None) -> Array:
        """Return readings of simulations, (N, k, n) rad; arguments as ``motion`` has them."""
        bias = x.reshape(-1, len(QUANTITIES), self.joints)[:, QUANTITIES.index("bias")] * self.scale[
            QUANTITIES.index("bias")]  # fmt: skip
        seen = self.motion(held, x, extra_torque).positions_at(self.log.time_s[self.judged]) + bias[:, None]
        return np.where(np.isfinite(seen), seen, NO_ROBOT_RAD)

    def residual(self, x: Array) -> Array:
        """Return prediction less reading, (k, n) rad."""
        return self.predict(self.fine, x.reshape(1, -1))[0] - self.readings

    def jacobian(self, x: Array) -> Array:
        """Return derivatives of the readings, (k n, 6 n), a row for each reading and joint, joints fastest."""
        return self.derivatives(x, lambda moved: self.predict(self.coarse, moved))

    def derivatives(self, x: Array, predict: Callable[[Array], Array]) -> Array:
        """Difference ``predict``, which maps (N, 6 n) to (N, k, n), as ``jacobian`` does."""
        x = x.reshape(-1)
        n, slots = self.joints, int(self.coarse.slot.max()) + 1
        step = np.where(x + DIFFERENCE > self.high.reshape(-1), -DIFFERENCE, DIFFERENCE).reshape(-1, n)
        moved, column_of = [x], []
        for quantity in range(len(QUANTITIES)):
            for slot in range(slots):
                at = x.reshape(-1, n).copy()
                joints = np.flatnonzero(self.coarse.slot == slot)
                at[quantity, joints] += step[quantity, joints]
                moved.append(at.reshape(-1))
                column_of.append((quantity, joints))
        seen = predict(np.stack(moved))
        result = np.zeros((seen[0].size, x.size)).reshape(*seen[0].shape, *step.shape)
        for changed, (quantity, joints) in zip(seen[1:], column_of, strict=True):
            for joint in joints:
                limb = self.coarse.branch == self.coarse.branch[joint]
                result[:, limb, quantity, joint] = (changed - seen[0])[:, limb] / step[quantity, joint]
        return result.reshape(seen[0].size, x.size)


def make_problem(robot: str, parameters: JointParameters, log: JointLog, step_s: float = STEP_S) -> Problem:
    """Return the problem of one log, with models that hang as its base did."""
    fine, coarse = (HeldRobot(robot, parameters, log.gravity_b, step) for step in (FINER * step_s, step_s))
    return Problem(log, fine, coarse)
