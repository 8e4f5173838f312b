"""A scripted controller that feels its way into a hole: it has what a policy may have, state and forces.

The hole's place is known to 5 mm, the peg's in the hand to 12.5 mm. It holds the peg at a slant, its lower edge ahead,
lowers it until the pads feel that it touches, and slides it over where the hole may be. An edge falls into a hole from
anywhere over it, where a level peg would have to be within a quarter of a millimetre; held up by the far wall it is
turned upright and pressed in. Lines that find nothing are followed by others beside them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.contact.drive import as_action, drive
from sim.contact.felt import Felt
from sim.contact.workpieces import PEG_LENGTH_M
from sim.envs.contact_task import ContactTaskEnv
from sim.errors import ConfigError
from sim.quaternions import cross, rotate

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
APPROACH, DESCEND, SWEEP, UPRIGHT, BACK, PRESS = range(6)
"""What it is doing, in this order, but back from a line or a failed attempt to another line."""
NOMINAL_DAMPING = np.full(7, 1.5)
"""Of the arm's joints, N m s/rad: a deployed arm's is not known better."""
NOISE_M, HOVER_M, LIFT_M = 5e-3, 6e-3, 1.5e-3
"""How well the hole is known, how far above it the edge waits, and how far it is lifted once heights are known."""
SLANT_RAD, UPRIGHT_RAD = 0.17, 0.04
ARRIVED_M, THERE_M, ALIGNED_RAD = 6e-3, 2e-3, 0.08
DESCEND_M, FASTEST_M, SLOWEST_M = 8e-3, 8e-3, 3e-3
"""How far ahead of the edge its goal moves: down, and along a line, for small pegs less, which find small holes."""
SUNK_M = 0.75e-3
"""How deep fingers sink in, about: pegs are so much thicker than the fingers are apart, on either side."""
TOUCH_N, SLIDE_N = 0.25, 0.6
HELD_N, FRICTION = 0.4, 1.1
"""A wall holds up with more than friction does."""
FALLEN_M, FALLEN_SHARE = 0.6e-3, 0.22
"""So far below the face, and by this share of the radius, the edge is in the hole."""
DEEP_M = 3e-3
LIGHT_M, SETTING_M, FIRM_M = 1e-3, 2e-3, 4e-3
"""Steps down: 0.6 N, 1.2 N, 2.4 N on the published spring; pressing in takes a second time the last."""
LEARNING_M_N = 0.5e-3
"""How much a step more or less per newton that the slide misses."""
SETTLE_STEPS, HELD_STEPS, LINE_STEPS, ATTEMPT_STEPS = 6, 2, 60, 90
ROCK_M, ROCK_AFTER, ROCK_STEPS = 2.5e-3, 25, 20.0
"""What does not go in is rocked along the hole's wall."""


class Search:
    """One for all simulations of an environment.

    Attributes:
        phase: what each does; (n,).
    """

    def __init__(self, env: ContactTaskEnv) -> None:
        """Feel along.

        Raises:
            ConfigError: for a task without a hole.
        """
        if env.spec.workpiece.fixture != "socket":
            raise ConfigError(f"nothing to search for in '{env.spec.name}': its fixture has no hole")
        self._env, n = env, env.num_envs
        self._felt = Felt(env)
        self.phase = np.full(n, APPROACH)
        self._since, self._line, self._held = (np.zeros(n, np.int64) for _ in range(3))
        self._ahead = np.zeros((n, 3))
        self._reach, self._radius, self._slide_m = np.zeros(n), np.zeros(n), np.zeros(n)

    def act(self) -> Array:
        """Return actions for the present state; (n, 6) in [-1, 1]."""
        state = self._env.observe_state()
        tool, turn, hole = state[:, 9:12], state[:, 12:16], state[:, 16:19]
        self._begin(state, turn, hole - tool)
        up = -rotate(turn, (0.0, 0.0, 1.0))
        ahead, across = self._directions(turn)
        edge = self._edge(tool, up, ahead)
        wanted = np.where(np.isin(self.phase, (UPRIGHT, PRESS)), 0.0, SLANT_RAD)[:, None]
        rotation = cross(up, np.sin(wanted) * ahead + np.cos(wanted) * (0.0, 0.0, 1.0))
        force, _ = self._felt.wrench()
        miss = self._miss(edge - hole, ahead, across)
        step = drive(self._env.world.arm, edge, self._goal(miss, edge - hole, ahead, across), rotation, NOMINAL_DAMPING)
        tilt = np.linalg.norm(rotation, axis=1)
        self._press(step, force, tilt, across)
        self._decide(miss, edge - hole, force, tilt, ahead)
        return as_action(step)

    def _begin(self, state: Array, turn: Array, to_hole: Array) -> None:
        """Look at new episodes: lines lead on from where the hand comes from."""
        age = self._env.age
        new = age == 0
        self.phase[new], self._since[new], self._line[new], self._held[new] = APPROACH, 0, 0, 0
        side = rotate(turn, (0.0, 1.0, 0.0))
        on = np.where((side[:, :2] * to_hole[:, :2]).sum(axis=1) < 0.0, -1.0, 1.0)
        self._ahead[new] = (on[:, None] * side)[new]
        self._radius[new] = state[new, 7:9].mean(axis=1) + SUNK_M
        unsure = age <= 2  # (pads that were not stepped yet feel nothing)
        self._reach[unsure] = self._felt.reach(PEG_LENGTH_M)[unsure]

    def _directions(self, turn: Array) -> tuple[Array, Array]:
        """Return the fingers' way, level, and what lies across it: there the grasp is stiff."""
        side = rotate(turn, (0.0, 1.0, 0.0)) * (1.0, 1.0, 0.0)
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        self._ahead = side * np.where((side * self._ahead).sum(axis=1, keepdims=True) < 0.0, -1.0, 1.0)
        return self._ahead, cross(np.broadcast_to((0.0, 0.0, 1.0), side.shape), self._ahead)

    def _edge(self, tool: Array, up: Array, ahead: Array) -> Array:
        """Return where the peg's lowest edge is, if it stands in the hand as it was taken."""
        lean = np.arcsin(np.clip((up * ahead).sum(axis=1), -1.0, 1.0))[:, None]
        out = np.cos(lean) * ahead - np.sin(lean) * (0.0, 0.0, 1.0)
        return tool - self._reach[:, None] * up + self._radius[:, None] * out

    def _miss(self, relative: Array, ahead: Array, across: Array) -> Array:
        """Return the way to the beginning of the present line."""
        start = -np.clip(NOISE_M + 0.5e-3 - self._radius, 0.0, NOISE_M)
        miss = start[:, None] * ahead + self._beside()[:, None] * across - relative
        miss[:, 2] = np.where(self.phase == BACK, LIFT_M, HOVER_M) - relative[:, 2]
        return miss

    def _beside(self) -> Array:
        """Return how far beside the hole's supposed middle the present line lies: in it, then on either side."""
        return np.clip(np.array([0.0, 1.5, -1.5])[self._line % 3] * self._radius, -NOISE_M, NOISE_M)

    def _goal(self, miss: Array, relative: Array, ahead: Array, across: Array) -> Array:
        """Return the way that the edge is to go now."""
        goal = miss.copy()
        goal[self.phase == DESCEND, 2] = -DESCEND_M
        speed = np.where(self._since < SETTLE_STEPS, 0.0, np.clip(1.5 * self._radius, SLOWEST_M, FASTEST_M))
        beside = self._beside() - (relative * across).sum(axis=1)
        slide = self.phase == SWEEP
        goal[slide] = (speed[:, None] * ahead + beside[:, None] * across)[slide]
        goal[np.isin(self.phase, (UPRIGHT, PRESS))] = 0.0
        return goal

    def _press(self, step: Array, force: Array, tilt: Array, across: Array) -> None:
        """Add to steps what presses."""
        slide, upright, press = (self.phase == phase for phase in (SWEEP, UPRIGHT, PRESS))
        learnt = np.clip(self._slide_m + LEARNING_M_N * (SLIDE_N - force[:, 2]), 0.0, HOVER_M)
        self._slide_m = np.where(slide, learnt, LIGHT_M)
        step[slide, 2] -= self._slide_m[slide]
        step[upright, 2] -= np.where(tilt > UPRIGHT_RAD, SETTING_M, FIRM_M)[upright]
        rock = np.where(self._since > ROCK_AFTER, ROCK_M * np.sin(2.0 * np.pi * self._since / ROCK_STEPS), 0.0)
        step[upright, :3] += (rock[:, None] * across)[upright]
        step[press, :2] = 0.0
        step[press, 2] -= 2.0 * FIRM_M

    def _decide(self, miss: Array, relative: Array, force: Array, tilt: Array, ahead: Array) -> None:
        """Go over to what comes next."""
        self._since += 1
        approach, descend, slide, upright, back = (
            self.phase == phase for phase in (APPROACH, DESCEND, SWEEP, UPRIGHT, BACK)
        )
        level, depth = np.linalg.norm(miss[:, :2], axis=1), -relative[:, 2]
        settled = slide & (self._since > SETTLE_STEPS)
        holding = -(force * ahead).sum(axis=1) > HELD_N + FRICTION * np.maximum(force[:, 2], 0.0)
        self._held = np.where(settled & holding & (self._since > SETTLE_STEPS + 3), self._held + 1, 0)
        touched = descend & (force[:, 2] > TOUCH_N)
        known = touched | (slide & (self._since == SETTLE_STEPS))
        self._reach[known] -= depth[known]  # (what touches is at the face's height)
        caught = self._held >= HELD_STEPS
        caught |= settled & (depth > np.maximum(FALLEN_M, FALLEN_SHARE * self._radius))
        along = (relative * ahead).sum(axis=1)
        over = slide & ~caught & ((along > NOISE_M + self._radius + 1e-3) | (self._since > LINE_STEPS))
        failed = upright & (self._since > ATTEMPT_STEPS)
        self._line[over | failed] += 1
        close = (level < ARRIVED_M) & (np.abs(miss[:, 2]) < ARRIVED_M) & (tilt < ALIGNED_RAD)
        self._go(approach & close, DESCEND)
        self._go(touched, SWEEP)
        self._go(caught, UPRIGHT)
        self._go(upright & (tilt < UPRIGHT_RAD) & (depth > DEEP_M), PRESS)
        self._go(over | failed, BACK)
        self._go(back & (level < THERE_M), DESCEND)

    def _go(self, which: Mask, phase: int) -> None:
        self.phase[which] = phase
        self._since[which] = 0
