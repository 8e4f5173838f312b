"""Who moves the motors and how: the host's commands, or the robot itself when they are missing or it is told to.

What the robot flies by itself it flies with the stock controller: level and descend needs no
position, land and hold keep the place where they began. On the ground the motors stop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from hardware.link import DESCENT_M_S
from hardware.serial.protocol import ProtocolError, Refusal
from hardware.serial.states import Mode
from hardware.virtual.events import EventLog
from hardware.virtual.multirotor.estimator import Estimate
from hardware.virtual.multirotor.quaternion import yaw_of
from hardware.virtual.multirotor.setpoint import SETPOINTS, Setpoint, Vector
from hardware.virtual.multirotor.setpoint import Mode as Axis
from hardware.virtual.multirotor.stock_controller import Motors, StockController
from hardware.virtual.multirotor.supervisor import FlightSupervisor
from sim.spec import ActionLevel, MultirotorParameters, SafeAction

FAILSAFE_MS = 200
"""Without a valid command for this long the robot takes care of itself (as the policy's controller does)."""
IDLE_LIMIT_MS = 10_000
"""An armed robot that is never commanded disarms itself."""
HOLD_SILENCE_MS = 1000
"""A robot told to hold descends when its host falls silent for this long."""
GROUND_CLEARANCE_M = 0.03
"""Lower than this above the take-off point, a descending robot stands (as in ``s2m_default_config``)."""
STUCK_SPEED_M_S, STUCK_MS = 0.05, 700
"""A descending robot that does not move for so long stands on something."""
LANDED_MS = 2000
"""A robot that landed by itself waits this long for its host to disarm it, then disarms itself."""
DESCENT_LIMIT_MS = 12_000
"""Longest descent (as in ``s2m_default_config``)."""
SEVERITY: dict[SafeAction, int] = {"hold": 0, "land": 1, "level_and_descend": 2, "off": 3}
"""What a flying robot can do by itself; an action only gives way to a more severe one."""
DESCENTS: tuple[SafeAction, ...] = ("land", "level_and_descend")
RESTING = (Mode.OFF, Mode.LANDED, Mode.FAULT, Mode.STOPPED)
"""Motors off, whatever anybody asks for, until the robot is armed (again)."""


class Autopilot:
    """Chooses the motor commands of every millisecond."""

    def __init__(
        self,
        parameters: MultirotorParameters,
        supervisor: FlightSupervisor,
        events: EventLog,
        level: ActionLevel = "motor",
    ) -> None:
        self.mode = Mode.OFF
        self.action: SafeAction | None = None
        """Safe action asked for and not over."""
        self._action_begun: SafeAction | None = None
        self._supervisor = supervisor
        self._events = events
        self._stock = StockController(parameters)
        self._off: Motors = (0.0,) * parameters.num_rotors
        self._level: ActionLevel = level
        self._command = self._off
        self._command_ms: int | None = None
        self._ended = False
        """Armed, but landed by itself: it must be disarmed before it flies again."""
        self._since_ms = 0
        self._moving_ms = 0
        self._home_z = 0.0
        self._place: Vector = (0.0, 0.0, 0.0)
        self._heading = 0.0

    @property
    def command_age_ms(self) -> int | None:
        """Age of the last command taken; ``None`` before the first since arming."""
        return None if self._command_ms is None else self._events.tick_ms - self._command_ms

    def require_commandable(self) -> None:
        """Refuse a command that could not act.

        Raises:
            ProtocolError: if the robot is stopped, not armed or busy with a safe action.
        """
        if self._supervisor.locked:
            raise ProtocolError(Refusal.EMERGENCY_STOPPED, "the emergency stop is latched")
        if not self._supervisor.can_fly:
            raise ProtocolError(Refusal.NOT_ARMED, "the robot is not armed")
        if self.action not in (None, "hold"):
            raise ProtocolError(Refusal.SAFE_ACTION, f"the robot is busy with '{self.action}'")
        if self._ended:
            raise ProtocolError(Refusal.SAFE_ACTION, "the robot has landed by itself")

    def take(self, command: Sequence[float]) -> None:
        """Take a checked command of its level, (4,) or one per motor; it ends a hold and the failsafe."""
        self._command, self._command_ms = tuple(command), self._events.tick_ms
        self.action = None

    def request(self, action: SafeAction) -> None:
        """Begin a safe action, unless a more severe one is under way.

        Raises:
            ProtocolError: if a flying robot cannot do it.
        """
        if action not in SEVERITY:
            raise ProtocolError(Refusal.UNSUPPORTED, f"a flying robot cannot '{action}'")
        if not self._supervisor.armed or (self._ended and action != "off"):
            return
        if self.action is not None and SEVERITY[action] <= SEVERITY[self.action]:
            return
        self._events.add("safe_action_asked", action=action)
        if action == "off":
            self._supervisor.disarm("safe action 'off'")
        else:
            self.action = action

    def step(self, dt_s: float, estimate: Estimate, host_silent_ms: int) -> Motors:
        """Return the motor commands (speed fractions) of this millisecond."""
        mode = self._next_mode(estimate, host_silent_ms)
        if (mode, self.action) != (self.mode, self._action_begun):
            self._enter(mode, estimate)
        if self.mode is Mode.COMMANDS and self._level in SETPOINTS:
            return self._stock.step(dt_s, estimate, SETPOINTS[self._level](*self._command), level_out=False)
        if self.mode is Mode.COMMANDS:
            self._stock.watch(dt_s, self._command)
            return self._command
        if self.mode in (Mode.FAILSAFE, Mode.SAFE_ACTION):
            return self._stock.step(dt_s, estimate, self._setpoint(), level_out=False)
        return self._off

    def _next_mode(self, estimate: Estimate, host_silent_ms: int) -> Mode:
        if self._supervisor.locked:
            return Mode.STOPPED
        if not self._supervisor.can_fly:
            self._ended = False
            return self.mode if self.mode in (Mode.LANDED, Mode.FAULT) else Mode.OFF
        if not _is_number(estimate):
            return Mode.FAULT
        if self._ended:
            self._disarm_after(LANDED_MS, "landed by itself")
            return Mode.LANDED
        if self.mode in RESTING:
            return Mode.IDLE
        if self.action == "hold" and host_silent_ms > HOLD_SILENCE_MS:
            self.action = None
            return Mode.FAILSAFE
        if self._descending and self._is_down(estimate):
            return Mode.LANDED
        if self.action is not None:
            return Mode.SAFE_ACTION
        if self.command_age_ms is None:
            if self.mode is Mode.IDLE:
                self._disarm_after(IDLE_LIMIT_MS, "never commanded")
            return self.mode
        return Mode.COMMANDS if self.command_age_ms < FAILSAFE_MS else Mode.FAILSAFE

    @property
    def _descending(self) -> bool:
        """Whether a descent is under way: its clocks run since it began, those of a hold before it do not count."""
        if self.mode is Mode.SAFE_ACTION:
            return self.action in DESCENTS and self.action == self._action_begun
        return self.mode is Mode.FAILSAFE

    def _disarm_after(self, limit_ms: int, reason: str) -> None:
        if self._events.tick_ms - self._since_ms > limit_ms:
            self._supervisor.disarm(reason)

    def _enter(self, mode: Mode, estimate: Estimate) -> None:
        before, self.mode = self.mode, mode
        self._action_begun = self.action
        self._since_ms = self._moving_ms = self._events.tick_ms
        self._events.add(mode.name.lower(), before=before.name.lower(), command_age_ms=self.command_age_ms)
        if mode is Mode.IDLE:
            self._home_z = estimate.position_w[2]
            self._command_ms = None
        elif mode in (Mode.FAILSAFE, Mode.SAFE_ACTION):
            self._place, self._heading = estimate.position_w, yaw_of(estimate.attitude)
            self._stock.take_over()
        elif mode is Mode.LANDED:
            self._ended = True
        elif mode is Mode.FAULT:
            self._supervisor.crash("the state estimate is not a number")
        if mode in RESTING:
            self.action = self._action_begun = self._command_ms = None
            self._command = self._off
            self._stock.reset()

    def _setpoint(self) -> Setpoint:
        sink = (0.0, 0.0, -DESCENT_M_S)
        if self.action == "hold":
            return Setpoint(
                Axis.ABSOLUTE, Axis.ABSOLUTE, yaw=Axis.ABSOLUTE, position_w=self._place, heading=self._heading
            )
        if self.action == "land":
            return Setpoint(
                Axis.ABSOLUTE, Axis.VELOCITY, yaw=Axis.ABSOLUTE,
                position_w=self._place, velocity=sink, heading=self._heading,
            )  # fmt: skip
        return Setpoint(z=Axis.VELOCITY, tilt=Axis.ABSOLUTE, yaw=Axis.VELOCITY, velocity=sink)

    def _is_down(self, estimate: Estimate) -> bool:
        """Whether a descent is over: at the take-off height, on something, or far too long under way."""
        now_ms = self._events.tick_ms
        if abs(estimate.velocity_w[2]) > STUCK_SPEED_M_S:
            self._moving_ms = now_ms
        low = estimate.position_w[2] < self._home_z + GROUND_CLEARANCE_M
        return low or now_ms - self._moving_ms > STUCK_MS or now_ms - self._since_ms > DESCENT_LIMIT_MS


def _is_number(estimate: Estimate) -> bool:
    parts = (*estimate.position_w, *estimate.velocity_w, *estimate.attitude, *estimate.angular_velocity_b)
    return all(map(math.isfinite, parts))
