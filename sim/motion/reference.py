"""Motions as training reads them: arrays of a robot's states at any times of any clips, many at once.

Forward kinematics and velocities are computed once per clip and stored by frame; a lookup is two gathers and a blend.
Loops go on for ever, each round where the last one ended and turned as it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.motion.clip import Clip
from sim.motion.ground import ground_of
from sim.motion.loops import NO_SEAM, closed, closed_turns, continuous, seam_of, turned
from sim.motion.robot_poses import robot_poses
from sim.quaternions import difference, multiply

Array = NDArray[np.floating]
"""float32 in what is looked up."""
Bools = NDArray[np.bool_]


class State(NamedTuple):
    """A robot at n moments, world frame, in the order of ``Reference.joint_names``, ``body_names`` and ``feet``.

    Attributes:
        root_position_w: m; (n, 3).
        root_quaternion_w: wxyz; (n, 4).
        root_velocity_w: m/s; (n, 3).
        root_angular_velocity_w: rad/s; (n, 3).
        joint_position: rad; (n, joints).
        joint_velocity: rad/s; (n, joints).
        body_position_w: m; (n, bodies, 3).
        body_quaternion_w: wxyz; (n, bodies, 4).
        body_velocity_w: m/s; (n, bodies, 3).
        body_angular_velocity_w: rad/s; (n, bodies, 3).
        contact: feet on the ground; (n, feet), bool.
    """

    root_position_w: Array
    root_quaternion_w: Array
    root_velocity_w: Array
    root_angular_velocity_w: Array
    joint_position: Array
    joint_velocity: Array
    body_position_w: Array
    body_quaternion_w: Array
    body_velocity_w: Array
    body_angular_velocity_w: Array
    contact: Bools


_PLACES = ("root_position_w", "body_position_w")
_TURNS = ("root_quaternion_w", "body_quaternion_w")
_VECTORS = ("root_velocity_w", "root_angular_velocity_w", "body_velocity_w", "body_angular_velocity_w")


@dataclass(frozen=True)
class _Tracks:
    """What is known of one clip by frame; a loop has one frame more, the first again, displaced."""

    state: State
    shift: complex
    """Displacement of a loop, x + iy, m."""
    turn: float
    """Of a loop about z, rad."""


class Reference:
    """Clips of one robot, to be looked up by clip number and time.

    Attributes:
        clip_names: of the clips, in the order of their numbers.
        joint_names: of the robot.
        body_names: bodies or sites of ``body_position_w`` and its like.
        feet: of ``contact``.
        duration_s: of each clip, one round of those that loop; (clips,).
        loops: (clips,), bool.
    """

    def __init__(self, clips: Sequence[Clip], bodies: Sequence[str] | None = None) -> None:
        """Run forward kinematics.

        Args:
            clips: all of the same robot; frame rates may differ.
            bodies: bodies or sites to have; all of the robot's bodies when None.

        Raises:
            ConfigError: for no clips, clips of several robots or of a person, or an unknown body.
        """
        if not clips:
            raise ConfigError("a motion reference needs at least one clip")
        other = next((clip for clip in clips if clip.character != clips[0].character), None)
        if other is not None:
            raise ConfigError(f"clip '{other.name}' is of '{other.character}', the first is of '{clips[0].character}'")
        tracks = [_tracks(clip, bodies) for clip in clips]
        self.clip_names, self.joint_names = tuple(clip.name for clip in clips), clips[0].joint_names
        first = robot_poses(clips[0].cut(0, 2))
        self.body_names = first.names[: first.num_bodies] if bodies is None else tuple(bodies)
        self.feet = first.foot_names
        self.duration_s = np.array([clip.duration_s for clip in clips])
        self.loops = np.array([clip.loops for clip in clips])
        self._fps = np.array([clip.fps for clip in clips])
        lengths = [len(track.state.root_position_w) for track in tracks]
        self._start = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self._last = np.array(lengths) - 1
        self._shapes = [values.shape[1:] for values in tracks[0].state]
        # All of a frame side by side: one gather brings everything.
        self._table = np.concatenate([_side_by_side(track.state) for track in tracks]).astype(np.float32)
        self._shift = np.array([track.shift for track in tracks])
        self._turn = np.array([track.turn for track in tracks])

    @property
    def num_clips(self) -> int:
        """How many clips there are."""
        return len(self.clip_names)

    def at(self, clip: NDArray[np.integer], time_s: NDArray[np.floating]) -> State:
        """Return the robot's state at times of clips; before the beginning and after the end it is held there.

        Args:
            clip: numbers; (n,).
            time_s: since each clip's beginning; (n,).
        """
        rounds = np.where(self.loops[clip], np.floor(np.maximum(time_s, 0.0) / self.duration_s[clip]), 0.0)
        frame = np.clip((time_s - rounds * self.duration_s[clip]) * self._fps[clip], 0.0, self._last[clip])
        low = np.minimum(frame.astype(np.intp), self._last[clip] - 1)
        share = (frame - low).astype(np.float32)
        state = self._blend(self._start[clip] + low, share)
        return self._carried(state, clip, rounds) if rounds.any() else state

    def ended(self, clip: NDArray[np.integer], time_s: NDArray[np.floating]) -> Bools:
        """Return which times are at or beyond the end of their clips; loops have none; (n,)."""
        return ~self.loops[clip] & (time_s >= self.duration_s[clip])

    def _blend(self, low: NDArray[np.intp], share: Array) -> State:
        before = self._table.take(low, axis=0)
        mixed = self._table.take(low + 1, axis=0)
        mixed -= before
        mixed *= share[:, None]
        mixed += before
        parts: dict[str, Any] = {}
        start = 0
        for name, shape in zip(State._fields, self._shapes):
            size = int(np.prod(shape))
            parts[name] = mixed[:, start : start + size].reshape(len(low), *shape)
            start += size
        for name in _TURNS:  # neighbours have the same sign and are close: a straight line is as good as an arc
            parts[name] = parts[name] / np.sqrt(np.einsum("...k,...k->...", parts[name], parts[name]))[..., None]
        parts["contact"] = parts["contact"] >= 0.5
        return State(**parts)

    def _carried(self, state: State, clip: NDArray[np.integer], rounds: NDArray[np.floating]) -> State:
        """Move and turn what loops by as much as all rounds before have moved and turned."""
        angle = rounds * self._turn[clip]
        step = np.exp(1j * self._turn[clip])
        # Sum of step^k over the rounds before; where a round does not turn it is their number.
        straight = np.abs(step - 1.0) < 1e-9
        total = np.where(straight, rounds, (np.exp(1j * angle) - 1.0) / np.where(straight, 1.0, step - 1.0))
        shift = total * self._shift[clip]
        if not angle.any():
            return _shifted(state, shift)
        changed: dict[str, Any] = state._asdict()
        for name in (*_PLACES, *_VECTORS):
            changed[name] = turned(changed[name], angle).astype(np.float32)
        half = 0.5 * angle
        yaw = np.stack([np.cos(half), 0.0 * half, 0.0 * half, np.sin(half)], axis=1)
        for name in _TURNS:
            turn = yaw if changed[name].ndim == 2 else yaw[:, None]
            changed[name] = multiply(turn, changed[name]).astype(np.float32)
        return _shifted(State(**changed), shift)


def _side_by_side(state: State) -> NDArray[np.floating]:
    """Return all values of every frame in one row, (T, columns)."""
    return np.concatenate([values.reshape(len(values), -1).astype(float) for values in state], axis=1)


def _shifted(state: State, shift: NDArray[np.complexfloating]) -> State:
    way = np.stack([shift.real, shift.imag, np.zeros(len(shift))], axis=1).astype(np.float32)
    return state._replace(
        root_position_w=state.root_position_w + way, body_position_w=state.body_position_w + way[:, None]
    )


def _tracks(clip: Clip, bodies: Sequence[str] | None) -> _Tracks:
    poses, ground = robot_poses(clip), ground_of(clip)
    index = [poses.of(name) for name in (poses.names[: poses.num_bodies] if bodies is None else bodies)]
    position, quaternion = poses.position[:, index], poses.quaternion[:, index]
    angles, contact = clip.joint_angles, ground.contact
    root, root_turn = clip.root_position_w, clip.root_quaternion_w
    seam = seam_of(clip) if clip.loops else NO_SEAM
    turn = seam.turn
    if clip.loops:
        root, root_turn = closed(root, seam), closed_turns(root_turn, seam)
        position, quaternion = closed(position, seam), closed_turns(quaternion, seam)
        angles, contact = np.concatenate([angles, angles[:1]]), np.concatenate([contact, contact[:1]])
    root_turn, quaternion = continuous(root_turn), continuous(quaternion)
    state = State(
        root_position_w=root,
        root_quaternion_w=root_turn,
        root_velocity_w=_rate(root, clip, turn),
        root_angular_velocity_w=_spin(root_turn, clip, turn),
        joint_position=angles,
        joint_velocity=_rate(angles, clip, 0.0),
        body_position_w=position,
        body_quaternion_w=quaternion,
        body_velocity_w=_rate(position, clip, turn),
        body_angular_velocity_w=_spin(quaternion, clip, turn),
        contact=contact,
    )
    return _Tracks(state, seam.shift, turn)


def _rate(values: NDArray, clip: Clip, turn: float) -> NDArray:
    """Return the time derivative by central differences; one-sided at ends, across the seam in loops that ``turn``."""
    return _centred(np.diff(values, axis=0) * clip.fps, clip.loops, turn)


def _spin(values: NDArray, clip: Clip, turn: float) -> NDArray:
    """Return angular velocities in the world, rad/s, likewise."""
    return _centred(difference(values[1:], values[:-1]) * clip.fps, clip.loops, turn)


def _centred(steps: NDArray, loops: bool, turn: float) -> NDArray:
    """Return the mean of the steps before and after each frame."""
    before, after = steps[-1:], steps[:1]
    if loops and turn:
        before, after = turned(before, np.array([-turn])), turned(after, np.array([turn]))
    first, last = (before, after) if loops else (steps[:1], steps[-1:])
    padded = np.concatenate([first, steps, last])
    return 0.5 * (padded[1:] + padded[:-1])
