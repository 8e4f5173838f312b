"""The high-level commander: take-off, land, go-to and stop as smooth plans made on board."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from hardware.virtual.crazyflie.trajectory import Trajectory
from hardware.virtual.events import EventLog
from hardware.virtual.multirotor.setpoint import STOP, Mode, Setpoint
from sim.angles import wrapped

LANDED_HEIGHT_M = 0.05
LANDING_GRACE_S = 2.0
"""A landing stops the motors this close to its goal, or at the latest this long after its plan's end."""


class State(Enum):
    """What the plan does."""

    IDLE = "idle"
    FLYING = "flying"
    LANDING = "landing"
    STOPPED = "stopped"


class HighLevelCommander:
    """Plans trajectories from the present set-point or state."""

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._state = State.IDLE
        self._trajectory: Trajectory | None = None
        self._now_s = 0.0
        self._here = np.zeros(4)
        self.may_fly: Callable[[], bool] = lambda: False
        """Asked before every plan: is the robot armed and able to fly?"""
        self.enabled = True

    @property
    def active(self) -> bool:
        """Whether it produces flying set-points."""
        return self._state in (State.FLYING, State.LANDING)

    @property
    def finished(self) -> bool:
        """Whether there is no unfinished trajectory."""
        return self._trajectory is None or self._trajectory.finished(self._now_s)

    def tell_state(self, now_ms: int, position_w: tuple[float, float, float], yaw: float) -> None:
        """Note where the robot is: plans made from idle start here."""
        self._now_s = now_ms / 1000.0
        self._here = np.array([*position_w, yaw])

    def interrupt(self) -> None:
        """Drop the plan: a streamed set-point took over, or the robot was disarmed."""
        self._state, self._trajectory = State.IDLE, None

    def stop(self) -> bool:
        """Stop the motors."""
        self._state, self._trajectory = State.STOPPED, None
        self._events.add("high_level_stop")
        return True

    def takeoff(self, height: float, yaw: float | None, duration_s: float) -> bool:
        """Climb to the absolute ``height`` above the present place; returns whether accepted."""
        goal = self._start()[0].copy()
        goal[2] = height
        return self._fly("high_level_takeoff", goal, yaw, duration_s)

    def land(self, height: float, yaw: float | None, duration_s: float) -> bool:
        """Descend to the absolute ``height``, then stop the motors; returns whether accepted."""
        goal = self._start()[0].copy()
        goal[2] = height
        accepted = self._fly("high_level_land", goal, yaw, duration_s)
        if accepted:
            self._state = State.LANDING
        return accepted

    def go_to(
        self, point: tuple[float, float, float], yaw: float, duration_s: float, relative: bool, linear: bool
    ) -> bool:
        """Fly to a point; only from flight; returns whether accepted."""
        if not self.active:
            return False
        goal = np.array([*point, yaw])
        if relative:
            goal = goal + self._start()[0]
        return self._fly("high_level_go_to", goal, goal[3], duration_s, linear)

    def setpoint(self, now_ms: int) -> Setpoint | None:
        """Return the planned set-point, or ``None`` when there is no plan."""
        self._now_s = now_ms / 1000.0
        if not self.enabled or self._state == State.IDLE:
            return None
        if self._state == State.LANDING and self._landed():
            self._state, self._trajectory = State.STOPPED, None
            self._events.add("high_level_landed")
        if self._trajectory is None:
            return STOP
        position, velocity, acceleration = self._trajectory.evaluate(self._now_s)
        return Setpoint(
            Mode.ABSOLUTE, Mode.ABSOLUTE, yaw=Mode.ABSOLUTE,
            position_w=_vector(position), velocity=_vector(velocity), acceleration_w=_vector(acceleration),
            heading=float(position[3]), yaw_rate=float(velocity[3]),
        )  # fmt: skip

    def _landed(self) -> bool:
        """Whether the landing is over: at its goal, or given the time of a controller that lags behind the plan."""
        plan = self._trajectory
        if plan is None or not plan.finished(self._now_s):
            return False
        return self._here[2] - plan.goal[2] < LANDED_HEIGHT_M or plan.finished(self._now_s - LANDING_GRACE_S)

    def _start(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        if self.active and self._trajectory is not None:
            return self._trajectory.evaluate(self._now_s)
        return self._here, np.zeros(4), np.zeros(4)

    def _fly(
        self, name: str, goal: NDArray[np.float64], yaw: float | None, duration_s: float, linear: bool = False
    ) -> bool:
        if not self.enabled or not self.may_fly():
            self._events.add("high_level_refused", command=name)
            return False
        position, velocity, acceleration = self._start()
        if yaw is not None:
            goal[3] = yaw
        # The shorter way round: headings are planned without a full turn.
        goal[3] = position[3] + wrapped(goal[3] - position[3])
        self._trajectory = Trajectory(self._now_s, duration_s, position, velocity, acceleration, goal, linear)
        self._state = State.FLYING
        self._events.add(name, goal=[round(float(value), 4) for value in goal], duration_s=round(duration_s, 4))
        return True


def _vector(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
