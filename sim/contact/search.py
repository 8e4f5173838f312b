"""A scripted controller that feels its way into a hole: it has what a policy may have, state and forces.

The hole's place is known to 5 mm, the peg's in the hand to 12.5 mm. It holds the peg at a slant, its lower edge ahead,
lowers it until the pads feel that it touches, and slides it over where the hole may be. Over the face the edge is
carried under itself; over the hole the rim carries it beside itself, and the pads feel on which side: it is moved to
the other, until it falls. Held up by the far wall it is turned upright and pressed in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.contact.drive import as_action, drive
from sim.contact.felt import Felt
from sim.contact.lanes import Lanes
from sim.contact.pressing import TOUCHING_N, Pressing
from sim.contact.workpieces import PEG_LENGTH_M
from sim.envs.contact_task import ContactTaskEnv
from sim.errors import ConfigError
from sim.quaternions import cross, rotate

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
PHASES = APPROACH, DESCEND, SWEEP, UPRIGHT, BACK, PRESS = range(6)
"""What it is doing, in this order, but back from a line or a failed attempt to another line."""
LINES = 4
STAGES = LINES * len(PHASES)
"""What it is doing on which line, the first four of them told apart."""
NOMINAL_DAMPING = np.full(7, 1.5)
"""Of the arm's joints, N m s/rad: a deployed arm's is not known better."""
HOVER_M, LIFT_M = 6e-3, 1.5e-3
"""How far above the hole the edge waits, and how far it is lifted once heights are known."""
SLANT_RAD, UPRIGHT_RAD = 0.13, 0.04
ARRIVED_M, THERE_M, ALIGNED_RAD = 6e-3, 4e-3, 0.08
DESCEND_M, FASTEST_M, SLOWEST_M = 8e-3, 8e-3, 3e-3
"""How far ahead of the edge its goal moves: down, and along a line, for thin pegs less, which find small holes."""
BESIDE_FIRST_M = 1e-3
"""Nearer to its line than this the edge is slid along it."""
SUNK_M = 0.75e-3
"""How deep fingers sink in, about: pegs are so much thicker than the fingers are apart, on either side."""
STIFFER = np.array([1.0, 1.2, 1.0])
"""How much more pegs lean in the hand than a gel of nominal stiffness says, for some gels are softer."""
CARRIED_N, RIM_M, RIM_STEPS = 0.5, 1.5e-3, 4
"""An edge carried by more than this, further beside itself than that, is over the hole, and so for some steps."""
ASIDE, ASIDE_M, RIM_SPEED = 0.3, 2e-3, 0.8
"""Share of it that the line is moved by a step, the most of it, and the speed along the line meanwhile."""
HELD_N, FRICTION = 0.4, 1.1
"""A wall holds up with more than friction does."""
SUNK_IN_M, FALLEN_M, FALLEN_SHARE = 0.25e-3, 0.6e-3, 0.22
"""So far below the face an edge may be in the hole; so far, and by this share of the radius, it is."""
DEEP_M = 3e-3
SETTING_M, FIRM_M, DEEPER = 2e-3, 8e-3, 2.0
"""Steps down: 1.2 N on the published spring where an edge falls in, more per metre that it is in, at most 4.8 N."""
BACK_SHARE, LEANING = 0.1, 0.3
"""Share a step of what the hand is beside a peg that leans in the hole, and what it is taken to lean at most, rad."""
SETTLE_STEPS, HELD_STEPS = 6, 2
ATTEMPT_STEPS, IN_VAIN_STEPS, SHALLOW_M = 90, 22, 1e-3
"""How long it is tried to stand up what is in the hole, and what after some steps is hardly in."""
ROCK_M, ROCK_AFTER, ROCK_STEPS = 2.5e-3, 25, 20.0
"""What does not go in is rocked along the hole's wall."""

UP = np.array([0.0, 0.0, 1.0])
USUAL_M, USUAL_STEPS = 5e-3, 30.0
"""What lengths and times that are told are counted in."""


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
        self._felt, self._lanes, self._pressing = Felt(env), Lanes(n), Pressing(n)
        self.phase = np.full(n, APPROACH)
        self._since, self._held, self._on_rim = (np.zeros(n, np.int64) for _ in range(3))
        self._ahead, self._from_hole = np.zeros((n, 3)), np.zeros((n, 3))
        self._reach, self._radius = np.zeros(n), np.zeros(n)

    @property
    def stage(self) -> NDArray[np.int64]:
        """What each is doing and on which line, 0 to ``STAGES`` - 1: what has to be remembered; (n,)."""
        return len(PHASES) * np.minimum(self._lanes.line, LINES - 1) + self.phase

    @property
    def clues(self) -> Array:
        """What the latest actions go by, (n, 7), of the order of one.

        Where the edge is from the hole's supposed middle: along the line, across and up; how far beside it the line is;
        how far the edge is from the hand and from the peg's axis; and how long it has been doing what it does.
        """
        lengths = np.stack([self._lanes.beside_m, self._reach - 0.5 * PEG_LENGTH_M, self._radius], axis=1)
        return np.hstack([self._from_hole / USUAL_M, lengths / USUAL_M, self._since[:, None] / USUAL_STEPS]).clip(-3, 3)

    def act(self) -> Array:
        """Return actions for the present state; (n, 6) in [-1, 1]."""
        state = self._env.observe_state()
        tool, turn, hole = state[:, 9:12], state[:, 12:16], state[:, 16:19]
        self._begin(state, turn, hole - tool)
        ahead, across = self._directions(turn)
        axis = self._axis(turn)
        edge = self._edge(tool, axis, ahead)
        force, torque = self._felt.wrench()
        self._feel_rim(edge - hole, force, torque - cross(edge - tool, force), ahead, across)
        self._from_hole = np.stack([((edge - hole) * way).sum(axis=1) for way in (ahead, across, UP)], axis=1)
        miss = self._miss(edge - hole, ahead, across)
        rotation = self._rotation(turn, ahead)
        goal = self._goal(axis, miss, edge - hole, ahead, across)
        step = drive(self._env.world.arm, edge, goal, rotation, NOMINAL_DAMPING)
        tilt = np.linalg.norm(rotation, axis=1)
        self._press(step, edge, force, hole[:, 2] - edge[:, 2], across)
        self._decide(miss, edge - hole, force, tilt, ahead)
        return as_action(step)

    def _begin(self, state: Array, turn: Array, to_hole: Array) -> None:
        """Look at new episodes: lines lead on from where the hand comes from."""
        age = self._env.age
        new = age == 0
        self.phase[new], self._since[new], self._held[new], self._on_rim[new] = APPROACH, 0, 0, 0
        side = rotate(turn, (0.0, 1.0, 0.0))
        on = np.where((side[:, :2] * to_hole[:, :2]).sum(axis=1) < 0.0, -1.0, 1.0)
        self._ahead[new] = (on[:, None] * side)[new]
        self._radius[new] = state[new, 7:9].mean(axis=1) + SUNK_M
        self._lanes.begin(new, self._radius)
        unsure = age <= 2  # (pads that were not stepped yet feel nothing)
        self._reach[unsure] = self._felt.reach(PEG_LENGTH_M)[unsure]

    def _directions(self, turn: Array) -> tuple[Array, Array]:
        """Return the fingers' way, level, and what lies across it: there the grasp is stiff."""
        side = rotate(turn, (0.0, 1.0, 0.0)) * (1.0, 1.0, 0.0)
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        self._ahead = side * np.where((side * self._ahead).sum(axis=1, keepdims=True) < 0.0, -1.0, 1.0)
        return self._ahead, cross(np.broadcast_to((0.0, 0.0, 1.0), side.shape), self._ahead)

    def _axis(self, turn: Array) -> Array:
        """Return the peg's axis as the pads feel it, up, base frame; (n, 3)."""
        axis = self._felt.axis() * STIFFER
        return rotate(turn, axis / np.linalg.norm(axis, axis=1, keepdims=True))

    def _edge(self, tool: Array, axis: Array, ahead: Array) -> Array:
        """Return where the peg's lowest edge is."""
        lean = np.arcsin(np.clip((axis * ahead).sum(axis=1), -1.0, 1.0))[:, None]
        out = np.cos(lean) * ahead - np.sin(lean) * (0.0, 0.0, 1.0)
        return tool - self._reach[:, None] * axis + self._radius[:, None] * out

    def _rotation(self, turn: Array, ahead: Array) -> Array:
        """Return the turn, rad, that holds the hand at a slant, or upright in the hole."""
        slant = np.where(self._inside(), 0.0, SLANT_RAD)[:, None]
        up = -rotate(turn, (0.0, 0.0, 1.0))
        return cross(up, np.sin(slant) * ahead + np.cos(slant) * (0.0, 0.0, 1.0))

    def _inside(self) -> Mask:
        return np.isin(self.phase, (UPRIGHT, PRESS))

    def _feel_rim(self, relative: Array, force: Array, torque: Array, ahead: Array, across: Array) -> None:
        """Move lines away from the side on which a rim carries the edge; the torque is about the edge."""
        beside = (torque * ahead).sum(axis=1) / np.maximum(force[:, 2], CARRIED_N)
        carried = (self.phase == SWEEP) & (self._since > 3) & (force[:, 2] > CARRIED_N)
        on_rim = carried & (np.abs(beside) > RIM_M)
        self._on_rim = np.where(on_rim, RIM_STEPS, np.maximum(self._on_rim - 1, 0))
        moved = (relative * across).sum(axis=1) - np.clip(ASIDE * beside, -ASIDE_M, ASIDE_M)
        self._lanes.beside_m = np.where(on_rim, moved, self._lanes.beside_m)

    def _miss(self, relative: Array, ahead: Array, across: Array) -> Array:
        """Return the way to the beginning of the present line."""
        miss = self._lanes.start_m[:, None] * ahead + self._lanes.beside_m[:, None] * across - relative
        miss[:, 2] = np.where(self.phase == BACK, LIFT_M, HOVER_M) - relative[:, 2]
        return miss

    def _goal(self, axis: Array, miss: Array, relative: Array, ahead: Array, across: Array) -> Array:
        """Return the way that the edge is to go now."""
        goal = miss.copy()
        goal[self.phase == DESCEND, 2] = -DESCEND_M
        speed = np.where(self._since < SETTLE_STEPS, 0.0, np.clip(1.5 * self._radius, SLOWEST_M, FASTEST_M))
        speed = np.where(self._on_rim > 0, RIM_SPEED * speed, speed)
        beside = self._lanes.beside_m - (relative * across).sum(axis=1)
        speed = np.where((np.abs(beside) > BESIDE_FIRST_M) & (self._on_rim == 0), 0.0, speed)
        slide, inside = self.phase == SWEEP, self._inside()
        goal[slide] = (speed[:, None] * ahead + beside[:, None] * across)[slide]
        # What leans in the hole is stood up by the hand's going over it.
        over = self._reach[:, None] * np.clip(axis, -LEANING, LEANING) * (1.0, 1.0, 0.0)
        goal[inside] = -BACK_SHARE * over[inside]
        return goal

    def _press(self, step: Array, edge: Array, force: Array, depth: Array, across: Array) -> None:
        """Add to steps what presses."""
        slide, upright, press = (self.phase == phase for phase in (SWEEP, UPRIGHT, PRESS))
        arm = self._env.world.arm
        linear, angular = arm.velocity()
        speed = linear + cross(angular, edge - arm.position_w)
        step[slide, 2] += self._pressing.step(slide, force[:, 2], speed[:, 2])[slide]
        step[upright, 2] -= np.clip(SETTING_M + DEEPER * depth, SETTING_M, FIRM_M)[upright]
        rock = np.where(self._since > ROCK_AFTER, ROCK_M * np.sin(2.0 * np.pi * self._since / ROCK_STEPS), 0.0)
        step[upright, :3] += (rock[:, None] * across)[upright]
        step[press, :2] = 0.0
        step[press, 2] -= FIRM_M

    def _decide(self, miss: Array, relative: Array, force: Array, tilt: Array, ahead: Array) -> None:
        """Go over to what comes next."""
        self._since += 1
        approach, descend, slide, upright, back = (
            self.phase == phase for phase in (APPROACH, DESCEND, SWEEP, UPRIGHT, BACK)
        )
        level, depth = np.linalg.norm(miss[:, :2], axis=1), -relative[:, 2]
        touched = descend & (force[:, 2] > TOUCHING_N)
        known = touched | (slide & (self._since == SETTLE_STEPS))
        self._reach[known] -= depth[known]  # (what touches is at the face's height)
        settled = slide & (self._since > SETTLE_STEPS)
        caught = self._caught(settled, depth, force, ahead)
        found, along = settled & ((depth > SUNK_IN_M) | (self._on_rim > 0)), (relative * ahead).sum(axis=1)
        ended = slide & ~caught & self._lanes.ended(found, along)
        patience = np.where(depth < SHALLOW_M, IN_VAIN_STEPS, ATTEMPT_STEPS)
        lifted = ended | (upright & (self._since > patience))
        self._lanes.next(lifted)
        self._on_rim[lifted] = 0
        close = (level < ARRIVED_M) & (np.abs(miss[:, 2]) < ARRIVED_M) & (tilt < ALIGNED_RAD)
        self._go(approach & close, DESCEND)
        self._go(touched, SWEEP)
        self._go(caught, UPRIGHT)
        self._go(upright & (tilt < UPRIGHT_RAD) & (depth > DEEP_M), PRESS)
        self._go(lifted, BACK)
        self._go(back & (level < THERE_M), DESCEND)

    def _caught(self, settled: Mask, depth: Array, force: Array, ahead: Array) -> Mask:
        """Return which edges are in the hole: those that a wall holds up, and those that have fallen."""
        holding = -(force * ahead).sum(axis=1) > HELD_N + FRICTION * np.maximum(force[:, 2], 0.0)
        self._held = np.where(settled & holding & (self._since > SETTLE_STEPS + 3), self._held + 1, 0)
        fallen = depth > np.maximum(FALLEN_M, FALLEN_SHARE * self._radius)
        return (self._held >= HELD_STEPS) | (settled & fallen)

    def _go(self, which: Mask, phase: int) -> None:
        self.phase[which] = phase
        self._since[which] = 0
