"""A scripted controller that feels its way into a hole: it has what a policy may have, state and forces.

The hole's place is known to 5 mm, the peg's in the hand to 12.5 mm. It holds the peg at a slant, its lower edge ahead,
lowers it until the pads feel that it touches, and slides it over where the hole may be. Over the face the edge is
carried under itself; over the hole the rim carries it beside itself, and the pads feel on which side: it is moved to
the other, until it falls. Held up by the far wall it is turned upright and pressed in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.arm.impedance import TACSL
from sim.contact.catching import Catching, lies, slides, stands_in
from sim.contact.drive import as_action, drive
from sim.contact.felt import Felt
from sim.contact.lanes import Lanes
from sim.contact.pressing import TOUCHING_N, Pressing
from sim.contact.search_settings import THICK, THIN, SearchSettings, settings_for
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
LIFT_M = 1.5e-3
"""How far the edge is lifted once heights are known."""
ALIGNED_RAD = 0.08
ARRIVED_M, THERE_M = 6e-3, 4e-3
SLOWEST_M = 3e-3
"""How far ahead of the edge its goal moves along a line, at least."""
BESIDE_FIRST_M = 1e-3
"""Nearer to its line than this the edge is slid along it."""
SUNK_M = 0.75e-3
"""How deep fingers sink in, about: pegs are so much thicker than the fingers are apart, on either side."""
RIM_STEPS, ASIDE_M = 4, 2e-3
"""For how many steps an edge felt on a rim is taken to be over the hole, and the most that its line is moved."""
SLIDING = 0.7
"""Drag over force with which an edge slides, about."""
MOST_PULL_M = 3e-3
"""How far ahead of the hand its goal is moved at most for what is felt along the face."""
SUNK_IN_M, FACE_M = 0.25e-3, 0.4e-3
"""So far below the face an edge may be in the hole; less than so far off, where it slides, the face is where it is."""
SETTING_M, FIRM_M = 2e-3, 8e-3
"""Steps down: 1.2 N on the published spring where an edge falls in, more per metre that it is in, at most 4.8 N."""
MOST_LEANING_RAD = 0.3
"""What a peg in the hole is taken to lean at most."""
LINE_STEPS = 70
"""How long a line takes at most."""
ATTEMPT_STEPS, SHALLOW_M = 90, 1e-3
"""How long it is tried to stand up what is in the hole, and what is hardly in."""
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

    def __init__(self, env: ContactTaskEnv, thin: SearchSettings = THIN, thick: SearchSettings = THICK) -> None:
        """Feel along, thin and thick pegs each in their way.

        Raises:
            ConfigError: for a task without a hole.
        """
        if env.spec.workpiece.fixture != "socket":
            raise ConfigError(f"nothing to search for in '{env.spec.name}': its fixture has no hole")
        self._env, n = env, env.num_envs
        self._felt, self._lanes, self._pressing, self._catching = Felt(env), Lanes(n), Pressing(n), Catching(n)
        self.phase = np.full(n, APPROACH)
        self._since, self._on_rim = (np.zeros(n, np.int64) for _ in range(2))
        self._ahead, self._from_hole = np.zeros((n, 3)), np.zeros((n, 3))
        self._reach, self._radius = np.zeros(n), np.zeros(n)
        self._ways = thin, thick
        self._settings = settings_for(self._radius, *self._ways)

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
        goal = self._goal(axis, miss, edge - hole, force, ahead, across)
        about = np.where((self.phase == SWEEP)[:, None], tool, edge)
        step = drive(self._env.world.arm, about, goal, rotation, NOMINAL_DAMPING)
        tilt = np.linalg.norm(rotation, axis=1)
        self._press(step, edge, force, hole[:, 2] - edge[:, 2], across)
        self._decide(miss, edge - hole, force, tilt, np.hypot(axis[:, 0], axis[:, 1]), ahead)
        return as_action(step)

    def _begin(self, state: Array, turn: Array, to_hole: Array) -> None:
        """Look at new episodes: lines lead on from where the hand comes from."""
        age = self._env.age
        new = age == 0
        self.phase[new], self._since[new], self._on_rim[new] = APPROACH, 0, 0
        self._catching.begin(new)
        side = rotate(turn, (0.0, 1.0, 0.0))
        on = np.where((side[:, :2] * to_hole[:, :2]).sum(axis=1) < 0.0, -1.0, 1.0)
        self._ahead[new] = (on[:, None] * side)[new]
        self._radius[new] = state[new, 7:9].mean(axis=1) + SUNK_M
        if new.any():
            self._settings = settings_for(self._radius, *self._ways)
        self._lanes.begin(new, self._radius, self._ahead[:, :2], self._settings)
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
        axis = self._felt.axis()
        axis[:, 1] *= self._settings.leaning
        return rotate(turn, axis / np.linalg.norm(axis, axis=1, keepdims=True))

    def _edge(self, tool: Array, axis: Array, ahead: Array) -> Array:
        """Return where the peg's lowest edge is."""
        lean = np.arcsin(np.clip((axis * ahead).sum(axis=1), -1.0, 1.0))[:, None]
        out = np.cos(lean) * ahead - np.sin(lean) * (0.0, 0.0, 1.0)
        return tool - self._reach[:, None] * axis + self._radius[:, None] * out

    def _rotation(self, turn: Array, ahead: Array) -> Array:
        """Return the turn, rad, that holds the hand at a slant, or upright in the hole."""
        held = np.where(self.phase == SWEEP, self._settings.sliding_slant_rad, self._settings.slant_rad)
        slant = np.where(self._inside(), 0.0, held)[:, None]
        up = -rotate(turn, (0.0, 0.0, 1.0))
        return cross(up, np.sin(slant) * ahead + np.cos(slant) * (0.0, 0.0, 1.0))

    def _inside(self) -> Mask:
        return np.isin(self.phase, (UPRIGHT, PRESS))

    def _feel_rim(self, relative: Array, force: Array, torque: Array, ahead: Array, across: Array) -> None:
        """Move lines away from the side on which a rim carries the edge; the torque is about the edge."""
        s = self._settings
        beside = (torque * ahead).sum(axis=1) / np.maximum(force[:, 2], s.carried_n)
        carried = (self.phase == SWEEP) & (self._since > 3) & (force[:, 2] > s.carried_n)
        on_rim = carried & (np.abs(beside) > s.rim_m)
        self._on_rim = np.where(on_rim, RIM_STEPS, np.maximum(self._on_rim - 1, 0))
        moved = (relative * across).sum(axis=1) - np.clip(s.aside * beside, -ASIDE_M, ASIDE_M)
        self._lanes.beside_m = np.where(on_rim, moved, self._lanes.beside_m)

    def _miss(self, relative: Array, ahead: Array, across: Array) -> Array:
        """Return the way to the beginning of the present line."""
        miss = self._lanes.start_m[:, None] * ahead + self._lanes.beside_m[:, None] * across - relative
        miss[:, 2] = np.where(self.phase == BACK, LIFT_M, self._settings.hover_m) - relative[:, 2]
        return miss

    def _goal(self, axis: Array, miss: Array, relative: Array, force: Array, ahead: Array, across: Array) -> Array:
        """Return the way that the edge is to go now."""
        goal, s = miss.copy(), self._settings
        goal[:, 2] = np.where(self.phase == DESCEND, -s.descend_m, goal[:, 2])
        fast = np.clip(s.speed_share * self._radius, SLOWEST_M, s.fastest_m)
        fast = np.where(self._on_rim > 0, s.rim_speed * fast, fast * (1.0 + s.winding * self._sticks(force, ahead)))
        speed = np.where(self._since < s.waiting_steps, 0.0, fast)
        beside = self._lanes.beside_m - (relative * across).sum(axis=1)
        speed = np.where((np.abs(beside) > BESIDE_FIRST_M) & (self._on_rim == 0), 0.0, speed)
        slide, inside = self.phase == SWEEP, self._inside()
        goal[slide] = (speed[:, None] * ahead + beside[:, None] * across)[slide]
        # What leans in the hole is stood up by the hand's going over it.
        over = self._reach[:, None] * np.clip(axis, -MOST_LEANING_RAD, MOST_LEANING_RAD) * (1.0, 1.0, 0.0)
        goal[inside] = -(np.broadcast_to(s.back_share, self.phase.shape)[:, None] * over)[inside]
        return goal

    def _sticks(self, force: Array, ahead: Array) -> Array:
        """Return how far the force along the face is from what makes an edge slide, 1 for none of it; (n,)."""
        drag = -(force * ahead).sum(axis=1) / np.maximum(force[:, 2], TOUCHING_N)
        return np.clip(1.0 - drag / SLIDING, 0.0, 1.0)

    def _press(self, step: Array, edge: Array, force: Array, depth: Array, across: Array) -> None:
        """Add to steps what presses, and what makes up for, or gives way to, what pushes along the face."""
        slide, upright, press = (self.phase == phase for phase in (SWEEP, UPRIGHT, PRESS))
        s, arm, balance = self._settings, self._env.world.arm, force / TACSL.stiffness_n_m
        linear, angular = arm.velocity()
        speed = linear + cross(angular, edge - arm.position_w)
        drag = np.clip(-s.pull * (balance * self._ahead).sum(axis=1), 0.0, MOST_PULL_M)
        step[slide, :3] += (drag[:, None] * self._ahead)[slide]
        step[slide, 2] += self._pressing.step(slide, force[:, 2], speed[:, 2], s)[slide]
        step[upright, 2] -= np.clip(SETTING_M + s.deeper * depth, SETTING_M, FIRM_M)[upright]
        rock = np.where(self._since > ROCK_AFTER, ROCK_M * np.sin(2.0 * np.pi * self._since / ROCK_STEPS), 0.0)
        aside = rock + np.clip(s.yielding * (balance * across).sum(axis=1), -MOST_PULL_M, MOST_PULL_M)
        step[upright, :3] += (aside[:, None] * across)[upright]
        step[press, :2] = 0.0
        step[press, 2] -= FIRM_M

    def _decide(self, miss: Array, relative: Array, force: Array, tilt: Array, leans: Array, ahead: Array) -> None:
        """Go over to what comes next."""
        self._since += 1
        approach, descend, slide, upright, back = (
            self.phase == phase for phase in (APPROACH, DESCEND, SWEEP, UPRIGHT, BACK)
        )
        level, depth = np.linalg.norm(miss[:, :2], axis=1), -relative[:, 2]
        touched = descend & (force[:, 2] > TOUCHING_N)
        settle = np.rint(self._settings.settle_steps)
        settled = slide & (self._since > settle)
        drag, slid = -(force * ahead).sum(axis=1), np.where(slide, self._since - settle, -1)
        near = (np.abs(depth) < FACE_M) & (force[:, 2] > TOUCHING_N)
        on_face = settled & (near | slides(drag, force[:, 2]))
        self._set_height(touched | (slide & (self._since == settle)), on_face, depth)
        caught = self._catching.caught(slid, depth, drag, force[:, 2], self._radius, self._settings)
        found, along = settled & ((depth > SUNK_IN_M) | (self._on_rim > 0)), (relative * ahead).sum(axis=1)
        ended = slide & ~caught & (self._lanes.ended(found, along) | (self._since > LINE_STEPS))
        patience = np.where(depth < SHALLOW_M, self._settings.in_vain_steps, ATTEMPT_STEPS)
        lifted = ended | (upright & ((self._since > patience) | lies(leans, self._since)))
        self._lanes.next(lifted)
        self._on_rim[lifted] = 0
        close = (level < ARRIVED_M) & (np.abs(miss[:, 2]) < ARRIVED_M) & (tilt < ALIGNED_RAD)
        self._go(approach & close, DESCEND)
        self._go(touched, SWEEP)
        self._go(caught, UPRIGHT)
        self._go(upright & stands_in(tilt, leans, depth), PRESS)
        self._go(lifted, BACK)
        self._go(back & (level < THERE_M), DESCEND)

    def _set_height(self, touches: Mask, on_face: Mask, depth: Array) -> None:
        """Take the edge to be at the face's height where it touches; as it slides on, its height drifts.

        That is because the height rests on how the peg leans, which is felt only roughly.
        """
        self._reach[touches] -= depth[touches]
        self._reach -= np.where(on_face, self._settings.face_share * depth, 0.0)

    def _go(self, which: Mask, phase: int) -> None:
        self.phase[which] = phase
        self._since[which] = 0
