"""A mission that an operator steers while it flies: take off, go to, set-points, land.

The words are those of the Crazyflie's high-level and low-level commanders, as crazyswarm2 offers
them. Wishes may come from any thread; they take effect in the next step. The supervisor has the last
word on every one of them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hardware.behaviour import Mode
from hardware.flying.mission import Order, minimum_jerk
from hardware.supervisor import Request
from sim.errors import ConfigError

STREAM_TIMEOUT_S = 0.5
"""A stream of set-points that pauses for longer is held at its last one (the firmware levels out after 0.5 s)."""
MOST_WISHES = 64
"""Wishes that wait for the next step: whoever sends more in one, or to a robot on the ground, loses the oldest."""
MAX_HEIGHT_M = 10.0
MAX_DURATION_S = 60.0
FLYING = (Mode.RAMP, Mode.RUNNING, Mode.HOLDING)

Target = tuple[float, float, float, float]
Follow = Callable[[float, Target], Target]
"""The target now, from seconds since the wish took effect and the target at that time."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A way to move the target."""

    name: str
    follow: Follow
    streamed: bool = False


class OperatorMission:
    """The mission of a ``Flight``, steered from outside; starts with ``take_off`` or ``arm``."""

    def __init__(self) -> None:
        self._inbox: deque[_Wish] = deque(maxlen=MOST_WISHES)
        self._climb: tuple[Sequence[float], float] | None = None
        self._arm = self._land = self._disarm = False
        self._target: Target = (0.0, 0.0, 0.0, 0.0)
        self._wish = _Wish("hold", lambda _elapsed, start: start)
        self._start: Target = self._target
        self._since_s = 0.0
        self.wanted = False
        """The operator asked for arming or take-off."""
        self.ending = False
        """The operator asked for the landing."""

    @property
    def climbing(self) -> bool:
        """Whether the operator asked for a take-off."""
        return self._climb is not None

    @property
    def disarming(self) -> bool:
        """Whether the operator asked to disarm."""
        return self._disarm

    # Wishes ---------------------------------------------------------------------------------

    def arm(self, armed: bool) -> None:
        """Arm (and wait a few seconds for a take-off), or disarm a robot on the ground."""
        self._arm, self._disarm = armed, not armed
        self.wanted = self.wanted or armed

    def take_off(self, position_w: Sequence[float], height_m: float) -> None:
        """Climb straight up.

        Args:
            position_w: (3,) where the robot stands, m.
            height_m: above that point.

        Raises:
            ConfigError: for a height that is none.
        """
        if not 0.1 <= height_m <= MAX_HEIGHT_M:
            raise ConfigError(f"take-off to {height_m:g} m: expected 0.1 to {MAX_HEIGHT_M:g} m")
        self._climb = (tuple(position_w), height_m)
        self._arm = self.wanted = True

    def land(self) -> None:
        """Land where it is."""
        self._land = self.ending = True

    def go_to(self, goal_w: Sequence[float], yaw_rad: float, duration_s: float, relative: bool) -> None:
        """Move along a minimum-jerk line; the supervisor lets it go no faster than its envelope.

        Args:
            goal_w: (3,) m; added to the present target if ``relative``.
            yaw_rad: heading at the goal, or turn if ``relative``.
            duration_s: of the move.
            relative: see above.

        Raises:
            ConfigError: for a number that is none.
        """
        goal = _finite("go_to", (*goal_w, yaw_rad))
        if not 0.0 <= duration_s <= MAX_DURATION_S:
            raise ConfigError(f"go_to in {duration_s:g} s: expected 0 to {MAX_DURATION_S:g} s")

        def follow(elapsed_s: float, start: Target) -> Target:
            end = tuple(a + b for a, b in zip(start, goal)) if relative else goal
            share = minimum_jerk(elapsed_s / duration_s) if duration_s > 0.0 else 1.0
            return _target(a + share * (b - a) for a, b in zip(start, end))

        self._inbox.append(_Wish("go to", follow))

    def set_point(self, position_w: Sequence[float], yaw_rad: float) -> None:
        """Be there now: one of a stream of set-points, m and rad.

        Raises:
            ConfigError: for a number that is none.
        """
        target = _target(_finite("a set-point", (*position_w, yaw_rad)))
        self._inbox.append(_Wish("set-point", lambda _elapsed, _start: target, streamed=True))

    def hover(self, velocity_b: Sequence[float], yaw_rate: float, height_m: float) -> None:
        """Move at a velocity in the heading's frame: one of a stream.

        Args:
            velocity_b: (2,) forward and left, m/s.
            yaw_rate: rad/s.
            height_m: above the world's origin.

        Raises:
            ConfigError: for a number that is none.
        """
        vx, vy, turn, z = _finite("hover", (*velocity_b, yaw_rate, height_m))

        def follow(elapsed_s: float, start: Target) -> Target:
            t = min(elapsed_s, STREAM_TIMEOUT_S)
            c, s = math.cos(start[3]), math.sin(start[3])
            heading = math.remainder(start[3] + turn * t, math.tau)
            return (start[0] + (c * vx - s * vy) * t, start[1] + (s * vx + c * vy) * t, z, heading)

        self._inbox.append(_Wish("hover", follow, streamed=True))

    def move(self, velocity_w: Sequence[float], yaw_rate: float) -> None:
        """Move at a velocity in the world's frame: one of a stream.

        Args:
            velocity_w: (3,) m/s.
            yaw_rate: rad/s.

        Raises:
            ConfigError: for a number that is none.
        """
        *velocity, turn = _finite("a velocity", (*velocity_w, yaw_rate))

        def follow(elapsed_s: float, start: Target) -> Target:
            t = min(elapsed_s, STREAM_TIMEOUT_S)
            x, y, z = (place + speed * t for place, speed in zip(start, velocity))
            return (x, y, z, math.remainder(start[3] + turn * t, math.tau))

        self._inbox.append(_Wish("velocity", follow, streamed=True))

    def end_stream(self) -> None:
        """No more set-points come: hold until the next wish."""
        self._inbox.append(_Wish("hold", lambda _elapsed, start: start))

    # Mission --------------------------------------------------------------------------------

    def step(self, time_s: float, mode: Mode) -> Order:
        """Return what to ask of the supervisor at ``time_s`` in ``mode``."""
        if mode not in FLYING:
            return Order(self._ground_request(mode), self._target, mode.value, False)
        if mode is Mode.RAMP:
            self._inbox.clear()
            self._start, self._since_s = self._target, time_s
            return Order(Request.END if self._land else Request.RUN, self._target, "take-off", False)
        self._take_wishes(time_s)
        elapsed_s = time_s - self._since_s
        self._target = self._wish.follow(elapsed_s, self._start)
        if self._land:
            return Order(Request.END, self._target, "landing", False)
        if self._wish.streamed and elapsed_s > STREAM_TIMEOUT_S:
            return Order(Request.HOLD, self._target, "set-points paused", False)
        return Order(Request.RUN, self._target, self._wish.name, False)

    def _ground_request(self, mode: Mode) -> Request:
        if self._disarm or self._land:
            return Request.OFF
        if mode is Mode.IDLE and self.wanted:
            return Request.CHECK
        if mode is Mode.CHECKING:
            return Request.ARM
        if mode is Mode.ARMING and self._climb is not None:
            (x, y, z), height_m = self._climb
            self._target = (x, y, z + height_m, 0.0)
            return Request.START
        return Request.NONE

    def _take_wishes(self, time_s: float) -> None:
        while self._inbox:
            self._start, self._since_s = self._target, time_s
            self._wish = self._inbox.popleft()


def _finite(what: str, values: Sequence[float]) -> tuple[float, ...]:
    if not all(map(math.isfinite, values)):
        raise ConfigError(f"{what} with a number that is none: {', '.join(f'{v:g}' for v in values)}")
    return tuple(values)


def _target(values: object) -> Target:
    x, y, z, yaw = values  # type: ignore[misc]
    return (x, y, z, yaw)
