"""How noisy a flight's sensors and how rough its air are, by maximum likelihood at fixed parameters.

The innovations' likelihood (kalman.py) is that of the noise levels, too. Each is found on a logarithmic scale by
Newton steps on a parabola through three points, one level after the other; their estimates are nearly independent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.multirotor.kalman import (
    ACCELEROMETER_STD,
    FORCE_WALK,
    GYRO_STD,
    POSITION_STD,
    ROTOR_WALK,
    TORQUE_WALK,
)
from calibration.multirotor.prediction import Predictor

Array = NDArray[np.floating]

FOUND = (ACCELEROMETER_STD, POSITION_STD, TORQUE_WALK, GYRO_STD, FORCE_WALK)
"""Levels that are found; the rotors' walk is set."""
SENSOR_OF = {GYRO_STD: 0, ACCELEROMETER_STD: 1, POSITION_STD: 2}
ROTOR_WALK_LEVEL = 1e-5
"""Speed fractions per sqrt(s): rotors follow their lag; a little, so that the filter stays awake."""
SMALLEST = np.array([1e-4, 1e-3, 1e-5, 1e-4, 1e-5, 1e-6])
LARGEST = np.array([1.0, 10.0, 0.5, 30.0, 3.0, 1.0])
STEP = 0.2
"""Of the logarithm, between the three points."""
ENOUGH_S = 15.0
"""The beginning of the flight that is looked at: 1500 samples tell a level to a few per cent."""
LONGEST_STEP = 1.5


def improve(predictor: Predictor, z: Array, rounds: int = 1) -> None:
    """Move the predictor's noise levels towards the most likely ones at ``z``, and tune it to them."""
    noise = predictor.noise.copy()
    noise[ROTOR_WALK] = ROTOR_WALK_LEVEL
    beginning = predictor.beginning(ENOUGH_S)
    present = beginning.flight.samples.present
    for _ in range(rounds):
        for level in FOUND:
            if level not in SENSOR_OF or present[:, SENSOR_OF[level]].any():
                noise = _move(beginning, z, noise, level)
    predictor.tune(z, noise)


def _move(predictor: Predictor, z: Array, noise: Array, level: int) -> Array:
    """Return the levels with one of them at the minimum of its parabola, if that is better."""

    def cost(shift: float) -> float:
        predictor.tune(z, _shifted(noise, level, shift))
        return predictor.cost

    here, more, less = cost(0.0), cost(STEP), cost(-STEP)
    slope, bend = (more - less) / (2.0 * STEP), (more - 2.0 * here + less) / STEP**2
    shift = -slope / bend if bend > 0.0 else -np.sign(slope) * LONGEST_STEP
    shift = float(np.clip(shift, -LONGEST_STEP, LONGEST_STEP))
    options = {0.0: here, STEP: more, -STEP: less, shift: cost(shift)}
    return _shifted(noise, level, min(options, key=lambda each: options[each]))


def _shifted(noise: Array, level: int, shift: float) -> Array:
    moved = noise.copy()
    moved[level] = np.clip(moved[level] * np.exp(shift), SMALLEST[level], LARGEST[level])
    return moved
