"""A scripted controller that stands, steps after pushes and walks, told the whole truth: a teacher for policies.

It watches the capture point x = c + v / w, w = sqrt(g / h), where a body that pivots about its foot comes to rest
(Pratt et al. 2006, doi:10.1109/ICHR.2006.321385). Standing, it is brought back by the ankles near the middle of the
feet; beyond, foot after foot is set down beside where it will be, until the body is caught. Walking is the same with
feet set down a little too far behind: the body goes on falling at the velocity that is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.envs.legged import LeggedEnv
from sim.legged.leg_kinematics import find_legs
from sim.legged.spec import ACTION_REACH
from sim.legged.stepping.legs import LegTargets
from sim.legged.stepping.seen import Array, Look
from sim.legged.stepping.settings import CaptureStepSettings
from sim.legged.stepping.steps import Steps

USUAL_M, USUAL_M_S = 0.1, 0.3
"""How far from the base, and how fast, things are that it goes by."""


class CaptureSteps:
    """One controller for all simulations of an environment.

    Args:
        env: to look at; its robot needs two legs as in ``sim.legged.leg_kinematics``.
        settings: of all that can be set.

    Raises:
        ConfigError: if the robot has other legs.
    """

    def __init__(self, env: LeggedEnv, settings: CaptureStepSettings | None = None) -> None:
        p, period_s = env.spec.parameters, env.spec.timing.control_period_s
        settings = settings or CaptureStepSettings()
        self._step_s = settings.step_s
        self._legs = find_legs(env.spec.robot, p)
        self._pose, self._reach = np.array(p.default_pose_rad), ACTION_REACH * np.array(p.action_scale_rad)
        self._look, self._steps = Look(env, settings), Steps(env.num_envs, period_s, settings)
        self._targets = LegTargets(self._legs, p, period_s, settings)

    @property
    def stage(self) -> NDArray[np.int64]:
        """What each simulation is at, (n,): 0 stands, 1 to 3 thirds of a step with the left foot, 4 to 6 the right."""
        return self._steps.phase

    @property
    def clues(self) -> Array:
        """What the latest actions go by, (n, 9), of the order of one.

        Capture point, middle of the feet and where the stepping foot was lifted, from the base along its heading; the
        velocity of the centre of mass; the share of a step that is over.
        """
        seen, steps = self._seen, self._steps
        places = np.hstack([seen.capture, seen.middle, steps.lifted]) / USUAL_M
        share = np.where(steps.stepping, steps.time_s / self._step_s, 0.0)
        return np.hstack([places, seen.centre_velocity / USUAL_M_S, share[:, None]])

    def act(self) -> Array:
        """Return actions for the present state; (n, J) in [-1, 1]."""
        seen = self._seen = self._look()
        self._steps.decide(seen)
        target = np.tile(self._pose, (len(seen.yaw), 1))
        for number, leg in enumerate(self._legs):
            target[:, leg.joints] = self._targets.angles(seen, self._steps, number)
        return ((target - self._pose) / self._reach).clip(-1.0, 1.0)
