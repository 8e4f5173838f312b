"""A mission for a robot with joints that an operator steers: stand up, walk at a velocity, come to rest."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hardware.behaviour import Mode
from hardware.clock import HOST_CLOCK, NS, Clock
from hardware.control_loop import Order
from hardware.joints.mission import HOLD_LIMIT_S
from hardware.supervisor import Request
from sim.errors import ConfigError

VELOCITY_TIMEOUT_S = 0.5
"""A velocity that is not renewed for longer becomes zero, as base controllers of ROS do with ``cmd_vel``."""
STILL = (0.0, 0.0, 0.0)


class JointOperatorMission:
    """The mission of a ``JointSession``, steered from outside; wishes may come from any thread.

    Args:
        clock: by which a velocity grows old.
    """

    def __init__(self, clock: Clock = HOST_CLOCK) -> None:
        self._clock = clock
        self.wanted = False
        """The operator asked the robot to act."""
        self._ending = False
        self._velocity: tuple[tuple[float, ...], int] = (STILL, 0)
        self._held_since_s: float | None = None

    def start(self) -> None:
        """Take the joints over, move to the default pose, let the policy act."""
        self.wanted = True

    def end(self) -> None:
        """Come to rest."""
        self._ending = True

    def set_velocity(self, velocity: Sequence[float]) -> None:
        """Walk: one of a stream.

        Args:
            velocity: (3,) ahead and to the left, m/s, and turning left, rad/s.

        Raises:
            ConfigError: for a number that is none.
        """
        if not all(map(math.isfinite, velocity)):
            raise ConfigError("a velocity with a number that is none")
        self._velocity = (tuple(velocity), self._clock.now_ns())

    def step(self, time_s: float, mode: Mode) -> Order:
        """Return what to ask of the supervisor at ``time_s`` in ``mode``."""
        if mode is Mode.HOLDING:
            self._held_since_s = time_s if self._held_since_s is None else self._held_since_s
            ended = self._ending or time_s - self._held_since_s > HOLD_LIMIT_S
            return Order(Request.END if ended else Request.NONE, STILL, "holding", False)
        if self._ending:
            return Order(Request.END if mode in (Mode.RAMP, Mode.RUNNING) else Request.OFF, STILL, "ending", False)
        if mode is Mode.IDLE:
            return Order(Request.CHECK if self.wanted else Request.NONE, STILL, "idle", False)
        if mode is Mode.CHECKING:
            return Order(Request.ARM, STILL, "arming", False)
        if mode is Mode.ARMING:
            return Order(Request.START, STILL, "arming", False)
        if mode is Mode.RAMP:
            return Order(Request.RUN, STILL, "to the default pose", False)
        if mode is Mode.RUNNING:
            return Order(Request.RUN, self._fresh_velocity(), "running", True)
        return Order(Request.NONE, STILL, mode.value, False)

    def _fresh_velocity(self) -> tuple[float, ...]:
        velocity, since_ns = self._velocity
        return velocity if (self._clock.now_ns() - since_ns) / NS <= VELOCITY_TIMEOUT_S else STILL
