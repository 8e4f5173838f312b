"""A recording on the gyroscope's clock, as the filter takes it.

Nothing is interpolated: a gap is left as a long step, and each accelerometer or position sample belongs to the
gyroscope's sample nearest in time. A log that lacks the gyroscope, the commands or both of the others is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.multirotor.kalman import Samples
from calibration.multirotor.lost_commands import fill
from calibration.recording.record import Recording, Stream
from sim.errors import ConfigError

Array = NDArray[np.floating]

BEFORE_S = 1.0
"""Before the log: longer than any latency."""
UNSEEN = 0.2
"""Standard error of a command from before the log, taken to be its first: half of what lies between hover and rest."""
SHORTEST_S = 5.0
"""A flight shorter than this is not fitted."""


@dataclass(frozen=True)
class Flight:
    """What is fitted, and how it begins."""

    samples: Samples
    heading_rad: float | None
    """At the beginning; None where the log does not know it."""
    drop_outs: int
    """Rows of the gyroscope missing inside the flight."""

    @property
    def duration_s(self) -> float:
        """From the first sample to the last."""
        return float(self.samples.time_s[-1] - self.samples.time_s[0])

    def part(self, first: int, last: int) -> Flight:
        """Return the rows from ``first`` to before ``last``."""
        s = self.samples
        cut = slice(first, last)
        rows = (s.time_s[cut], s.measured[cut], s.present[cut], s.position_offset_s[cut])
        return Flight(Samples(*rows, s.command_time_s, s.command, s.command_error), None, self.drop_outs)


def read_flight(recording: Recording, num_rotors: int) -> Flight:
    """Return what a recording holds for identification.

    Args:
        recording: of one flight: without the time on the ground.
        num_rotors: of the robot.

    Raises:
        ConfigError: for a log that is too short or lacks a stream; the message says which.
    """
    gyro, command = recording.stream("gyro"), recording.stream("motor_command")
    if command.size != num_rotors:
        raise ConfigError(f"{recording.source}: {command.size} motor commands for {num_rotors} rotors")
    if "accelerometer" not in recording.streams and "position" not in recording.streams:
        raise ConfigError(f"{recording.source}: neither accelerometer nor position: nothing tells the thrust")
    gyro = gyro.between(float(command.time_s[0]), np.inf) if len(command) else gyro
    if len(gyro) < 2 or gyro.time_s[-1] - gyro.time_s[0] < SHORTEST_S:
        raise ConfigError(f"{recording.source}: less than {SHORTEST_S:g} s of gyroscope and motor commands together")
    time_s, period = gyro.time_s, gyro.period_s
    measured, present = np.zeros((len(time_s), 9)), np.zeros((len(time_s), 3), bool)
    measured[:, :3], present[:, 0] = gyro.values, True
    offset = np.zeros(len(time_s))
    for sensor, name in ((1, "accelerometer"), (2, "position")):
        if name in recording.streams:
            rows, at, late = _nearest(time_s, recording.streams[name], 0.5 * period + 1e-6)
            measured[rows, 3 * sensor : 3 * sensor + 3] = recording.streams[name].values[at]
            present[rows, sensor] = True
            if name == "position":
                offset[rows] = late
    samples = Samples(time_s, measured, present, offset, *_commands(command, gyro))
    return Flight(samples, _heading(recording), int(np.rint(np.diff(time_s) / period - 1.0).clip(0).sum()))


def _commands(command: Stream, gyro: Stream) -> tuple[Array, Array, Array]:
    """Return times, values and errors of all commands; first of all one that stands for those before the log.

    What was sent before is still on its way, or on the motors, while the latency lasts.
    """
    time_s, values, error = fill(command, gyro)
    before = time_s[0] - BEFORE_S, values[:1], np.full((1, command.size), UNSEEN)
    joined = (
        np.concatenate([[before[0]], time_s]), np.concatenate([before[1], values]), np.concatenate([before[2], error])
    )  # fmt: skip
    return joined[0], np.ascontiguousarray(joined[1]), np.ascontiguousarray(joined[2])


def _nearest(time_s: Array, stream: Stream, within_s: float) -> tuple[NDArray, NDArray, Array]:
    """Return rows of ``time_s``, the stream's rows nearest to them, and how much later those are, s."""
    if not len(stream):
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    after = np.searchsorted(stream.time_s, time_s).clip(0, len(stream) - 1)
    before = (after - 1).clip(0)
    nearer = np.where(np.abs(stream.time_s[before] - time_s) < np.abs(stream.time_s[after] - time_s), before, after)
    late = stream.time_s[nearer] - time_s
    rows = np.flatnonzero(np.abs(late) <= within_s)
    _, first = np.unique(nearer[rows], return_index=True)
    rows = rows[first]
    return rows, nearer[rows], late[rows]


def _heading(recording: Recording) -> float | None:
    """Heading of the body's x axis at the beginning, rad."""
    if "attitude" not in recording.streams or not len(recording.streams["attitude"]):
        return None
    w, x, y, z = recording.streams["attitude"].values[0]
    return float(np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z)))
