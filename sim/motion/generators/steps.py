"""Footsteps: where each foot is over time, which feet carry, and where the weight is between them.

A foot that stands does not move at all, one that swings goes from place to place with no speed and no acceleration
at both ends; the centre of pressure is under the foot that stands and wanders while both do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """One swing of one foot.

    Attributes:
        foot: 0 left, 1 right.
        start_s: when it leaves the ground.
        end_s: when it is back.
        to: where it comes down, x and y, m.
        lift_m: height of the sole in the middle.
    """

    foot: int
    start_s: float
    end_s: float
    to: tuple[float, float]
    lift_m: float


@dataclass(frozen=True)
class Hold:
    """The centre of pressure rests at ``place``, x and y, m, for a while."""

    start_s: float
    end_s: float
    place: tuple[float, float]


@dataclass(frozen=True)
class Footwork:
    """Feet over one loop; the next is the same, displaced by ``drift``.

    Attributes:
        start: where the feet stand at first, x and y of the point under the ankle, m; (2, 2).
        steps: in order of time; none is on its way at the loop's ends.
        holds: of the centre of pressure besides those under a foot that stands alone.
        drift: displacement of a loop, x and y, m.
    """

    start: Array
    steps: Sequence[Step] = ()
    holds: Sequence[Hold] = ()
    drift: Array = field(default_factory=lambda: np.zeros(2))

    def feet(self, time_s: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Return the points of the soles under the ankles, m, (T, 2, 3), and which feet stand, (T, 2)."""
        place = np.zeros((len(time_s), 2, 3))
        place[:, :, :2] = self.start
        stands = np.ones((len(time_s), 2), bool)
        at = self.start.copy()
        for step in self.steps:
            done = (time_s - step.start_s) / (step.end_s - step.start_s)
            swings = (done > 0.0) & (done < 1.0)
            way = np.array(step.to) - at[step.foot]
            place[:, step.foot, :2] += ease(done)[:, None] * way
            place[:, step.foot, 2] += step.lift_m * bump(done)
            stands[swings, step.foot] = False
            at[step.foot] = step.to
        return place, stands

    def pressure(self, time_s: Array, duration_s: float, forward_m: float) -> Array:
        """Return the centre of pressure, x and y, m; (T, 2).

        Args:
            time_s: within one loop; (T,).
            duration_s: of the loop.
            forward_m: from the point under the ankle to the middle of the sole.
        """
        ahead = np.array([forward_m, 0.0])
        at, holds = self.start.copy(), list(self.holds)
        for step in self.steps:
            holds.append(Hold(step.start_s, step.end_s, tuple(at[1 - step.foot])))
            at[step.foot] = step.to
        if not holds:
            return np.tile(self.start.mean(axis=0) + ahead, (len(time_s), 1))
        holds.sort(key=lambda hold: hold.start_s)
        last = holds[-1]
        before = Hold(last.start_s - duration_s, last.end_s - duration_s, tuple(np.array(last.place) - self.drift))
        after = Hold(holds[0].start_s + duration_s, np.inf, tuple(np.array(holds[0].place) + self.drift))
        result = np.tile(np.array(before.place), (len(time_s), 1))
        for old, new in zip([before, *holds], [*holds, after]):
            gap = max(new.start_s - old.end_s, 1e-9)
            result += ease((time_s - old.end_s) / gap)[:, None] * (np.array(new.place) - np.array(old.place))
        return result + ahead


def ease(share: Array) -> Array:
    """Return 0 before 0, 1 after 1, and between them the way of least jerk (Flash and Hogan 1985), 10s^3-15s^4+6s^5."""
    s = np.clip(share, 0.0, 1.0)
    return s**3 * (10.0 + s * (6.0 * s - 15.0))


def bump(share: Array) -> Array:
    """Return 0 outside 0 to 1, 64 s^3 (1-s)^3 between: 1 in the middle, no speed and no acceleration at the ends."""
    s = np.clip(share, 0.0, 1.0)
    return 64.0 * (s * (1.0 - s)) ** 3
