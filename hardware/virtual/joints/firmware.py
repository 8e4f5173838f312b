"""What a board that drives joints does by itself: arm, hold, follow, damp; it has the last word over its motors.

Armed it holds the pose it is found in until the first command. Whatever damped it, it follows
targets again only after it was armed anew: a robot that has sunk into its joints must not be
thrown back into a pose. Nothing here knows how commands travel, except for the reasons of refusals.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.joints.holding import holding_targets
from hardware.serial.protocol import ProtocolError, Refusal
from hardware.serial.states import Mode
from hardware.states import tilt_of
from hardware.virtual.events import EventLog
from hardware.virtual.joints.drive import Drive, damping, holding, limp
from hardware.virtual.joints.sensors import Measurement
from sim.spec import JointParameters, SafeAction

FAILSAFE_MS = 200
"""Without a valid command for this long the robot damps its joints (as flying robots begin their descent)."""
HOLD_SILENCE_MS = 1000
"""A robot told to hold damps when its host falls silent for this long."""
IDLE_LIMIT_MS = 10_000
"""An armed robot that is never commanded disarms itself."""
DAMPING_KD = 8.0
"""N m s/rad: as the link for Unitree's robots damps (``hardware/dds/command.py``)."""
FALLEN_RAD = np.radians(60.0)
SEVERITY: dict[SafeAction, int] = {"hold": 0, "damp": 1, "off": 2}
"""What a robot with joints can do by itself; an action only gives way to a more severe one."""


class JointFirmware:
    """Decides what the motors do, millisecond by millisecond.

    Args:
        parameters: joints and the gains of the board.
        events: the robot's record and clock.
    """

    def __init__(self, parameters: JointParameters, events: EventLog) -> None:
        self.mode = Mode.OFF
        self.action: SafeAction | None = None
        """Safe action asked for and not over."""
        self.armed = self.locked = self.motor_error = False
        self._operator_stop = False
        self._parameters, self._events = parameters, events
        self._targets = np.asarray(parameters.default_pose_rad)
        self._measured: Measurement | None = None
        self._command_ms: int | None = None
        self._since_ms = 0

    @property
    def command_age_ms(self) -> int | None:
        """Age of the last command taken; ``None`` before the first since arming."""
        return None if self._command_ms is None else self._events.tick_ms - self._command_ms

    # What the host asks for -----------------------------------------------------------------------

    def require_commandable(self) -> None:
        """Refuse a command that could not act.

        Raises:
            ProtocolError: if the robot is stopped, not armed, or damps its joints.
        """
        if self.locked:
            raise ProtocolError(Refusal.EMERGENCY_STOPPED, "the emergency stop is latched")
        if not self.armed:
            raise ProtocolError(Refusal.NOT_ARMED, "the robot is not armed")
        if self.action not in (None, "hold") or self.mode is Mode.FAILSAFE:
            raise ProtocolError(Refusal.SAFE_ACTION, "the robot damps its joints until it is disarmed")

    def take(self, targets: Sequence[float]) -> None:
        """Take checked joint targets, (n,) rad; they end a hold."""
        self._targets = np.asarray(targets, np.float64)
        self._command_ms = self._events.tick_ms
        self.action = None

    def request_arming(self, arm: bool) -> bool:
        """Arm or disarm; returns whether the request was granted."""
        if not arm:
            self.disarm("host's request")
            return True
        if self.armed:
            return True
        if self.locked or not self._fit():
            self._events.add("arming_refused")
            return False
        assert self._measured is not None
        self.armed, self.action, self._command_ms = True, None, None
        measured = self._measured
        self._targets = holding_targets(measured.position, measured.torque, self._parameters.kp)
        self._enter(Mode.IDLE)
        self._events.add("armed")
        return True

    def disarm(self, reason: str) -> None:
        """Take the force from all joints."""
        if self.armed:
            self.armed, self.action = False, None
            self._events.add("disarmed", reason=reason)
            self._enter(Mode.STOPPED if self.locked else Mode.OFF)

    def request(self, action: SafeAction) -> None:
        """Begin a safe action, unless a more severe one is under way.

        Raises:
            ProtocolError: if joints cannot do it.
        """
        if action not in SEVERITY:
            raise ProtocolError(Refusal.UNSUPPORTED, f"a robot with joints cannot '{action}'")
        if not self.armed or (self.action is not None and SEVERITY[action] <= SEVERITY[self.action]):
            return
        if action == "hold" and self.mode is Mode.FAILSAFE:
            return
        self._events.add("safe_action_asked", action=action)
        if action == "off":
            self.disarm("safe action 'off'")
        else:
            self.action = action

    def emergency_stop(self, reason: str) -> None:
        """Take the force from all joints until a restart."""
        if not self.locked:
            self.locked = True
            self._events.add("emergency_stop", reason=reason)
        self.disarm("emergency stop")
        self._enter(Mode.STOPPED)

    # Time -----------------------------------------------------------------------------------------

    def step(self, measured: Measurement, host_silent_ms: int, operator_stop: bool, motor_error: bool) -> Drive:
        """Return what the motors do in this millisecond.

        Args:
            measured: newest look at the joints and the inertial unit.
            host_silent_ms: how long the session in charge has not spoken.
            operator_stop: the stop buttons of the robot's own remote are down.
            motor_error: a motor reports an error.
        """
        self._measured, self.motor_error, self._operator_stop = measured, motor_error, operator_stop
        if operator_stop and self.armed and self.action != "damp":
            self._events.add("remote_stop")
            self.action = "damp"
        self._enter(self._next_mode(host_silent_ms))
        n = self._parameters.num_joints
        if self.mode in (Mode.IDLE, Mode.COMMANDS) or (self.mode is Mode.SAFE_ACTION and self.action == "hold"):
            return holding(self._parameters, self._targets)
        if self.mode in (Mode.FAILSAFE, Mode.SAFE_ACTION):
            return damping(n, DAMPING_KD)
        return limp(n)

    def _next_mode(self, host_silent_ms: int) -> Mode:
        if self.locked:
            return Mode.STOPPED
        if not self.armed:
            return Mode.OFF
        if self.action == "hold" and host_silent_ms > HOLD_SILENCE_MS:
            self.action = None
            return Mode.FAILSAFE
        if self.action is not None:
            return Mode.SAFE_ACTION
        age_ms = self.command_age_ms
        if age_ms is None:
            if self._events.tick_ms - self._since_ms > IDLE_LIMIT_MS:
                self.disarm("never commanded")
                return Mode.OFF
            return self.mode
        # A failsafe that has begun lasts, although a command taken before it may be of this very millisecond.
        return Mode.COMMANDS if self.mode is not Mode.FAILSAFE and age_ms < FAILSAFE_MS else Mode.FAILSAFE

    def _enter(self, mode: Mode) -> None:
        if mode is self.mode:
            return
        before, self.mode = self.mode, mode
        self._since_ms = self._events.tick_ms
        self._events.add(mode.name.lower(), before=before.name.lower(), command_age_ms=self.command_age_ms)
        if mode in (Mode.OFF, Mode.STOPPED):
            self._events.add("motors_off")

    def _fit(self) -> bool:
        """Whether the robot may be armed: it measures, its motors work, nobody stops it, and it has not fallen."""
        measured = self._measured
        if measured is None or self.motor_error or self._operator_stop:
            return False
        numbers = (measured.position, measured.velocity, measured.orientation_wxyz, measured.angular_velocity_b)
        upright = tilt_of(measured.orientation_wxyz.tolist()) < FALLEN_RAD  # false for NaN
        return bool(upright and all(np.isfinite(part).all() for part in numbers))
