"""Take off, hold, follow a trajectory from the place of the hold, come to rest, land."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from hardware.control_loop import Order
from hardware.flying.mission import Mission, Plan
from hardware.flying.outlook import Outlook
from hardware.supervisor import Request
from sim.errors import ConfigError
from sim.spec import FlightLimits
from sim.trajectories import Trajectory, parse_trajectory
from sim.trajectories.rest import ToRest

SPEED_SHARE = 0.9
"""Of the bundle's speed limit that a trajectory may ask for."""
REACH_SHARE = 0.6
"""Of the bundle's geofence that it may use."""
_LOOK_S = 0.01
"""Spacing of the instants at which a trajectory is checked."""


class Course:
    """A trajectory as it is flown, with the figures that its flight is checked by.

    Args:
        text: as ``sim.trajectories.parse_trajectory`` reads it.

    Raises:
        ConfigError: if that names no trajectory.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        whole = parse_trajectory(text)
        self.judged_s = (whole.settle_s, whole.duration_s)
        """Between these times after its beginning the error counts."""
        self.trajectory: Trajectory = ToRest(whole, whole.duration_s)
        reference = self.trajectory.sample(np.arange(0.0, self.trajectory.duration_s + _LOOK_S, _LOOK_S))
        self.speed_m_s = float(np.linalg.norm(reference.velocity_w, axis=1).max())
        self.acceleration_m_s2 = float(np.linalg.norm(reference.acceleration_w, axis=1).max())
        self.reach_m = float(np.linalg.norm(reference.position_w[:, :2], axis=1).max())
        self.low_m, self.high_m = float(reference.position_w[:, 2].min()), float(reference.position_w[:, 2].max())

    def check(self, limits: FlightLimits, height_m: float) -> None:
        """Refuse a trajectory beyond the limits of a bundle.

        Raises:
            ConfigError: saying which.
        """
        speed, reach, ceiling = SPEED_SHARE * limits.speed_m_s, REACH_SHARE * limits.geofence_radius_m, limits.ceiling_m
        if self.speed_m_s > speed:
            self._refuse(f"flies at {self.speed_m_s:.2f} m/s; the bundle's limits allow {speed:.2f} m/s")
        if self.reach_m > reach:
            self._refuse(f"goes {self.reach_m:.2f} m from its beginning; the bundle's geofence allows {reach:.2f} m")
        if height_m + self.high_m > 0.8 * ceiling or height_m + self.low_m < 0.1:
            self._refuse(f"leaves the heights between 0.1 and {0.8 * ceiling:.2f} m; change --height")

    def _refuse(self, why: str) -> NoReturn:
        raise ConfigError(f"--trajectory {self.text} {why}")


class TrajectoryMission(Mission):
    """``Mission`` with a trajectory in place of way-points.

    Args:
        plan: height and time of the hold; its way-points are not visited.
        home_w: take-off point, (3,) m.
        course: what to follow.
        outlook: told where the trajectory goes.
    """

    def __init__(self, plan: Plan, home_w: Sequence[float], course: Course, outlook: Outlook) -> None:
        super().__init__(plan, home_w)
        self._course, self._outlook = course, outlook
        self._place: tuple[float, ...] = self._hold

    @property
    def duration_s(self) -> float:
        """Time between the end of the take-off and the start of the landing."""
        return self.plan.hold_s + self._course.trajectory.duration_s

    def _fly(self, elapsed_s: float) -> Order:
        into_s = elapsed_s - self.plan.hold_s
        if into_s < 0.0:
            self._outlook.rest()
            return Order(Request.RUN, (*self._hold, 0.0), "hold", False)
        if into_s > self._course.trajectory.duration_s:
            self._outlook.rest()
            return Order(Request.END, (*self._place, 0.0), "landing", False)
        x, y, z = self._outlook.show(self._course.trajectory, into_s, self._hold)
        self._place = (float(x), float(y), float(z))
        begin, end = self._course.judged_s
        return Order(Request.RUN, (*self._place, 0.0), "trajectory", begin < into_s <= end)


def setpoint_speed(course: Course | None) -> float | None:
    """Return how fast the set-point must be able to move, m/s; ``None`` for the usual."""
    return None if course is None else math.nextafter(course.speed_m_s, math.inf) + 0.05
