"""Commands that the log lost, predicted from what it holds before them, and how wrong that may be.

Holding the last command through a gap would bias the fit: its error depends on what the controller was about to do,
and so does the fit's derivative (errors in variables). The best linear prediction from the past, learnt from the rest
of the same log, errs independently of that past. Nothing after the gap is used: it knows what the body did meanwhile.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.recording.record import Stream

Array = NDArray[np.floating]

GAP = 1.5
"""Periods without a command that count as a lost one."""
LONGEST = 20
"""Commands that are predicted in one gap; beyond, the last prediction holds."""
MEMORY_S = (0.05, 0.15, 0.4)
"""Time constants of the running means that stand for the past beside the newest rows; rotors lag as long."""
NEWEST = 3
"""Rows of commands and rates that a prediction sees as they are."""
RIDGE = 1e-6
"""Of the regression, in rows: only against rates or commands that never change."""


def fill(command: Stream, gyro: Stream) -> tuple[Array, Array, Array]:
    """Return times (m,), commands (m, k) and their standard errors (m, k), zero for what was logged.

    Args:
        command: as logged, with gaps.
        gyro: of the same flight; the row nearest in time to each command counts.
    """
    period = command.period_s
    steps = np.rint(np.diff(command.time_s) / period).astype(int)
    missing = np.where(np.diff(command.time_s) > GAP * period, steps - 1, 0)
    if not missing.any():
        return command.time_s, command.values, np.zeros_like(command.values)
    past = _past(command.values, _near(gyro, command), missing, period)
    times, values, errors = [], [], []
    models = {lead: _learn(past, command.values, missing, lead) for lead in range(1, min(LONGEST, missing.max()) + 1)}
    for row, lost in enumerate(missing):
        times.append(command.time_s[row]), values.append(command.values[row]), errors.append(np.zeros(command.size))
        for lead in range(1, lost + 1):
            weights, error = models[min(lead, LONGEST)]
            times.append(command.time_s[row] + lead * period)
            values.append(np.clip(past[row] @ weights, 0.0, 1.0)), errors.append(error)
    times.append(command.time_s[-1]), values.append(command.values[-1]), errors.append(np.zeros(command.size))
    return np.array(times), np.array(values), np.array(errors)


def _near(gyro: Stream, command: Stream) -> Array:
    """Return the rates nearest in time to each command, (m, 3)."""
    after = np.searchsorted(gyro.time_s, command.time_s - 0.5 * command.period_s).clip(0, len(gyro) - 1)
    return gyro.values[after]


def _past(command: Array, rates: Array, missing: NDArray, period_s: float) -> Array:
    """Return what is known at each row, (m, features): the newest rows, running means, and one."""
    seen = np.concatenate([command, rates], axis=1)
    features = [np.ones((len(seen), 1))]
    features += [
        np.concatenate([np.repeat(seen[:1], back, axis=0), seen[: len(seen) - back]]) for back in range(NEWEST)
    ]
    elapsed = np.concatenate([[1], 1 + missing])
    for memory in MEMORY_S:
        mean = seen.copy()
        for row in range(1, len(seen)):
            share = np.exp(-elapsed[row] * period_s / memory)
            mean[row] = share * mean[row - 1] + (1.0 - share) * seen[row]
        features.append(mean)
    return np.concatenate(features, axis=1)


def _learn(past: Array, command: Array, missing: NDArray, lead: int) -> tuple[Array, Array]:
    """Return weights (features, k) and standard errors (k,) of commands ``lead`` rows ahead, from rows without gaps."""
    whole = np.concatenate([[0], np.cumsum(missing > 0)])
    rows = np.flatnonzero(whole[lead:] == whole[: len(whole) - lead])
    known, wanted = past[rows], command[rows + lead]
    normal = known.T @ known + RIDGE * len(rows) * np.eye(known.shape[1])
    weights = np.linalg.solve(normal, known.T @ wanted)
    return weights, np.sqrt(np.mean((wanted - known @ weights) ** 2, axis=0))
