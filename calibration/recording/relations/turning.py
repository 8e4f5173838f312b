"""The gyroscope integrates to the attitude: rates in other units and quaternions in another order do not.

Over a short window the attitude turns by log(q(t)* q(t + w)), body frame, and the mean of the gyro times w says the
same to second order in the angle (Sola 2017, "Quaternion kinematics", eq. 105 and 214).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from calibration.recording.record import Recording
from calibration.recording.relations.agreement import EXPLAINED, Comparison, explained, moving_mean
from calibration.recording.resample import Resampled, continuous, resample
from sim.quaternions import conjugate, multiply, to_rotation_vector

WINDOWS_S = (0.08, 0.25, 0.7)
"""The noise of an attitude (a few mrad) is small against the turn over a window if that is long, and a manoeuvre still
shows if it is short: which is best depends on the flight, so the one counts that explains most."""
REACH_S = 0.2
"""A pose may come this much later than the gyro, or before it, without being wrong."""
RATE_HZ = 100.0

Turn = Callable[[np.ndarray], np.ndarray]

QUATERNIONS: dict[str, Turn] = {
    "quaternion order": lambda q: q[:, [3, 0, 1, 2]],
    "quaternion direction": lambda q: conjugate(q),
    "quaternion order and direction": lambda q: conjugate(q[:, [3, 0, 1, 2]]),
}
"""Mistakes of the attitude, and what mends them."""
GYROS: dict[str, Turn] = {
    "gyro in degrees": np.radians,
    "gyro in milliradians": lambda w: 1e-3 * w,
    "gyro in forward-right-down": lambda w: w * [1.0, -1.0, -1.0],
}
"""Mistakes of the gyro, and what mends them."""


@dataclass(frozen=True)
class Turning:
    """Both sides of the relation on one grid."""

    time_s: np.ndarray
    """(m,) middles of the windows."""
    gyro: np.ndarray
    """(m, 3) mean of the gyro over a window, rad/s."""
    attitude: np.ndarray
    """(m, 3) what the attitude turned by, over the window's length, rad/s."""
    valid: np.ndarray
    """(m,) no gap in the window."""


def turning(
    grid: Resampled,
    mend_gyro: Turn | None = None,
    mend_attitude: Turn | None = None,
    window_s: float = WINDOWS_S[0],
) -> Turning:
    """Return both sides from a grid of ``gyro`` and ``attitude``, after mending what is asked for."""
    rows = max(round(window_s / grid.period_s), 2)
    gyro = grid["gyro"] if mend_gyro is None else mend_gyro(grid["gyro"])
    attitude = grid["attitude"] if mend_attitude is None else continuous(mend_attitude(grid["attitude"]))
    # A row of the gyro is the rate at its time: the trapezoid over the window's rows.
    mean = 0.5 * (moving_mean(gyro[:-1], rows) + moving_mean(gyro[1:], rows))
    turned = to_rotation_vector(multiply(conjugate(attitude[:-rows]), attitude[rows:])) / (rows * grid.period_s)
    whole = moving_mean(grid.valid[:, None].astype(np.float64), rows + 1)[:, 0] > 0.999
    return Turning(grid.time_s[:-rows] + 0.5 * rows * grid.period_s, mean, turned, whole)


def turning_grid(recording: Recording) -> Resampled:
    """Return gyro and attitude on one grid.

    Raises:
        ConfigError: if the recording lacks one of them, or they do not overlap.
    """
    return resample(recording, ("gyro", "attitude"), RATE_HZ)


def compare_turning(recording: Recording) -> Comparison:
    """Return how well the gyro explains the attitude, as logged and after each mistake.

    Raises:
        ConfigError: if the recording lacks one of them, or they do not overlap.
    """
    grid, found = turning_grid(recording), []
    for window_s in WINDOWS_S:
        found.append(_compare(grid, window_s))
        if found[-1].settled:
            return found[-1]
    return max(found, key=lambda comparison: comparison.most)


def best_turning(recording: Recording) -> Turning:
    """Return both sides over the window at which they agree best.

    Raises:
        ConfigError: if the recording lacks one of them, or they do not overlap.
    """
    grid = turning_grid(recording)
    shares = []
    for window_s in WINDOWS_S:
        both = turning(grid, window_s=window_s)
        shares.append((explained(both.attitude, both.gyro, both.valid, round(REACH_S / grid.period_s)), window_s))
    return turning(grid, window_s=max(shares)[1])


def _compare(grid: Resampled, window_s: float) -> Comparison:
    reach = round(REACH_S / grid.period_s)

    def share(mend_gyro: Turn | None, mend_attitude: Turn | None) -> float:
        both = turning(grid, mend_gyro, mend_attitude, window_s)
        return explained(both.attitude, both.gyro, both.valid, reach)

    as_logged = Comparison(share(None, None), {})
    if as_logged.settled:
        return as_logged
    mistakes = {name: share(mend, None) for name, mend in GYROS.items()}
    mistakes |= {name: share(None, mend) for name, mend in QUATERNIONS.items()}
    if max(mistakes.values()) < EXPLAINED:
        mistakes |= {
            f"{gyro}; {quaternion}": share(mend_gyro, mend)
            for gyro, mend_gyro in GYROS.items()
            for quaternion, mend in QUATERNIONS.items()
        }
    return Comparison(as_logged.as_logged, mistakes)
