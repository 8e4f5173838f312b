"""What a robot with joints is to do: stand up, act for a while at a velocity, come to rest."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.behaviour import Mode
from hardware.control_loop import Order
from hardware.supervisor import Request

HOLD_LIMIT_S = 5.0
"""A robot told to hold by a fault holds this long, so that somebody can take it, and then damps."""


@dataclass(frozen=True)
class JointPlan:
    """For how long and how fast."""

    duration_s: float = 10.0
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Ahead and to the left, m/s; turning left, rad/s."""


class JointMission:
    """Walks through a ``JointPlan``."""

    def __init__(self, plan: JointPlan) -> None:
        self.plan = plan
        self._since_s: float | None = None
        self._held_since_s: float | None = None

    def step(self, time_s: float, mode: Mode) -> Order:
        """Return what to ask of the supervisor at ``time_s`` in ``mode``."""
        still = (0.0, 0.0, 0.0)
        if mode is Mode.IDLE:
            return Order(Request.CHECK, still, "checking", False)
        if mode is Mode.CHECKING:
            return Order(Request.ARM, still, "arming", False)
        if mode is Mode.ARMING:
            return Order(Request.START, still, "arming", False)
        if mode is Mode.RAMP:
            return Order(Request.RUN, still, "to the default pose", False)
        if mode is Mode.HOLDING:
            self._held_since_s = time_s if self._held_since_s is None else self._held_since_s
            ended = time_s - self._held_since_s > HOLD_LIMIT_S
            return Order(Request.END if ended else Request.NONE, still, "holding", False)
        if mode is not Mode.RUNNING:
            return Order(Request.NONE, still, mode.value, False)
        if self._since_s is None:
            self._since_s = time_s
        if time_s - self._since_s < self.plan.duration_s:
            return Order(Request.RUN, self.plan.velocity, "running", True)
        return Order(Request.END, still, "ending", False)
