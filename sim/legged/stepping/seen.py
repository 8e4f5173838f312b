"""What the scripted controller goes by: the body's motion along its heading, and where its feet are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.envs.legged import LeggedEnv
from sim.legged.centre_motion import CentreMotion
from sim.legged.rewards import moving
from sim.legged.stepping.settings import CaptureStepSettings

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """Of n simulations, horizontal vectors along the base's heading and from it, m and m/s."""

    begun: Mask
    """(n,) episodes that are new."""
    yaw: Array
    """(n,) rad"""
    roll: Array
    pitch: Array
    height: Array
    velocity: Array
    """(n, 2) of the base."""
    centre: Array
    """(n, 2) of mass."""
    centre_velocity: Array
    """(n, 2)"""
    capture: Array
    """(n, 2)"""
    feet: Array
    """(n, 2, 2) middles of the soles, left and right."""
    foot_height: Array
    """(n, 2) above the floor."""
    touching: Mask
    """(n, 2) feet on the floor."""
    joints: Array
    """(n, J) rad"""
    command: Array
    """(n, 3) velocity to step for: ahead, left, turn; m/s and rad/s."""
    walks: Mask
    """(n,) whether one is."""

    @property
    def middle(self) -> Array:
        """Between the feet, (n, 2)."""
        return self.feet.mean(1)


class Look:
    """Looks at an environment, once a control step.

    Args:
        env: to look at.
        settings: of the controller that looks.
    """

    def __init__(self, env: LeggedEnv, settings: CaptureStepSettings) -> None:
        self._env, self._centre = env, CentreMotion(env)
        self._frequency, self._asked = settings.frequency, np.array(settings.asked)

    def __call__(self) -> Seen:
        """Return what there is to see now."""
        s = self._env.world.state
        w, x, y, z = s.quaternion_w.astype(float).T
        yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
        cos, sin = np.cos(yaw), np.sin(yaw)

        def along_heading(v: Array) -> Array:
            return np.stack([cos * v[:, 0] + sin * v[:, 1], cos * v[:, 1] - sin * v[:, 0]], axis=1)

        base, velocity = s.position_w[:, :2].astype(float), s.velocity_w[:, :2].astype(float)
        centre, moving_w = self._centre()
        centre_velocity = along_heading(moving_w)
        from_base = along_heading(centre - base)
        return Seen(
            begun=self._env.age == 0,
            yaw=yaw,
            roll=np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y)),
            pitch=np.arcsin((2.0 * (w * y - z * x)).clip(-1.0, 1.0)),
            height=s.position_w[:, 2].astype(float),
            velocity=along_heading(velocity),
            centre=from_base,
            centre_velocity=centre_velocity,
            capture=from_base + centre_velocity / self._frequency,
            foot_height=s.foot_position_w[:, :, 2].astype(float),
            touching=s.foot_contact > 0.5,
            feet=np.stack([along_heading(s.foot_position_w[:, k, :2] - base) for k in range(2)], axis=1),
            joints=s.joint_position.astype(float),
            command=self._asked * s.command,
            walks=moving(s) > 0.5,
        )
