"""Two clocks of one run: the line between them, and how far a signal of one lags behind the same signal of another.

Stamps of both clocks give offset and drift by regression; without stamps the signals themselves do, by
cross-correlation in windows: the lag at the beginning and at the end differ by the drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DRIFT_PPM = 200.0
"""Two crystals differ by less (100 ppm each at worst: usual data sheets of crystals); more is worth a word."""
_WINDOWS = 8
_ROUNDS = 20
_TRIM = 3.0
"""Stamps further off the line than this many robust standard deviations are late packets."""


@dataclass(frozen=True)
class ClockLine:
    """``ours = offset_s + (1 + drift) theirs``."""

    offset_s: float
    drift: float
    """Relative; 1e-6 is one ppm. Positive: their clock is slow."""
    residual_s: float
    """Robust standard deviation of what is left: jitter of arrival and rounding of the stamps."""

    def ours(self, theirs_s: np.ndarray) -> np.ndarray:
        """Return times of the other clock on ours."""
        return self.offset_s + (1.0 + self.drift) * theirs_s


def fit_line(theirs_s: np.ndarray, ours_s: np.ndarray) -> ClockLine:
    """Return the line between two clocks from stamps (n,) of the same events, robust to late arrivals.

    The regression is repeated without the stamps that are further off than three standard deviations (by the
    median absolute deviation). A stretch too short to tell a drift, below 1 s or 10 stamps, gets the offset alone.
    """
    if len(theirs_s) < 10 or np.ptp(theirs_s) < 1.0:
        offset = float(np.median(ours_s - theirs_s)) if len(theirs_s) else 0.0
        return ClockLine(offset, 0.0, 0.0)
    middle = float(np.mean(theirs_s))
    x, y = theirs_s - middle, ours_s - theirs_s
    kept, slope, level, spread = np.ones(len(x), bool), 0.0, 0.0, 0.0
    for _ in range(_ROUNDS):
        slope, level = np.polyfit(x[kept], y[kept], 1)
        error = y - level - slope * x
        spread = 1.4826 * float(np.median(np.abs(error[kept] - np.median(error[kept]))))
        again = np.abs(error) <= max(_TRIM * spread, 1e-9)
        if again.sum() < 10 or (again == kept).all():
            break
        kept = again
    return ClockLine(float(level - slope * middle), float(slope), spread)


def unwrap_counter(stamps: np.ndarray, bits: int) -> np.ndarray:
    """Return a counter that wraps after ``bits`` bits as one that goes on, (n,) int64."""
    stamps = np.asarray(stamps, np.int64)
    return stamps + np.cumsum(np.concatenate([[0], np.diff(stamps) < -(1 << (bits - 1))])).astype(np.int64) * (
        1 << bits
    )


@dataclass(frozen=True)
class Lag:
    """How far one signal is behind another, window by window, and the line through it."""

    offset_s: float
    """In the middle of the recording; positive: the second signal is late."""
    drift: float
    """Change of the lag per second."""
    offset_std_s: float
    drift_std: float
    window_s: np.ndarray
    """Middle of each window that could be judged, (m,)."""
    lag_s: np.ndarray
    """(m,)"""

    @property
    def change_s(self) -> float:
        """How much the lag changes from the first window to the last."""
        return float(self.drift * np.ptp(self.window_s)) if len(self.window_s) else 0.0


def measure_lag(
    time_s: np.ndarray, first: np.ndarray, second: np.ndarray, longest_s: float, windows: int = _WINDOWS
) -> Lag | None:
    """Return how far ``second`` lags behind ``first``; ``None`` where neither moves enough to tell.

    In each window the lag is where the sum of squared differences, over all columns, is least; a parabola through
    the least three points places it between samples. Windows whose signals do not fit each other are left out.

    Args:
        time_s: (n,) evenly spaced but for rows that are left out.
        first: (n, k).
        second: (n, k), in the same unit.
        longest_s: largest lag looked for, either way.
        windows: the recording is cut into so many.
    """
    period = float(np.median(np.diff(time_s)))
    reach = max(round(longest_s / period), 2)
    pieces = [piece for piece in np.array_split(np.arange(len(time_s)), windows) if len(piece) > 6 * reach]
    found = [_window_lag(first[piece], second[piece], reach) for piece in pieces]
    kept = [(float(time_s[piece].mean()), lag) for piece, lag in zip(pieces, found) if lag is not None]
    if len(kept) < max(len(pieces) // 2, 2):
        return None
    middle, lag = np.array([m for m, _ in kept]), period * np.array([lag for _, lag in kept])
    slope, level, spread = _robust_line(middle - time_s.mean(), lag)
    scale = max(float(np.sqrt(np.mean(np.square(middle - middle.mean())))), 1e-9)
    count = len(middle)
    return Lag(level, slope, spread / np.sqrt(count), spread / (scale * np.sqrt(count)), middle, lag)


def _window_lag(first: np.ndarray, second: np.ndarray, reach: int) -> float | None:
    inner = slice(reach, len(first) - reach)
    wanted = first[inner] - first[inner].mean(axis=0)
    power = float(np.square(wanted).sum())
    shifts = np.arange(-reach, reach + 1)
    error = np.empty(len(shifts))
    for i, shift in enumerate(shifts):
        moved = second[inner.start + shift : inner.stop + shift]
        error[i] = float(np.square(moved - moved.mean(axis=0) - wanted).sum())
    least = int(error.argmin())
    if least in (0, len(shifts) - 1) or not error[least] < 0.5 * power:
        return None
    before, here, after = error[least - 1 : least + 2]
    curve = before - 2.0 * here + after
    # Flat: the signal hardly changes over the lags looked at, and the least point is one of noise.
    if curve <= 0.0 or max(error[0], error[-1]) < 1.5 * here:
        return None
    return float(shifts[least] + 0.5 * (before - after) / curve)


def _robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Return slope, level at zero and standard deviation of a line by the median of all slopes (Theil and Sen)."""
    i, j = np.triu_indices(len(x), 1)
    slope = float(np.median((y[j] - y[i]) / (x[j] - x[i])))
    level = float(np.median(y - slope * x))
    error = y - level - slope * x
    return slope, level, max(1.4826 * float(np.median(np.abs(error))), float(np.std(error)) / 2.0)
