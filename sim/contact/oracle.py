"""A scripted controller that knows the truth: the proof that a task can be solved, and a teacher to compare with.

It turns the object upright over its goal, waits until it is there, and lowers it. What it may use, a policy may
not: the object's and the fixture's true places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.envs.contact_task import ContactTaskEnv
from sim.quaternions import cross, rotate

Array = NDArray[np.float64]
ABOVE_M = 0.012
"""Where it waits, of the object's lower end over the goal's own height above the fixture."""
CENTRED_M, UPRIGHT_RAD = 1.0e-3, 0.03
"""Near enough to be lowered."""
LOST_M = 4e-3
"""So far beside the goal it rises and tries again."""
PRESS_M = 3e-3
"""How far below the goal it aims: 1.8 N on the published spring."""
GAIN, TURN_GAIN = 1.5, 0.6
"""Of the steps: goals are relative to where the tool is, and damping keeps it behind them."""
TOUCH_N, ENTERED_M, STAND_M = 0.2, 1.5e-3, 1.5e-3
"""When the fixture leads the object, by force or by depth, it is only pressed, this far: it aligns itself."""
AHEAD_S = 0.08
"""It looks at where things will be after this time."""
LOWERING_M = 4e-3
"""Largest step down: the arm does not move the way it is pushed, the faster the less."""


class Oracle:
    """One for all simulations of an environment."""

    def __init__(self, env: ContactTaskEnv) -> None:
        """Look on."""
        self._env = env
        self._lowering = np.zeros(env.num_envs, bool)
        self._press_m = 0.0 if env.spec.workpiece.fixture == "mark" else PRESS_M
        self._hole_m = max(-env.spec.workpiece.goal_m, 0.0)
        self._scale = np.array(env.spec.action.high)

    def act(self) -> NDArray[np.float64]:
        """Return actions for the present state; (n, 6) in [-1, 1]."""
        world = self._env.world
        goal, _ = world.goal()
        axis = rotate(world.object_quaternion_w, (0.0, 0.0, 1.0))
        upright = np.broadcast_to((0.0, 0.0, 1.0), axis.shape)
        turn = cross(axis, upright)  # (its length is the sine of the tilt)
        miss = goal - world.object_position_w
        aside, tilt = np.linalg.norm(miss[:, :2], axis=1), np.linalg.norm(turn, axis=1)
        self._lowering[self._env.age == 0] = False
        self._lowering |= (aside < CENTRED_M) & (tilt < UPRIGHT_RAD)
        self._lowering &= aside < LOST_M
        short = -miss[:, 2]  # how much too high it is
        miss[:, 2] += np.where(self._lowering, -self._press_m, ABOVE_M + self._hole_m)
        # The tool turns about its own middle: what that moves the object by, it makes up for.
        lever = world.object_position_w - world.arm.position_w
        linear, angular = world.arm.velocity()
        turning = TURN_GAIN * turn - AHEAD_S * angular
        moving = GAIN * miss - AHEAD_S * (linear + cross(angular, lever)) - cross(np.clip(turning, -0.05, 0.05), lever)
        step = np.hstack([moving, turning])
        step[:, 2] = np.where(self._lowering, np.maximum(step[:, 2], -LOWERING_M), step[:, 2])
        touching = np.linalg.norm(world.fixture_force, axis=1) > TOUCH_N
        led = self._lowering & (touching if self._hole_m == 0.0 else short < self._hole_m - ENTERED_M)
        step[led] = 0.0
        step[led, 2] = -np.where(self._hole_m == 0.0, STAND_M, np.clip(GAIN * short[led], STAND_M, LOWERING_M))
        return np.clip(step / self._scale, -1.0, 1.0)
