"""A motion that is asked of the whole body: where each simulation is in it, and what it asks for there.

Joint targets are counted from the motion's joints instead of the default pose, so that an action of zero plays it. What
the actor sees of it are a clock and the clip's own joints, which a robot knows without measuring anything.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.legged.body_motion import BodyReader
from sim.legged.counter_random import CounterRandom
from sim.legged.spec import LeggedTaskSpec
from sim.legged.start_times import StartTimes
from sim.legged.tracked import Tracked
from sim.legged.tracking_errors import mean_body_distance
from sim.legged.world import LeggedWorld
from sim.motion.clip import Clip
from sim.motion.playback import phase_of
from sim.motion.reference import Reference, State
from sim.spec import JointParameters, ObservationTerm

MOTION_JOINTS = "motion_joint_position"
"""Observation of the joint angles from which targets are counted."""
BODY_DISTANCE = "body_distance_m"
"""Error by which following is judged: E_g-mpbpe, the mean distance of all bodies from their places, in the world."""


@dataclass(frozen=True)
class MotionCommand:
    """A motion to follow; tasks are written without a clip, and given one by ``following``."""

    error_weight: float
    """What a metre of distance costs in the score by which weights are chosen."""
    source_note: str
    clip: Clip | None = None
    centre_term: ClassVar[str | None] = MOTION_JOINTS

    def sites(self, parameters: JointParameters) -> tuple[str, ...]:
        """Return none: bodies are read without sensors."""
        return ()

    def actor_terms(self, parameters: JointParameters) -> tuple[ObservationTerm, ...]:
        """Return the clock, and the motion's joints with their speeds."""
        return (
            ObservationTerm("motion_phase", 2, "1", "sine and cosine", "clip"),
            ObservationTerm(MOTION_JOINTS, parameters.num_joints, "rad", "joint", "clip"),
            ObservationTerm("motion_joint_velocity", parameters.num_joints, "rad/s", "joint", "clip"),
        )

    def critic_terms(self, parameters: JointParameters) -> tuple[ObservationTerm, ...]:
        """Return how far every body is from its place, and from its velocity."""
        size = 3 * len(parameters.link_names)
        return (
            ObservationTerm("body_offset_w", size, "m", "world, from the motion", "simulation"),
            ObservationTerm("body_velocity_offset_w", size, "m/s", "world, from the motion", "simulation"),
        )

    def error_weights(self) -> Mapping[str, float]:
        """Return that of the bodies' distance."""
        return {BODY_DISTANCE: self.error_weight}

    def source(self, world: LeggedWorld, seed: int) -> MotionSource:
        """Return what asks for the motion in a world.

        Raises:
            ConfigError: without a clip, or with one of another robot.
        """
        if self.clip is None:
            raise ConfigError("there is no motion to follow: give one by --clip")
        return MotionSource(self.clip, world, seed)


def motion_of(task: LeggedTaskSpec) -> MotionCommand | None:
    """Return the motion that a task asks for; ``None`` if it asks for none."""
    return next((what for what in task.asked if isinstance(what, MotionCommand)), None)


def clip_of(task: LeggedTaskSpec) -> Clip | None:
    """Return the clip that a task follows; ``None`` if it has none."""
    motion = motion_of(task)
    return None if motion is None else motion.clip


def following(task: LeggedTaskSpec, clip: Clip) -> LeggedTaskSpec:
    """Return a task with this motion, for the clip's robot; an episode is as long as the motion.

    Raises:
        ConfigError: if the task follows no motion, or the robot has no legs.
    """
    motion = motion_of(task)
    if motion is None:
        raise ConfigError(f"task '{task.name}' follows no motion")
    asked = tuple(replace(motion, clip=clip) if what is motion else what for what in task.asked)
    return replace(replace(task, asked=asked).on(clip.character), episode_s=clip.duration_s)


class MotionSource:
    """One motion in many simulations; writes ``BodyState.tracked`` and ``BodyState.centre``.

    Attributes:
        starts: where episodes begin in it; ``None``: with it, as on a robot.
        time_s: since the motion's beginning, of loops since that of the first round; (n,).
        reference: the motion, to be looked up; its only clip.
    """

    def __init__(self, clip: Clip, world: LeggedWorld, seed: int) -> None:
        model, p = world.scene.model, world.scene.parameters
        self._state = world.state
        self.reference = Reference([clip])
        bodies = self.reference.body_names
        self._reader = BodyReader(model, world.batch, bodies)
        self._feet = _bodies_of(model, p.feet, bodies)
        self._ends = _bodies_of(model, (*p.hands, *([p.head] if p.head else [])), bodies)
        if not len(self._ends):
            self._ends = np.zeros(1, np.intp)
        self._duration_s, self._loops = clip.duration_s, clip.loops
        self._random = CounterRandom(seed, zlib.crc32(b"start_time"))
        self._clip = np.zeros(len(self._state.command), np.intp)
        self.starts: StartTimes | None = None
        self.time_s = np.zeros(len(self._clip))

    def start(self, ids: NDArray[np.integer], episodes: NDArray[np.integer]) -> State:
        """Draw where episodes begin in the motion, and return the robot's state there; the world is to be reset to it.

        Args:
            ids: of the simulations; (k,).
            episodes: number of the episode in each of these; (k,).
        """
        share = self._random.uniform(ids, episodes, 1)[:, 0]
        self.time_s[ids] = 0.0 if self.starts is None else self.starts.draw(share)
        return self.reference.at(self._clip[ids], self.time_s[ids])

    def begin(self, ids: NDArray, episodes: NDArray) -> None:
        """Ask for what the motion has where the episodes begin."""
        self._write()

    def follow(self, age: NDArray, episodes: NDArray) -> None:
        """Go on by one control period."""
        self.time_s += self._state.robot.period_s
        self._write()

    def errors(self) -> Mapping[str, NDArray]:
        """Return the mean distance of the bodies from their places, m."""
        return {BODY_DISTANCE: mean_body_distance(self._state)}

    def ended(self) -> NDArray[np.bool_]:
        """Return where the motion is over; a loop never is; (n,)."""
        return self.reference.ended(self._clip, self.time_s)

    def note_failures(self, failed: NDArray[np.bool_]) -> None:
        """Take note of where in the motion episodes ended in failure now, (n,)."""
        if self.starts is not None:
            time_s = self.time_s[failed]
            self.starts.note(time_s % self._duration_s if self._loops else time_s)

    def _write(self) -> None:
        now = self.reference.at(self._clip, self.time_s)
        self._state.tracked = Tracked(
            now,
            phase_of(self.time_s, self._duration_s, self._loops).astype(np.float32),
            *self._reader.read(),
            feet=self._feet,
            ends=self._ends,
        )
        self._state.centre[:] = now.joint_position


def _bodies_of(model: mujoco.MjModel, sites: tuple[str, ...], bodies: tuple[str, ...]) -> NDArray[np.intp]:
    """Return the numbers, among ``bodies``, of those that sites are fixed to."""
    names = [model.body(int(model.site(site).bodyid[0])).name for site in sites]
    return np.array([bodies.index(name) for name in names], np.intp)
