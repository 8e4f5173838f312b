"""Flying by attitude and thrust that an operator streams, without the policy, under the same supervisor.

What is streamed goes to the robot's own attitude controller. The supervisor keeps its limits and faults; since
nobody here holds a position, every safe action that would need one is to level and descend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from hardware.behaviour import Mode
from hardware.clock import NS, Clock
from hardware.control_loop import Order
from hardware.faults import Fault
from hardware.flying.behaviour import FlightBehaviour
from hardware.flying.faults import HOST_SAFE_ACTIONS
from hardware.flying.operator_mission import STREAM_TIMEOUT_S, OperatorMission
from hardware.supervisor import Request
from sim.errors import ConfigError
from sim.spec import FlightLimits, SafeAction

MAX_TILT_RAD = math.radians(45.0)
"""Steepest attitude taken: cfclient's own slider ends there, and the supervisor cuts in at 70 degrees."""
MAX_YAW_RATE_RAD_S = math.radians(400.0)
"""Fastest turn taken: cfclient's own limit."""

HAND_SAFE_ACTIONS: dict[Fault, SafeAction] = {
    fault: "off" if action == "off" else "level_and_descend" for fault, action in HOST_SAFE_ACTIONS.items()
}
"""Safe action for each fault while an operator flies."""


@dataclass(frozen=True, slots=True)
class Attitude:
    """One command, as ``Link.write`` takes it at the level of attitude and thrust."""

    roll_rad: float
    """About body x (forward)."""
    pitch_rad: float
    """About body y (left): positive tips the nose down."""
    yaw_rate_rad_s: float
    """About body z (up)."""
    thrust: float
    """Fraction of the largest, 0 to 1."""

    @property
    def values(self) -> tuple[float, float, float, float]:
        """The numbers of the command."""
        return self.roll_rad, self.pitch_rad, self.yaw_rate_rad_s, self.thrust


IDLE = Attitude(0.0, 0.0, 0.0, 0.0)


class Stick:
    """The newest command of a stream; pushed and read from any thread.

    Args:
        clock: of the control loop.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, Lock()
        self._newest, self._pushed_ns = IDLE, -(1 << 62)

    def push(self, command: Attitude) -> None:
        """Take a command.

        Raises:
            ConfigError: if it is no number or beyond what is taken; the one before stays and grows old.
        """
        if not all(map(math.isfinite, command.values)):
            raise ConfigError("attitude and thrust with a number that is none")
        tilt = max(abs(command.roll_rad), abs(command.pitch_rad))
        if tilt > MAX_TILT_RAD:
            raise ConfigError(f"{math.degrees(tilt):.0f} degrees: up to {math.degrees(MAX_TILT_RAD):.0f} are taken")
        if abs(command.yaw_rate_rad_s) > MAX_YAW_RATE_RAD_S:
            raise ConfigError(f"a turn of more than {math.degrees(MAX_YAW_RATE_RAD_S):.0f} degrees per second")
        if not 0.0 <= command.thrust <= 1.0:
            raise ConfigError(f"thrust {command.thrust:.2f} of the largest: expected 0 to 1")
        with self._lock:
            self._newest, self._pushed_ns = command, self._clock.now_ns()

    def read(self) -> Attitude | None:
        """Return the newest command, or ``None`` if the stream has paused for too long."""
        with self._lock:
            age_s = (self._clock.now_ns() - self._pushed_ns) / NS
            return self._newest if age_s <= STREAM_TIMEOUT_S else None


class HandMission:
    """Arms with the thrust at zero, passes on the stick, and ends when it pauses or the operator asks for it.

    Args:
        operator: whose wishes to arm and to land count; what it says of places does not.
        stick: the stream.
    """

    def __init__(self, operator: OperatorMission, stick: Stick) -> None:
        self._operator, self._stick = operator, stick

    def step(self, time_s: float, mode: Mode) -> Order:
        """Return what to ask of the supervisor at ``time_s`` in ``mode``."""
        command = self._stick.read()
        values = (command or IDLE).values
        if mode in (Mode.IDLE, Mode.CHECKING):
            return Order(self._operator.step(time_s, mode).request, values, mode.value, False)
        if mode is Mode.ARMING and not self._over(command):
            return Order(Request.START, values, "arming", False)
        if self._over(command):
            return Order(Request.END, values, "landing" if command else "stick silent", False)
        return Order(Request.RUN, values, "by hand", False)

    def _over(self, command: Attitude | None) -> bool:
        return command is None or self._operator.ending or self._operator.disarming


class HandBehaviour(FlightBehaviour):
    """A flight whose reference is the stick itself; its limits are those of the bundle.

    Args:
        limits: from the bundle.
    """

    ending: SafeAction = "level_and_descend"

    def __init__(self, limits: FlightLimits) -> None:
        super().__init__(limits, HAND_SAFE_ACTIONS)

    def reference(self, mode: Mode, wish: Sequence[float], dt_s: float) -> tuple[float, ...]:
        """Return what the stick says; ``Stick.push`` has seen to its range."""
        return tuple(wish)

    def ramped(self, wish: Sequence[float]) -> bool:
        """There is no ramp: the operator lifts it."""
        return True
