"""Cut a log of joints into short stretches while they follow targets, each beginning in a logged state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.joints.log import SILENCE_S
from calibration.recording.record import Recording, Stream
from calibration.recording.resample import continuous
from sim.errors import ConfigError

Array = NDArray[np.float64]
BEFORE_S = 0.06
"""Targets so long before a stretch must be in the log: they are still on their way."""
LEAST_SEGMENTS = 4
LATE_SHARE = 0.5
"""Of a period: a row that comes later than this, or one that is missing, ends a stretch."""


@dataclass(frozen=True)
class JointSegments:
    """``S`` stretches of ``T`` rows each, the one that they begin in included; ``n`` joints."""

    time_s: Array
    """(S, T) of the rows, on the recording's clock."""
    offset_s: Array
    """(T,) from a stretch's beginning, as planned."""
    position: Array
    """(S, T, n) rad, as the encoders read."""
    velocity: Array
    """(S, T, n) rad/s"""
    attitude: Array
    """(S, T, 4) wxyz, world<-body; level where the log does not say."""
    angular_velocity_b: Array
    """(S, T, 3) rad/s; zero where the log does not say."""
    targets: Stream
    """Of the whole log, each at the time it left."""

    @property
    def start_s(self) -> Array:
        """(S,) on the recording's clock."""
        return self.time_s[:, 0]

    def rows(self, chosen: NDArray[np.integer] | slice, steps: int | None = None) -> JointSegments:
        """Return some of the stretches, and of each the first ``steps`` rows."""
        cut = (chosen, slice(steps))
        return JointSegments(
            self.time_s[cut], self.offset_s[:steps], self.position[cut], self.velocity[cut], self.attitude[cut],
            self.angular_velocity_b[cut], self.targets,
        )  # fmt: skip


def cut_joints(recording: Recording, length_s: float) -> JointSegments:
    """Return the stretches in which joints follow targets, without a gap.

    Raises:
        ConfigError: if the log lacks a stream, or holds too little.
    """
    seen, targets = recording.stream("joint_position"), recording.stream("joint_target")
    if seen.size != targets.size:
        raise ConfigError(f"{recording.source}: {seen.size} joints are read and {targets.size} have targets")
    count = round(length_s / seen.period_s) + 1 if len(seen) > 1 else 0
    first = _starts(seen.time_s, targets.time_s, count)
    if len(first) < LEAST_SEGMENTS or count < 3:
        raise ConfigError(
            f"{recording.source} holds {len(first)} stretches of {length_s:g} s in which joints follow targets, without"
            f" a gap: {LEAST_SEGMENTS} are needed"
        )
    rows = first[:, None] + np.arange(count)
    time_s = seen.time_s[rows]
    return JointSegments(
        time_s,
        np.linspace(0.0, seen.period_s * (count - 1), count),
        seen.values[rows],
        _at(recording, "joint_velocity", time_s, np.gradient(seen.values, seen.time_s, axis=0)[rows]),
        _attitude(recording, time_s),
        _at(recording, "gyro", time_s, np.zeros((*time_s.shape, 3))),
        targets,
    )


def _starts(time_s: Array, target_s: Array, count: int) -> NDArray[np.intp]:
    """Return the rows that stretches of ``count`` rows begin in, one after the other."""
    period_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    edges = np.concatenate([[-np.inf], target_s, [np.inf]])
    silent = np.diff(edges) > SILENCE_S  # before, between and after targets
    begins, ends = edges[:-1][silent], edges[1:][silent]
    starts, row = [], 0
    while row + count <= len(time_s):
        planned = time_s[row] + period_s * np.arange(count)
        late = np.abs(time_s[row : row + count] - planned) > LATE_SHARE * period_s
        begin, end = time_s[row] - BEFORE_S, time_s[row + count - 1]
        # A silence counts from its last target on; one that ended before the stretch, or begins behind it, does not.
        still = (ends > begin) & (begins + SILENCE_S < end)
        if late.any():
            row += int(np.argmax(late))
        elif still.any():
            row += 1
        else:
            starts.append(row)
            row += count - 1
    return np.array(starts, np.intp)


def _at(recording: Recording, name: str, time_s: Array, otherwise: Array) -> Array:
    """Return a stream between its rows at the times (S, T), or what stands for it where the log holds none."""
    stream = recording.streams.get(name)
    if stream is None or len(stream) < 2:
        return otherwise
    return np.stack([np.interp(time_s, stream.time_s, column) for column in stream.values.T], axis=-1)


def _attitude(recording: Recording, time_s: Array) -> Array:
    level = np.broadcast_to(np.array([1.0, 0.0, 0.0, 0.0]), (*time_s.shape, 4))
    stream = recording.streams.get("attitude")
    if stream is None or len(stream) < 2:
        return level
    smooth = continuous(stream.values)
    turned = np.stack([np.interp(time_s, stream.time_s, column) for column in smooth.T], axis=-1)
    return turned / np.linalg.norm(turned, axis=-1, keepdims=True)
