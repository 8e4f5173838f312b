"""What the first flight does, as set-points over time: a pure function of time and supervisor mode."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from hardware.behaviour import Mode
from hardware.control_loop import Order
from hardware.supervisor import Request


@dataclass(frozen=True)
class Plan:
    """Take off, hold, visit way-points, land; metres and seconds."""

    height_m: float = 0.5
    hold_s: float = 10.0
    waypoints: tuple[tuple[float, float, float], ...] = ((0.5, 0.0, 0.0), (0.5, 0.5, 0.0), (0.0, 0.5, 0.0))
    """Offsets from the hold position; each 0.5 m from the one before."""
    move_s: float = 1.5
    """Time for one move between way-points along a minimum-jerk profile."""
    dwell_s: float = 3.0
    """Time at each way-point."""
    settle_s: float = 1.0
    """Part of the hold and of each dwell that is not judged: the transient after a move."""


def minimum_jerk(fraction: float) -> float:
    """Return the share of the way covered after a share of the time (Flash and Hogan 1985)."""
    s = min(max(fraction, 0.0), 1.0)
    return s * s * s * (10.0 + s * (6.0 * s - 15.0))


class Mission:
    """Walks through a ``Plan`` from the place where it starts."""

    def __init__(self, plan: Plan, home_w: Sequence[float]) -> None:
        """``home_w`` is the take-off point, (3,) m."""
        self.plan = plan
        x, y, z = home_w
        self._hold = (x, y, z + plan.height_m)
        self._stops = [self._hold] + [(x + a, y + b, z + plan.height_m + c) for a, b, c in plan.waypoints]
        self._flying_since_s: float | None = None

    @property
    def duration_s(self) -> float:
        """Time between the end of the take-off and the start of the landing."""
        plan = self.plan
        return plan.hold_s + len(plan.waypoints) * (plan.move_s + plan.dwell_s)

    def step(self, time_s: float, mode: Mode) -> Order:
        """Return what to ask of the supervisor at ``time_s`` in ``mode``."""
        hold = (*self._hold, 0.0)
        if mode is Mode.IDLE:
            return Order(Request.CHECK, hold, "checking", False)
        if mode is Mode.CHECKING:
            return Order(Request.ARM, hold, "arming", False)
        if mode is Mode.ARMING:
            return Order(Request.START, hold, "arming", False)
        if mode is Mode.RAMP:
            return Order(Request.RUN, hold, "take-off", False)
        if mode is Mode.RUNNING:
            if self._flying_since_s is None:
                self._flying_since_s = time_s
            return self._fly(time_s - self._flying_since_s)
        return Order(Request.NONE, hold, mode.value, False)

    def _fly(self, elapsed_s: float) -> Order:
        plan = self.plan
        if elapsed_s < plan.hold_s:
            return self._at(0, elapsed_s, "hold")
        leg, into_s = divmod(elapsed_s - plan.hold_s, plan.move_s + plan.dwell_s)
        number = int(leg)
        if number >= len(plan.waypoints):
            return Order(Request.END, (*self._stops[-1], 0.0), "landing", False)
        if into_s >= plan.move_s:
            return self._at(number + 1, into_s - plan.move_s, f"set-point {number + 1}")
        share = minimum_jerk(into_s / plan.move_s)
        start, end = self._stops[number], self._stops[number + 1]
        x, y, z = (a + share * (b - a) for a, b in zip(start, end))
        return Order(Request.RUN, (x, y, z, 0.0), f"to set-point {number + 1}", False)

    def _at(self, stop: int, since_s: float, phase: str) -> Order:
        return Order(Request.RUN, (*self._stops[stop], 0.0), phase, since_s >= self.plan.settle_s)


def largest_step_m(plan: Plan) -> float:
    """Return the longest distance between neighbouring way-points, for the check against the bundle."""
    stops = [(0.0, 0.0, 0.0), *plan.waypoints]
    return max((math.dist(a, b) for a, b in itertools.pairwise(stops)), default=0.0)
