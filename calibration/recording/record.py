"""One record for logs of any kind: named streams, SI units, one clock, and in words what is missing.

Readers make it (``read.py``); identification, the search for wrong logs and the comparison with a simulation take it.
A stream keeps the times at which its values were measured: nothing is resampled before somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sim.errors import ConfigError

STREAM_UNITS: dict[str, tuple[str, str]] = {
    "gyro": ("rad/s", "body"),
    "accelerometer": ("m/s^2", "body, specific force"),
    "position": ("m", "world"),
    "velocity": ("m/s", "world"),
    "attitude": ("1", "world<-body, wxyz"),
    "motor_command": ("1", "fraction of the largest command, the robot's motor order"),
    "battery": ("V", ""),
    "joint_position": ("rad", "the robot's joint order"),
    "joint_velocity": ("rad/s", "the robot's joint order"),
    "joint_target": ("rad", "the robot's joint order"),
    "joint_torque": ("N m", "the robot's joint order"),
    "setpoint": ("m, rad", "world; x, y, z, yaw"),
    "observation": ("", "the bundle's terms in order"),
    "action": ("", "the bundle's action, before limits"),
    "reset": ("1", "1 where an episode began"),
}
"""Unit and frame of every stream that a reader may give. Body is x forward, y left, z up; world has z up (ENU where
the log knows north). ``motor_command`` is what the flight model calls ``command``: 0 to 1, with the fraction of the
largest rotor speed that it asks for."""

WIDTHS = {"gyro": 3, "accelerometer": 3, "position": 3, "velocity": 3, "attitude": 4, "battery": 1, "setpoint": 4}
"""Columns of the streams whose number does not depend on the robot."""


@dataclass(frozen=True)
class Stream:
    """One sensor or command.

    Raises:
        ConfigError: if the shapes do not fit, times do not rise, or a number is not finite.
    """

    time_s: np.ndarray
    """(n,) float64, strictly increasing, on the recording's clock."""
    values: np.ndarray
    """(n, k) float64, SI."""
    unit: str
    frame: str
    """As in ``ObservationTerm``."""

    def __post_init__(self) -> None:
        time_s, values = self.time_s, self.values
        if time_s.ndim != 1 or values.ndim != 2 or len(time_s) != len(values):
            raise ConfigError(f"a stream has times {time_s.shape} and values {values.shape}: expected (n,) and (n, k)")
        if not (np.isfinite(time_s).all() and np.isfinite(values).all()):
            raise ConfigError("a stream holds numbers that are not finite: leave such rows out")
        if (np.diff(time_s) <= 0.0).any():
            raise ConfigError("the times of a stream do not rise: sort them, and keep one row of each time")

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def size(self) -> int:
        """Columns."""
        return self.values.shape[1]

    @property
    def period_s(self) -> float:
        """Median time between two rows; NaN for fewer than two."""
        return float(np.median(np.diff(self.time_s))) if len(self) > 1 else float("nan")

    @property
    def rate_hz(self) -> float:
        """Rows per second between gaps; 0 for fewer than two."""
        return 1.0 / self.period_s if len(self) > 1 else 0.0

    def between(self, start_s: float, end_s: float) -> Stream:
        """Return the rows from ``start_s`` to ``end_s``, both included."""
        kept = (self.time_s >= start_s) & (self.time_s <= end_s)
        return replace(self, time_s=self.time_s[kept], values=self.values[kept])

    def shifted(self, offset_s: float, drift: float = 0.0) -> Stream:
        """Return the stream on another clock: time t becomes ``t + offset_s + drift t``."""
        return replace(self, time_s=self.time_s + offset_s + drift * self.time_s)


@dataclass(frozen=True)
class Recording:
    """What one log holds.

    Raises:
        ConfigError: for a stream of another name, unit or width than ``STREAM_UNITS`` and ``WIDTHS`` say.
    """

    robot: str
    """A name in ``sim/robots``."""
    serial: str | None
    """Which one of them; ``None`` where the log does not say."""
    streams: Mapping[str, Stream]
    """By the names of ``STREAM_UNITS``."""
    warnings: tuple[str, ...]
    """Gaps, drop-outs, truncation and what else a reader noticed, in words."""
    source: str
    """The file."""
    sha256: str
    """Of the file, hexadecimal; of a folder's files in order."""

    def __post_init__(self) -> None:
        for name, stream in self.streams.items():
            if name not in STREAM_UNITS:
                raise ConfigError(f"unknown stream '{name}'; choose one of: {', '.join(STREAM_UNITS)}")
            if name in WIDTHS and stream.size != WIDTHS[name]:
                raise ConfigError(f"stream '{name}' has {stream.size} columns, expected {WIDTHS[name]}")

    @property
    def start_s(self) -> float:
        """Earliest time of any stream; 0 without rows."""
        return min((float(stream.time_s[0]) for stream in self.streams.values() if len(stream)), default=0.0)

    @property
    def end_s(self) -> float:
        """Latest time of any stream; 0 without rows."""
        return max((float(stream.time_s[-1]) for stream in self.streams.values() if len(stream)), default=0.0)

    @property
    def duration_s(self) -> float:
        """From the first row of any stream to the last."""
        return self.end_s - self.start_s

    def stream(self, name: str) -> Stream:
        """Return a stream.

        Raises:
            ConfigError: if the log does not hold it; the message lists what it holds.
        """
        if name not in self.streams:
            raise ConfigError(f"{self.source} holds no '{name}'; it holds: {', '.join(self.streams) or 'nothing'}")
        return self.streams[name]

    def with_streams(self, warnings: tuple[str, ...] = (), /, **streams: Stream) -> Recording:
        """Return the recording with streams replaced or added, and warnings added."""
        return replace(self, streams={**self.streams, **streams}, warnings=self.warnings + warnings)

    def between(self, start_s: float, end_s: float) -> Recording:
        """Return the rows from ``start_s`` to ``end_s`` of all streams."""
        return replace(self, streams={name: stream.between(start_s, end_s) for name, stream in self.streams.items()})


def make_stream(name: str, time_s: np.ndarray, values: np.ndarray) -> Stream:
    """Return a stream with the unit and frame that belong to its name; bad rows are left out.

    Args:
        name: a key of ``STREAM_UNITS``.
        time_s: (n,); a row whose time does not rise above all before it is left out.
        values: (n,) or (n, k); a row that holds a number that is not finite is left out.
    """
    time_s = np.asarray(time_s, np.float64)
    values = np.asarray(values, np.float64).reshape(len(time_s), -1)
    good = np.isfinite(time_s) & np.isfinite(values).all(axis=1)
    time_s, values = time_s[good], values[good]
    rising = np.ones(len(time_s), bool)
    if len(time_s):
        rising[1:] = time_s[1:] > np.maximum.accumulate(time_s)[:-1]
    unit, frame = STREAM_UNITS[name]
    return Stream(time_s[rising], values[rising], unit, frame)
