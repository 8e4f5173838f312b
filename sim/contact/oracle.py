"""A scripted controller that knows the truth: the proof that a task can be solved, and a teacher to compare with.

It turns the object upright over its goal, waits until it is there, and lowers it. What it may use, a policy may
not: the object's and the fixture's true places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.contact.drive import STIFFNESS, as_action, drive
from sim.contact.felt import Felt
from sim.envs.contact_task import ContactTaskEnv
from sim.quaternions import cross, rotate

Array = NDArray[np.float64]
ABOVE_M = 6e-3
"""Where it waits: so high is the object's lower end over the goal, or over the hole's rim."""
CENTRED_M, UPRIGHT_RAD = 0.8e-3, 0.02
"""Near enough to be lowered onto a place; into a hole, 0.4 times as far."""
LOST_M = 4e-3
"""So far beside the goal it rises and tries again."""
PRESS_M = 3e-3
"""How far below the goal it aims until it touches."""
STAND_M, INSERT_M = 1e-3, 4e-3
"""Steps down where the fixture leads: 0.6 N on a plate, 2.4 N into a hole."""
TOUCH_N, ENTERED_M = 0.2, 1.5e-3
"""From when on the fixture leads the object, by force or by depth: it is only pressed and turned upright."""
LOWERING_M, CAREFUL_M, LOWERING_PER_M = 4e-3, 2e-3, 0.7
"""Largest step down at a plate, at a rim, and how much more per height above: the arm does not move the way it is
pushed, the faster the less."""
INTEGRAL, PUSHED_M = 0.15, 2e-3
"""Share of what a rim holds off that is added up per step, against friction, and the most."""
STUCK_STEPS = 30
"""So long on a rim, it rises and tries again."""
YAW_GAIN, TILTED_RAD = 0.3, 0.15
"""The wrist is nearly singular where a turned hand leans far: objects that are tilted by more than this are turned
about the vertical, too, until the fingers' way is across the arm."""


class Oracle:
    """One for all simulations of an environment."""

    def __init__(self, env: ContactTaskEnv) -> None:
        """Look on."""
        self._env, self._work = env, env.spec.workpiece
        self._felt = Felt(env)
        self._lowering = np.zeros(env.num_envs, bool)
        self._stuck = np.zeros(env.num_envs, np.int64)
        self._pushed = np.zeros((env.num_envs, 2))
        self._hole_m = max(-self._work.goal_m, 0.0)
        self._press_m = 0.0 if self._work.fixture == "mark" else PRESS_M
        self._slow_m = CAREFUL_M if self._hole_m else LOWERING_M
        self._push_m = STAND_M if self._work.fixture == "plate" else INSERT_M

    def act(self) -> NDArray[np.float64]:
        """Return actions for the present state; (n, 6) in [-1, 1]."""
        world = self._env.world
        axis = rotate(world.object_quaternion_w, (0.0, 0.0, 1.0))
        end = -0.5 * self._work.length_m
        lower_end = world.object_position_w + end * axis
        miss = world.goal()[0] + (0.0, 0.0, end) - lower_end
        turn = cross(axis, np.broadcast_to((0.0, 0.0, 1.0), axis.shape))  # (its length is the sine of the tilt)
        self._decide(miss, turn)
        short = -miss[:, 2]  # how much too high it is
        led = self._led(short)
        miss[:, 2] += np.where(self._lowering, -self._press_m, ABOVE_M + self._hole_m)
        if self._work.fixture != "mark":
            slowest = -self._slow_m - LOWERING_PER_M * np.maximum(short - self._hole_m, 0.0)
            miss[:, 2] = np.where(self._lowering, np.maximum(miss[:, 2], slowest), miss[:, 2])
        turn[:, 2] += self._unwinding(turn)
        turn[self._lowering & self._touching()] = 0.0
        step = drive(world.arm, lower_end, miss, turn, world.joint_damping)
        step[:, :2] += self._pushed
        if self._work.fixture == "mark":
            step -= np.hstack(self._felt.wrench()) / STIFFNESS  # (what it carries would hold it down)
        step[led] = 0.0  # (what touches aligns itself)
        step[led, 2] = -self._push_m
        return as_action(step)

    def _decide(self, miss: Array, turn: Array) -> None:
        """Begin to lower what is centred and upright, lift what has got lost or stuck."""
        aside, tilt = np.linalg.norm(miss[:, :2], axis=1), np.linalg.norm(turn, axis=1)
        near = 0.4 if self._work.fixture == "socket" else 1.0
        self._lowering[self._env.age == 0] = False
        self._lowering |= (aside < near * CENTRED_M) & (tilt < UPRIGHT_RAD)
        on_rim = self._touching() & (-miss[:, 2] > self._hole_m - ENTERED_M) if self._hole_m else np.False_
        self._stuck = np.where(self._lowering & on_rim, self._stuck + 1, 0)
        pushed = np.clip(self._pushed + INTEGRAL * miss[:, :2], -PUSHED_M, PUSHED_M)
        self._pushed = np.where((self._stuck > 0)[:, None], pushed, 0.0)
        self._lowering &= (aside < LOST_M) & (self._stuck < STUCK_STEPS)

    def _led(self, short: Array) -> NDArray[np.bool_]:
        """Return which objects the fixture leads."""
        if self._work.fixture == "mark":
            return np.zeros(len(short), bool)
        return self._lowering & (short < self._hole_m - ENTERED_M if self._hole_m else self._touching())

    def _touching(self) -> NDArray[np.bool_]:
        return np.linalg.norm(self._env.world.fixture_force, axis=1) > TOUCH_N

    def _unwinding(self, turn: Array) -> Array:
        """Return the turn about the vertical of hands with much to turn otherwise, rad; (n,)."""
        way = rotate(self._env.world.arm.quaternion_w, (0.0, 1.0, 0.0))
        way = np.where(way[:, 1:2] < 0.0, -way, way)  # (fingers are alike)
        yaw = np.arctan2(way[:, 0], way[:, 1])
        return np.where(np.linalg.norm(turn, axis=1) > TILTED_RAD, YAW_GAIN * yaw, 0.0)
