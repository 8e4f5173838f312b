"""What the motors of a robot with joints are to do: targets, gains and torques, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.virtual.joints.body import Body
from sim.spec import JointParameters


@dataclass(frozen=True)
class Drive:
    """What every motor is to do; all (n,)."""

    q: NDArray
    """Target, rad."""
    dq: NDArray
    """Target speed, rad/s."""
    tau: NDArray
    """Torque to add, N m."""
    kp: NDArray
    """N m/rad."""
    kd: NDArray
    """N m s/rad."""
    enabled: NDArray

    @property
    def kind(self) -> str:
        """``"off"``, ``"damped"`` (no stiffness, no torque) or ``"stiff"``."""
        if not self.enabled.any():
            return "off"
        return "stiff" if self.kp.any() or self.tau.any() else "damped"

    def apply(self, body: Body) -> None:
        """Set the motors of a body to it."""
        body.drive(self.q, self.dq, self.tau, self.kp, self.kd)


def limp(n: int) -> Drive:
    """Return no torque at all for ``n`` motors."""
    zero = np.zeros(n)
    return Drive(zero, zero, zero, zero, zero, np.zeros(n, bool))


def damping(n: int, kd: float) -> Drive:
    """Return no stiffness, only damping of ``kd`` N m s/rad."""
    zero = np.zeros(n)
    return Drive(zero, zero, zero, zero, np.full(n, kd), np.ones(n, bool))


def holding(parameters: JointParameters, pose: Sequence[float] | NDArray) -> Drive:
    """Return a pose held, (n,) rad, with the gains of a parameter set."""
    n = parameters.num_joints
    zero = np.zeros(n)
    kp, kd = np.asarray(parameters.kp), np.asarray(parameters.kd)
    return Drive(np.asarray(pose, np.float64), zero, zero, kp, kd, np.ones(n, bool))
