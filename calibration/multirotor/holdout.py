"""How far ahead a model predicts a flight that it was not fitted to, in metres and radians a second.

The filter follows the flight to a moment; from there the model alone goes on along the logged commands, and what the
sensors read at 0.1, 0.5 and 2 s is compared. The nominal model does the same with its own filter.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from calibration.multirotor.body import NUM_OUTPUTS, advance, outputs
from calibration.multirotor.prediction import Predictor

Array = NDArray[np.floating]

HORIZONS_S = (0.1, 0.5, 2.0)
SHARE = 0.2
"""Of the flight, its end, that is not fitted."""
EVERY = 10
"""Samples between two predictions."""


def prediction_errors(predictor: Predictor, z: Array, from_s: float) -> dict[str, float]:
    """Return root mean square errors by sensor and horizon, such as ``{"position_m.0.5s": 0.01}``.

    Args:
        predictor: of the whole flight, tuned at ``z``.
        z: (p,) coordinates of the model.
        from_s: time in the flight from which it was not fitted.
    """
    samples = predictor.flight.samples
    first = int(np.searchsorted(samples.time_s, samples.time_s[0] + from_s))
    starts = np.arange(first, len(samples.time_s), EVERY)
    c = predictor.quantities.coefficients(predictor.quantities.values(z))
    found: dict[str, float] = {}
    for horizon in HORIZONS_S:
        ends = np.searchsorted(samples.time_s, samples.time_s[starts] + horizon - 1e-6)
        whole = ends < len(samples.time_s)
        if not whole.any():
            continue
        error = np.empty((int(whole.sum()), NUM_OUTPUTS))
        _go_on(samples, c, predictor.states, starts[whole], ends[whole], error)
        for name, sensor, seen in (("rate_rad_s", 0, slice(0, 3)), ("position_m", 2, slice(6, 9))):
            there = samples.present[ends[whole], sensor]
            if there.any():
                squares = np.sum(error[there, seen] ** 2, axis=1)
                found[f"{name}.{horizon:g}s"] = float(np.sqrt(squares.mean()))
    return found


@njit(cache=True, error_model="numpy")
def _go_on(samples, c, states, starts, ends, error):
    """Write measured less predicted outputs at samples ``ends`` from the states at samples ``starts``."""
    num_rotors = samples.command.shape[1]
    predicted = np.empty(NUM_OUTPUTS)
    for i in range(len(starts)):
        x = states[starts[i]].copy()
        begin = samples.time_s[starts[i]]
        newest = max(0, np.searchsorted(samples.command_time_s, begin - c[0], side="right") - 1)
        advance(x, c, samples.command_time_s, samples.command, newest, begin, samples.time_s[ends[i]])
        outputs(x, c, num_rotors, samples.position_offset_s[ends[i]], predicted)
        for j in range(NUM_OUTPUTS):
            error[i, j] = samples.measured[ends[i], j] - predicted[j]
