"""Where a stream has no rows though it should: gaps and drop-outs, in numbers and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from calibration.recording.record import Recording, Stream

MISSING_ROW = 1.75
"""A step of time longer than this many periods lacks a row: jitter of arrival alone stays below."""
GAP_PERIODS = 5.0
"""From so many periods on it is a gap, in which no filter or fit should carry on."""
WORTH_SAYING = 1e-3
"""Share of missing rows below which nothing is said, if there is no gap."""
EVENTS = frozenset({"reset", "setpoint", "action", "observation"})
"""Streams that are only there while somebody commands: their pauses are no fault."""


@dataclass(frozen=True)
class Gap:
    """Rows that are not there."""

    start_s: float
    """Last row before it."""
    end_s: float
    """First row after it."""

    @property
    def duration_s(self) -> float:
        """Time without a row."""
        return self.end_s - self.start_s


def find_gaps(stream: Stream, periods: float = GAP_PERIODS) -> list[Gap]:
    """Return the stretches longer than ``periods`` median periods without a row."""
    if len(stream) < 3:
        return []
    steps = np.diff(stream.time_s)
    return [
        Gap(float(stream.time_s[i]), float(stream.time_s[i + 1]))
        for i in np.flatnonzero(steps > periods * stream.period_s)
    ]


def missing_rows(stream: Stream) -> int:
    """Return how many rows are missing at the median period."""
    if len(stream) < 3:
        return 0
    steps = np.diff(stream.time_s) / stream.period_s
    return int(np.round(steps[steps > MISSING_ROW] - 1.0).sum())


def gap_warnings(recording: Recording) -> tuple[str, ...]:
    """Return a sentence for every stream that lacks rows."""
    return tuple(_sentences(recording))


def _sentences(recording: Recording) -> Iterable[str]:
    for name, stream in recording.streams.items():
        if name in EVENTS:
            continue
        gaps, missing = find_gaps(stream), missing_rows(stream)
        share = missing / (missing + len(stream))
        if gaps:
            longest = max(gaps, key=lambda gap: gap.duration_s)
            many = "1 gap" if len(gaps) == 1 else f"{len(gaps)} gaps"
            yield (
                f"{name}: {many}, the longest {longest.duration_s:.2f} s at {longest.start_s:.2f} s;"
                f" {share:.1%} of its rows are missing"
            )
        elif share > WORTH_SAYING:
            yield f"{name}: {missing} single rows dropped out, {share:.1%}"
