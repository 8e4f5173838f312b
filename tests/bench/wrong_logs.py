"""Wrong logs that are detected and named, and right ones that are accused: random flights with one mistake each.

A log counts as named when the examination says just what was done to it, and nothing else. Right ones are of strong,
weak and no excitation, with up to four times the usual noise, a fifth of their rows lost and a late pose.
"""

from typing import Any

import numpy as np

from calibration.recording.suspicions import examine
from tests.support.recorded_flights import Sensors, fly
from tests.support.wrong_logs import MISTAKES

FLIGHTS, SECONDS = 24, 20.0
RIGHT = ((0.03, 1.0, 0.01, 0.0), (0.01, 2.0, 0.05, 0.03), (0.0, 1.0, 0.2, 0.05), (0.05, 4.0, 0.1, 0.02))
"""Excitation, noise over the usual, share of lost rows, lateness of the pose in s: a fourth of the right logs each."""


def measure(repeats: int = 1) -> dict[str, Any]:
    """Return how many of the wrong logs were named, by mistake, and how many of the right ones accused."""
    del repeats
    rng = np.random.default_rng(11)
    flights = fly(FLIGHTS, SECONDS, seed=1000)
    named = {
        kind: sum(examine(mistake.make(flight, rng)).names == (mistake.named,) for flight in flights)
        for kind, mistake in MISTAKES.items()
    }
    right = [flight for number, settings in enumerate(RIGHT) for flight in _right(number, *settings)]
    accused = sum(bool(examine(flight).names) for flight in right)
    return {
        "wrong_logs.named": sum(named.values()),
        "wrong_logs.count": FLIGHTS * len(MISTAKES),
        "wrong_logs.named_by_mistake": {kind: f"{count} of {FLIGHTS}" for kind, count in named.items()},
        "wrong_logs.right_accused": accused,
        "wrong_logs.right_count": len(right),
    }


def _right(number: int, excitation: float, noise: float, lost: float, delay_s: float) -> list[Any]:
    sensors = Sensors(0.03 * noise, 0.2 * noise, 1e-3 * noise, 0.02 * noise, 5e-3 * noise, lost, delay_s)
    return fly(FLIGHTS, SECONDS, seed=2000 + number, excitation=excitation, sensors=sensors)
