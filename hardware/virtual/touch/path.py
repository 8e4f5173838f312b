"""What the hand does: press, hold, shear, twist, let go, and again elsewhere; the same every time from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOADS_N = (0.5, 4.0)
PLACES_M = 2e-3
"""Presses are up to this far from the pad's middle, along x and y."""
SHEAR_M = (0.2e-3, 2.0e-3)
"""Short ones stick, long ones slip."""
TWIST_RAD = 0.25
LIFT_N = -1.0
"""Force that takes the object off the pad."""
PHASES_S = {
    "lifted": 0.3,
    "pressing": 0.7,
    "holding": 0.5,
    "shearing": 0.6,
    "sheared": 0.4,
    "twisting": 0.6,
    "twisted": 0.4,
}
CYCLE_S = sum(PHASES_S.values())


@dataclass(frozen=True)
class HandCommand:
    """What the hand is asked for.

    Attributes:
        phase: its name, a key of ``PHASES_S``.
        press_n: force onto the pad, N.
        x_m: place, m.
        y_m: place, m.
        yaw_rad: angle about the pad's normal, rad.
    """

    phase: str
    press_n: float
    x_m: float
    y_m: float
    yaw_rad: float


class HandPath:
    """The commands as a function of time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn: tuple[int, tuple[float, ...]] = (-1, ())

    def at(self, time_s: float) -> HandCommand:
        """Return the command at a time from the start, s."""
        cycle = int(time_s // CYCLE_S)
        if self._drawn[0] != cycle:
            self._drawn = cycle, self._cycle(cycle)
        load, x, y, shear, heading, twist = self._drawn[1]
        phase, share = _phase(time_s - cycle * CYCLE_S)
        names = list(PHASES_S)
        moved = _smooth(share) if phase == "shearing" else float(names.index(phase) > names.index("shearing"))
        turned = _smooth(share) if phase == "twisting" else float(phase == "twisted")
        press = LIFT_N
        if phase != "lifted":
            press = load * (_smooth(min(2.0 * share, 1.0)) if phase == "pressing" else 1.0)
        return HandCommand(
            phase, press, x + moved * shear * np.cos(heading), y + moved * shear * np.sin(heading), turned * twist
        )

    def _cycle(self, number: int) -> tuple[float, ...]:
        random = np.random.default_rng((self._seed, number))
        place = random.uniform(-PLACES_M, PLACES_M, 2)
        values = random.uniform(*LOADS_N), *place, random.uniform(*SHEAR_M), random.uniform(0.0, 2.0 * np.pi)
        return (*map(float, values), float(random.uniform(-TWIST_RAD, TWIST_RAD)))


def _phase(time_s: float) -> tuple[str, float]:
    """Return the phase and how much of it is over, 0 to 1."""
    for name, length in PHASES_S.items():
        if time_s < length:
            return name, time_s / length
        time_s -= length
    return name, 1.0


def _smooth(share: float) -> float:
    """Minimum-jerk profile from 0 to 1 (Flash and Hogan, J. Neurosci. 5, 1985)."""
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
