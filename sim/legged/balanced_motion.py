"""A scripted controller that follows a motion on its feet, told the whole truth: a teacher for policies that imitate.

Targets are the motion's joints, displaced by the torques that inverse dynamics says they need (``motion_dynamics``), so
that position loops need no error to bear the weight. The centre of mass is held by the ankles: feet press beyond it,
against where and how fast it leaves the motion's (Kajita et al. 2010, doi:10.1109/IROS.2010.5651082).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.envs.legged import LeggedEnv
from sim.errors import ConfigError
from sim.legged.centre_motion import CentreMotion
from sim.legged.leg_kinematics import find_legs
from sim.legged.motion_dynamics import motion_dynamics
from sim.legged.spec import ACTION_REACH
from sim.robot_parameters import GRAVITY

Array = NDArray[np.float64]
_GAIN, _FREQUENCY = 1.6, 3.6
"""Feet press by so many times beyond the capture point c + v / w that is off, w in rad/s. Found by trying on the G1:
of 16 to 24 episodes of ``kick`` 31 % came to their end with 0.5, 42 % with 1.6, half with 2.5; of ``reach`` all."""
_SOLE_M = (0.08, 0.025)
"""How far from its middle a sole can press, ahead and aside."""
_PITCH, _ROLL = 4, 5
"""Of the ankle, in ``leg_kinematics.LEG_JOINTS``."""


class BalancedMotion:
    """One controller for all simulations of an environment.

    Args:
        env: to look at; its task follows a motion, and its robot has two legs as in ``sim.legged.leg_kinematics``.

    Raises:
        ConfigError: if there is no motion, or the robot has other legs.
    """

    def __init__(self, env: LeggedEnv) -> None:
        p, period_s = env.spec.parameters, env.spec.timing.control_period_s
        if env.motion is None:
            raise ConfigError(f"task '{env.spec.name}' follows no motion")
        self._env, self._motion, self._period_s = env, env.motion, period_s
        self._dynamics = motion_dynamics(env.world.scene.model, p.feet, env.motion.reference, period_s)
        self._kp, self._kd, self._reach = np.array(p.kp), np.array(p.kd), ACTION_REACH * np.array(p.action_scale_rad)
        self._ankles = np.array([leg.joints[[_PITCH, _ROLL]] for leg in find_legs(env.spec.robot, p)])
        self._weight = p.mass * GRAVITY
        self._centre = CentreMotion(env)

    def act(self) -> Array:
        """Return actions for the present state; (n, J) in [-1, 1]."""
        dynamics, time_s = self._dynamics, self._motion.time_s
        reference = self._env.world.state.tracked.reference
        # What is asked for now is there a control period later, when the motion has gone on.
        later = dynamics.step(time_s + self._period_s, self._period_s)
        offset = (dynamics.torque[later] + self._kd * reference.joint_velocity) / self._kp
        press = self._press(dynamics.step(time_s, self._period_s), reference.root_position_w[:, :2])
        torque = self._weight * dynamics.load[later][:, :, None] * press[:, None, :] * (1.0, -1.0)
        for number, ankle in enumerate(self._ankles):
            offset[:, ankle] += torque[:, number] / self._kp[ankle]
        return (offset / self._reach).clip(-1.0, 1.0)

    def _press(self, now: NDArray[np.intp], root_w: Array) -> Array:
        """Return how far beyond the motion's feet are to press, along the base's heading and aside, (n, 2) m."""
        centre, velocity = self._centre()
        off = centre - root_w - self._dynamics.centre[now]
        pressed = _GAIN * (off + (velocity - self._dynamics.centre_velocity[now]) / _FREQUENCY)
        w, x, y, z = self._env.world.state.quaternion_w.astype(float).T
        ahead = np.stack([1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z)], axis=1)
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        aside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
        return np.stack([(pressed * ahead).sum(1), (pressed * aside).sum(1)], axis=1).clip(-np.array(_SOLE_M), _SOLE_M)
