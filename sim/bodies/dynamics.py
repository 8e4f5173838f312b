"""What a joint adds to the links that it moves: rotor, friction, and how its motor follows a target.

One value type for the virtual robot that hides its numbers and for the identification that looks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.spec import JointParameters

Array = NDArray[np.float64]

UNITS = {
    "armature": "kg m^2",
    "damping": "N m s/rad",
    "friction": "N m",
    "bias": "rad",
    "strength": "1",
    "delay": "s",
}
"""Unit of each quantity of ``JointDynamics``, in its order."""
QUANTITIES = tuple(UNITS)


@dataclass(frozen=True)
class JointDynamics:
    """Each (n,), one number per joint.

    The motor's torque is ``strength (kp (target(t - delay) - y) - kd dq)`` with the reading ``y = q + bias``;
    against it stand ``armature ddq + damping dq`` and dry friction (MuJoCo's ``frictionloss``).

    Raises:
        ConfigError: for quantities of different lengths.
    """

    armature: Array
    """Inertia of rotor and gears seen at the joint, kg m^2."""
    damping: Array
    """Viscous, N m s/rad."""
    friction: Array
    """Dry (Coulomb), N m."""
    bias: Array
    """What the encoder reads too much, rad."""
    strength: Array
    """Torque given over torque asked for."""
    delay: Array
    """From a target that leaves the host to the torque, and back to the reading's stamp, s."""

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, np.asarray(getattr(self, field.name), np.float64))
        if len({getattr(self, name).shape for name in QUANTITIES}) != 1 or self.armature.ndim != 1:
            raise ConfigError("joint dynamics: every quantity needs one number per joint")

    @property
    def stacked(self) -> Array:
        """``(6, n)``, in the order of ``QUANTITIES``."""
        return np.stack([getattr(self, name) for name in QUANTITIES])

    @classmethod
    def of(cls, stacked: Array) -> JointDynamics:
        """Return the dynamics that ``stacked`` describes."""
        return cls(*stacked)

    @property
    def num_joints(self) -> int:
        """Number of joints."""
        return len(self.armature)


def nominal_dynamics(parameters: JointParameters, damping: Sequence[float] | Array) -> JointDynamics:
    """Return what a robot's constants say: no dry friction, no bias, no delay.

    Args:
        parameters: of the robot.
        damping: (n,) of its MJCF, N m s/rad.
    """
    zero = np.zeros(parameters.num_joints)
    return JointDynamics(
        np.asarray(parameters.armature_kg_m2), np.asarray(damping), zero, zero, np.ones_like(zero), zero
    )
