"""The part of a stream in which a robot rests and no row is missing: what an Allan deviation may be taken of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from calibration.recording.record import Stream
from sim.errors import ConfigError

Array = NDArray[np.float64]
FEWEST = 512
"""Rows; with fewer the deviation has two octaves that mean something."""
GAP = 1.5
"""Periods between two rows that count as a gap."""
BLOCKS = 50
LOUDER = 4.0
"""A block whose standard deviation is this many times the median one is of a robot that was touched."""
JUMP = 4.0
"""Means of neighbouring blocks that are so many standard deviations of a row apart are of a robot that was turned."""
MOST = 0.7
"""Share of the log that must be at rest: something that moves more often is no accident at its ends."""


@dataclass(frozen=True)
class Resting:
    """Evenly spaced rows at rest.

    Attributes:
        values: ``(n, k)``.
        rate_hz: rows per second.
        warnings: what was left out, in words.
    """

    values: Array
    rate_hz: float
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Time that the rows span."""
        return len(self.values) / self.rate_hz


def resting_part(name: str, stream: Stream) -> Resting:
    """Return the longest stretch without a gap.

    Args:
        name: of the stream, for messages.
        stream: of a robot at rest.

    Raises:
        ConfigError: if it is too short.
    """
    warnings = []
    edges = np.flatnonzero(np.diff(stream.time_s) > GAP * stream.period_s)
    starts, ends = np.concatenate([[0], edges + 1]), np.concatenate([edges + 1, [len(stream)]])
    longest = int(np.argmax(ends - starts))
    rows = slice(int(starts[longest]), int(ends[longest]))
    values, time_s = stream.values[rows], stream.time_s[rows]
    if len(values) < len(stream):
        warnings.append(f"'{name}' has {len(edges)} gaps: the longest stretch without one, {len(values)} rows, is used")
    if len(values) < FEWEST:
        raise ConfigError(
            f"'{name}' holds {len(values)} rows without a gap; at least {FEWEST} are needed, and an hour at rest for a"
            " bias instability"
        )
    rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    return Resting(values, rate_hz, tuple(warnings))


def rest_of(streams: Mapping[str, Stream]) -> tuple[float, float]:
    """Return from when to when nothing moved in any of the streams of one robot: one may be too noisy to show it.

    Raises:
        ConfigError: if something moved most of the time.
    """
    spans = []
    for name, stream in streams.items():
        quiet = _at_rest(name, stream.values)
        spans.append((float(stream.time_s[quiet.start]), float(stream.time_s[quiet.stop - 1])))
    return max(start for start, _ in spans), min(end for _, end in spans)


def _at_rest(name: str, values: Array) -> slice:
    """Return the longest run of rows in which nothing moved."""
    edges = np.linspace(0, len(values), BLOCKS + 1).astype(int)
    blocks = [values[a:b] for a, b in pairwise(edges)]
    means, spread = np.array([b.mean(axis=0) for b in blocks]), np.array([b.std(axis=0) for b in blocks])
    usual = np.maximum(np.median(spread, axis=0), 1e-12)
    moved = np.asarray((spread > LOUDER * usual).any(axis=1))
    jumped = (np.abs(np.diff(means, axis=0)) > JUMP * usual).any(axis=1)
    moved[:-1] |= jumped
    moved[1:] |= jumped
    moved |= np.convolve(moved, np.ones(3), mode="same") > 0.0  # what moved may reach into the neighbours
    ends = np.flatnonzero(np.diff(np.concatenate([[True], moved, [True]]).astype(int)))
    begins, stops = ends[::2], ends[1::2]
    longest = int(np.argmax(stops - begins)) if len(begins) else 0
    rest = slice(int(edges[begins[longest]]), int(edges[stops[longest]])) if len(begins) else slice(0, 0)
    if rest.stop - rest.start < max(MOST * len(values), FEWEST if moved.any() else 0):
        first = float(np.argmax(moved)) / BLOCKS
        raise ConfigError(
            f"'{name}' is not of a robot at rest: something moved after {first:.0%} of the log; put it down, leave it"
            " alone, and log again"
        )
    return rest
