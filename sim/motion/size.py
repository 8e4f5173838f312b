"""How tall a person is whose pelvis is as high as a robot's base: motions made at that size need no scaling."""

from __future__ import annotations

from sim.bodies.parameters import joint_parameters
from sim.motion.source import EASY_HEIGHT


def stature_for(robot: str) -> float:
    """Return the stature, m.

    Raises:
        ConfigError: for an unknown robot, or one without joints.
    """
    return joint_parameters(robot).base_height_m / EASY_HEIGHT
