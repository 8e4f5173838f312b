"""Put a motion on a robot by differential inverse kinematics: frame after frame, a few small quadratic programmes.

Each programme (mink, on MuJoCo's Jacobians) moves the joints towards the targets of the robot's mapping, within
the joints' ranges and speeds. Feet and centre of mass are scaled together about the world's origin, so a foot that
stands in the source stands on the robot, and the weight stays above it. Method as in PBHC (arXiv 2506.12851).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mink
import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.motion.clip import Clip
from sim.motion.height import correct_height
from sim.motion.mapping import Mapping, Target, load_mapping
from sim.motion.rest import Rest
from sim.motion.robot_poses import robot_poses
from sim.motion.source import SOLES, Source, along_heading, source_of
from sim.quaternions import multiply

Array = NDArray[np.float64]

SOLVER = "daqp"
FIRST_ITERATIONS = 100
"""For the first frame, which starts from the default pose."""
DAMPING = 1e-3
"""Of every degree of freedom: decides what neither targets nor posture do."""
SPEED_SHARE = 0.9
"""Of the joints' largest speeds, the rest is for who follows the motion."""
LEAD_IN_S = 0.5
"""A loop's end is solved before its beginning, so that it comes from where it will end."""


@dataclass(frozen=True)
class Goals:
    """Where the robot's frames should be over T frames.

    Attributes:
        targets: of the mapping.
        place_w: for targets without anchor the place, else the way from the anchor, m; (T, 3) each.
        turn_w: (T, 4) each.
        center_w: of the centre of mass, m; (T, 3).
    """

    targets: list[Target]
    place_w: list[Array]
    turn_w: list[Array]
    center_w: Array


def goals_for(robot: str, source: Source) -> Goals:
    """Scale what is to be followed to a robot.

    Raises:
        ConfigError: for a robot without mapping, or a source that lacks a body the mapping names.
    """
    mapping, rest = load_mapping(robot), Rest(robot)
    scale = rest.height_m / source.height_m
    places, turns, targets = [], [], []
    for target in mapping.targets:
        names = (target.source, *(target.anchor[1:] if target.anchor else ()))
        missing = [name for name in names if name not in source.poses]
        if missing:
            raise ConfigError(f"robot '{robot}' follows '{missing[0]}', which the motion does not have")
        place, turn = source.poses[target.source]
        if target.anchor is None:
            place = scale * place + along_heading(turn, target.offset_m)
            if target.source in SOLES:
                place = place + np.array([0.0, 0.0, rest.above_ground_m(target)])
        else:
            place = rest.reach_m(target) / source.reach_m * (place - source.poses[target.anchor[1]][0])
        targets.append(target)
        places.append(place)
        turns.append(multiply(turn, rest.turn(target)))
    return Goals(targets, places, turns, scale * source.center_of_mass)


def retarget(clip: Clip, robot: str, iterations: int = 3, progress: Callable[[float], None] | None = None) -> Clip:
    """Put a motion on a robot.

    Args:
        clip: of a person, or of a robot with a mapping.
        robot: name of the robot that shall follow.
        iterations: programmes per frame; the joints' speed limits hold for their sum.
        progress: called with the share that is done.

    Returns:
        The robot's clip, as long, with the source's contacts under the names of the robot's feet that follow them.

    Raises:
        ConfigError: for a robot without mapping, or a source that lacks a body the mapping names.
    """
    goals = goals_for(robot, source_of(clip))
    solver = _Solver(robot, goals, clip.fps, iterations)
    lead = min(int(LEAD_IN_S * clip.fps), clip.num_frames) if clip.loops else 0
    solver.start(0)
    states = np.zeros((clip.num_frames, solver.rest.model.nq))
    for frame in range(clip.num_frames - lead, clip.num_frames):
        solver.follow(frame)
    if lead:
        solver.carry(clip.num_frames - 1, 0)
    for frame in range(clip.num_frames):
        if frame or lead:
            solver.follow(frame)
        states[frame] = solver.qpos
        if progress is not None:
            progress((frame + 1) / clip.num_frames)
    feet, contact = _contacts(clip, goals, solver.rest)
    result = Clip(
        name=clip.name, character=robot, fps=clip.fps, joint_names=solver.rest.parameters.joint_names,
        root_position_w=states[:, :3], root_quaternion_w=states[:, 3:7], joint_angles=states[:, 7:], loops=clip.loops,
        contact_names=feet, contact=contact, source=f"{clip.source}; retargeted from {clip.character}",
    )  # fmt: skip
    return correct_height(result)


def end_effector_error(clip: Clip, source: Clip) -> Array:
    """Return how far the frames of a robot that have a place to be are from it, m; (T, frames).

    Args:
        clip: of the robot.
        source: what it was made from.

    Raises:
        ConfigError: if the two are not equally long, or the source lacks a body.
    """
    if clip.num_frames != source.num_frames:
        raise ConfigError(f"clip '{clip.name}' has {clip.num_frames} frames, its source {source.num_frames}")
    goals, poses = goals_for(clip.character, source_of(source)), robot_poses(clip)
    errors = []
    for target, place in zip(goals.targets, goals.place_w):
        if not np.all(np.array(target.position_cost) > 0.0):
            continue  # only its height is asked for
        anchor = 0.0 if target.anchor is None else poses.position[:, poses.of(target.anchor[0])]
        errors.append(np.linalg.norm(poses.position[:, poses.of(target.frame)] - place - anchor, axis=1))
    return np.stack(errors, axis=1)


class _Solver:
    """The robot's configuration, and one step after another towards its goals."""

    def __init__(self, robot: str, goals: Goals, fps: float, iterations: int) -> None:
        self.rest, self.goals = Rest(robot), goals
        self._step_s, self._iterations = 1.0 / (fps * iterations), iterations
        model, parameters = self.rest.model, self.rest.parameters
        mapping: Mapping = load_mapping(robot)
        self._configuration = mink.Configuration(model, self.rest.qpos)
        kinds = [self.rest.kind(target.frame) for target in goals.targets]
        self._frames = [
            mink.FrameTask(name, kind, target.position_cost, target.orientation_cost)
            for (kind, name), target in zip(kinds, goals.targets)
        ]
        self._center = mink.ComTask([*mapping.center_cost, 0.0])
        posture = mink.PostureTask(model, mapping.posture_cost)
        posture.set_target(self.rest.qpos)
        self._tasks = [*self._frames, self._center, posture]
        speeds = {n: SPEED_SHARE * v for n, v in zip(parameters.joint_names, parameters.velocity_rad_s)}
        self._range = mink.ConfigurationLimit(model)
        self._limits = [self._range, mink.VelocityLimit(model, speeds)]

    @property
    def qpos(self) -> Array:
        return self._configuration.q

    def start(self, frame: int) -> None:
        """Go to a frame from the default pose, however far."""
        state = self.rest.qpos
        base = next((k for k, t in enumerate(self.goals.targets) if t.source == "pelvis"), None)
        state[:2] = self.goals.center_w[frame, :2]
        if base is not None:
            state[3:7] = self.goals.turn_w[base][frame]
        self._configuration.update(state)
        for _ in range(FIRST_ITERATIONS):
            self._solve(frame, [self._range])

    def carry(self, last: int, first: int) -> None:
        """Move the robot with the displacement from one frame to another, as at the end of a loop.

        Only the place: a loop that turns would need the turn as well, and no generator makes one.
        """
        state = self.qpos
        state[:2] += self.goals.center_w[first, :2] - self.goals.center_w[last, :2]
        self._configuration.update(state)

    def follow(self, frame: int) -> None:
        for _ in range(self._iterations):
            self._solve(frame, self._limits)

    def _solve(self, frame: int, limits: list[mink.Limit]) -> None:
        for task, target, place, turn in zip(self._frames, self.goals.targets, self.goals.place_w, self.goals.turn_w):
            at = place[frame]
            if target.anchor is not None:
                at = at + self._configuration.data.body(target.anchor[0]).xpos
            task.set_target(mink.SE3(np.concatenate([turn[frame], at])))
        self._center.set_target(self.goals.center_w[frame])
        velocity = mink.solve_ik(self._configuration, self._tasks, self._step_s, SOLVER, damping=DAMPING, limits=limits)
        self._configuration.integrate_inplace(velocity, self._step_s)


def _contacts(clip: Clip, goals: Goals, rest: Rest) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
    """Return the robot's feet whose contact follows from the source's, and when they are in contact."""
    names, columns = [], []
    for target in goals.targets:
        side, foot = SOLES.get(target.source), rest.kind(target.frame)[1]
        source = next((name for name in clip.contact_names if side and name.startswith(side)), None)
        if foot in rest.parameters.feet and source is not None:
            names.append(foot)
            columns.append(clip.contact[:, clip.contact_names.index(source)])
    return tuple(names), np.stack(columns, axis=1) if columns else np.zeros((0, 0), bool)
