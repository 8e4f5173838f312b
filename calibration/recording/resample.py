"""Streams of different rates on one even grid of times, each with what was measured there and what was filled in.

Sensors are interpolated between neighbouring rows (quaternions along the shorter arc and normalised), commands are
held, as motors hold them. Where a stream has a gap its rows are marked; nothing is said of what was there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.recording.gaps import GAP_PERIODS, find_gaps
from calibration.recording.record import Recording, Stream
from sim.errors import ConfigError

HELD = frozenset({"motor_command", "joint_target", "setpoint", "action", "reset"})
"""Streams that keep their value until the next row."""
ROUNDING_S = 1e-6
"""Times this close are the same."""


@dataclass(frozen=True)
class Resampled:
    """Some streams at the same times."""

    time_s: np.ndarray
    """(n,) evenly spaced."""
    values: Mapping[str, np.ndarray]
    """(n, k) each."""
    valid: np.ndarray
    """(n,) bool: no stream has a gap here."""
    statement: str
    """How it was made, in a sentence."""

    @property
    def period_s(self) -> float:
        """Between two times."""
        return float(self.time_s[1] - self.time_s[0])

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]


def resample(recording: Recording, names: Sequence[str], rate_hz: float | None = None) -> Resampled:
    """Return streams on a common grid over the time that all of them cover.

    Args:
        recording: any.
        names: of streams.
        rate_hz: of the grid; default: that of the fastest of them, at most 1 kHz.

    Raises:
        ConfigError: if a stream is missing, or they share less than ten periods of time.
    """
    streams = {name: recording.stream(name) for name in names}
    thin = [name for name, stream in streams.items() if len(stream) < 2]
    if thin:
        raise ConfigError(f"{recording.source}: '{thin[0]}' has {len(streams[thin[0]])} rows; two are needed at least")
    rate = rate_hz or min(max(stream.rate_hz for stream in streams.values()), 1000.0)
    start = max(stream.time_s[0] for stream in streams.values())
    end = min(stream.time_s[-1] for stream in streams.values())
    count = int((end - start) * rate) + 1 if end > start else 0
    if count < 10:
        raise ConfigError(f"{recording.source}: {', '.join(names)} overlap for {max(end - start, 0.0):.2f} s only")
    time_s = start + np.arange(count) / rate
    values = {name: _at(name, stream, time_s) for name, stream in streams.items()}
    valid = np.ones(count, bool)
    for stream in streams.values():
        for gap in find_gaps(stream):
            valid &= (time_s <= gap.start_s) | (time_s >= gap.end_s)
    rates = ", ".join(f"{name} {stream.rate_hz:.0f} Hz" for name, stream in streams.items())
    filled = f"; {1.0 - valid.mean():.1%} lies in gaps of {GAP_PERIODS:g} periods or more and is left out"
    statement = f"resampled to {rate:.0f} Hz from {rates}" + (filled if not valid.all() else "")
    return Resampled(time_s, values, valid, statement)


def _at(name: str, stream: Stream, time_s: np.ndarray) -> np.ndarray:
    if name in HELD:
        # A row at the very time of the grid counts, whatever its last bit.
        row = np.clip(np.searchsorted(stream.time_s, time_s + ROUNDING_S, side="right") - 1, 0, None)
        return stream.values[row]
    values = continuous(stream.values) if name == "attitude" else stream.values
    columns = np.stack([np.interp(time_s, stream.time_s, column) for column in values.T], axis=1)
    if name == "attitude":
        columns /= np.maximum(np.linalg.norm(columns, axis=1, keepdims=True), 1e-9)
    return columns


def continuous(quaternion: np.ndarray) -> np.ndarray:
    """Flip signs so that neighbours (n, 4) lie on the same half-sphere: q and -q are one rotation."""
    dot = np.sum(quaternion[1:] * quaternion[:-1], axis=1)
    return quaternion * np.cumprod(np.concatenate([[1.0], np.where(dot < 0.0, -1.0, 1.0)]))[:, None]
