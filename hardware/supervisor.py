"""The supervisor: a state machine without clocks and without I/O that has the last word on every command.

It is asked once per control period with the time, what the mission wants and what was seen,
and answers with the command that may leave the host, or with a safe action. The same code
runs against a virtual and a real robot; ``hardware/faults.py`` holds the table it acts by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from hardware.envelope import GROUND_MARGIN_M, Envelope, position_envelope
from hardware.faults import SAFE_ACTIONS, SEVERITY, Fault, Observed, detect
from hardware.link import DESCENT_M_S, StateSample
from sim.spec import SafeAction, SupervisorLimits


class Mode(Enum):
    """Where a flight stands."""

    IDLE = "idle"
    CHECKING = "checking"
    ARMING = "arming"
    RAMP = "ramp"
    RUNNING = "running"
    HOLDING = "holding"
    LANDING = "landing"
    DESCENDING = "descending"
    OFF = "off"
    EMERGENCY_STOP = "emergency_stop"


FLYING = frozenset({Mode.RAMP, Mode.RUNNING, Mode.HOLDING, Mode.LANDING, Mode.DESCENDING})
COMMANDING = frozenset({Mode.RAMP, Mode.RUNNING, Mode.HOLDING, Mode.LANDING})
"""Modes in which a command leaves the host."""


ACTIONS: dict[Mode, SafeAction] = {
    Mode.DESCENDING: "level_and_descend",
    Mode.OFF: "off",
    Mode.EMERGENCY_STOP: "off",
}
"""What the link must do in modes without a command."""


class Request(Enum):
    """What the mission asks for."""

    NONE = "none"
    CHECK = "check"
    ARM = "arm"
    TAKE_OFF = "take_off"
    FLY = "fly"
    HOLD = "hold"
    LAND = "land"
    OFF = "off"


CLIMB_M_S = 0.4
"""Take-off ramp of the set-point."""
ARMING_TIMEOUT_S = 3.0
"""Longest wait for the robot to say that it is armed, and for the mission to take off after that."""
WARM_UP_S = 0.6
"""From the robot's word that it is armed to the first set-point: the motors idle up for 0.5 s."""
LANDED_HEIGHT_M = 0.06
LANDED_SPEED_M_S = 0.15
"""A robot lower (over the take-off point's height) and slower than this stands."""
BLIND_WAIT_S = 1.5
"""After this long with its set-point at the ground, a robot unseen or at rest above it counts as landed."""
RAMP_DONE_M = 0.01
"""A ramp has ended when its set-point is this close to its goal."""
MAX_STEP_S = 0.05
"""Longest time one step may account for: a late step moves the set-point no further than this."""


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """One fault with its times, seconds on the clock of ``step``."""

    fault: Fault
    onset_s: float
    """When the data that shows it was received (for silence: when the last data was)."""
    detected_s: float
    action: SafeAction
    """The safe action in force right after, which may be a more severe one of an earlier fault."""


@dataclass(frozen=True, slots=True)
class Output:
    """What may leave the host in this period."""

    mode: Mode
    command: tuple[float, ...] | None
    """Position set-point (x, y, z, yaw) in m and rad, or ``None``: send none."""
    action: SafeAction | None
    """Safe action the link must take (again) now, or ``None``."""
    new_faults: tuple[FaultRecord, ...] = ()


class Supervisor:
    """Limits commands, detects faults and takes their safe actions.

    Args:
        limits: from the bundle.
    """

    def __init__(self, limits: SupervisorLimits) -> None:
        self.limits = limits
        self.reset()

    def reset(self) -> None:
        """Forget everything and go to idle: the only way out of an emergency stop."""
        self.mode = Mode.IDLE
        self.faults: list[FaultRecord] = []
        self.envelope: Envelope | None = None
        self._home: tuple[float, ...] = (0.0, 0.0, 0.0)
        self._setpoint: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
        self._time_s: float | None = None
        self._mode_since_s = 0.0
        self._grounded_since_s: float | None = None
        self._was_armed = False
        self._descent_from_m = 0.0

    def step(self, time_s: float, request: Request, seen: Observed) -> Output:
        """Advance one control period.

        Args:
            time_s: monotonic time; a step back counts as no time.
            request: what the mission wants.
            seen: inputs of this period; ``seen.command`` is (x, y, z, yaw) in m and rad.

        Returns:
            The command or safe action for this period.
        """
        dt_s = 0.0 if self._time_s is None else min(max(time_s - self._time_s, 0.0), MAX_STEP_S)
        self._time_s = time_s if self._time_s is None else max(time_s, self._time_s)
        if self.mode in (Mode.IDLE, Mode.CHECKING, Mode.ARMING) and seen.state is not None and seen.state.finite:
            self._home = seen.state.position_w
        new = self._note_faults(seen)
        if self.mode in (Mode.OFF, Mode.EMERGENCY_STOP):
            return Output(self.mode, None, ACTIONS[self.mode], new)
        self._advance(request, seen)
        if self.mode in COMMANDING:
            self._move_setpoint(seen.command, dt_s)
            return Output(self.mode, self._setpoint, None, new)
        return Output(self.mode, None, ACTIONS.get(self.mode), new)

    @property
    def now_s(self) -> float:
        """Time of the last step."""
        return self._time_s or 0.0

    def _enter(self, mode: Mode) -> None:
        if mode is not self.mode:
            self.mode = mode
            self._mode_since_s = self.now_s
            self._grounded_since_s = None

    def _note_faults(self, seen: Observed) -> tuple[FaultRecord, ...]:
        if self.mode is Mode.EMERGENCY_STOP:
            return ()
        if self.mode in (Mode.IDLE, Mode.OFF):
            found = [Fault.KILL] if seen.kill else []
        else:
            battery = seen.state.battery_v if seen.state is not None else math.nan
            found = detect(seen, self.limits, self._home, battery, self._was_armed)
        known = {record.fault for record in self.faults}
        new = []
        for fault in found:
            self._act(fault, seen)
            if fault not in known:
                new.append(FaultRecord(fault, self._onset(fault, seen), self.now_s, self._action_in_force()))
        self.faults += new
        return tuple(new)

    def _act(self, fault: Fault, seen: Observed) -> None:
        if fault is Fault.KILL:
            self._enter(Mode.EMERGENCY_STOP)
        elif self.mode in (Mode.CHECKING, Mode.ARMING):
            self._enter(Mode.OFF)  # nothing moved yet, nothing will
        elif self.mode in FLYING and SEVERITY[SAFE_ACTIONS[fault]] > SEVERITY[self._action_in_force()]:
            self._take(SAFE_ACTIONS[fault], seen)

    def _take(self, action: SafeAction, seen: Observed) -> None:
        if action == "land":
            self._enter(Mode.LANDING)
        elif action == "level_and_descend":
            height = self._height(seen.state)
            known = height if height is not None else self._setpoint[2] - self._home[2]
            self._descent_from_m = min(max(known, 0.0), self.limits.ceiling_m)
            self._enter(Mode.DESCENDING)
        else:
            self._enter(Mode.OFF)

    def _action_in_force(self) -> SafeAction:
        if self.mode is Mode.LANDING:
            return "land"
        if self.mode is Mode.DESCENDING:
            return "level_and_descend"
        return "off" if self.mode in (Mode.OFF, Mode.EMERGENCY_STOP) else "hold"

    def _onset(self, fault: Fault, seen: Observed) -> float:
        if fault is Fault.LINK_LOST:
            return self.now_s - seen.heard_age_s
        if fault in (Fault.OPERATOR_STOP, Fault.KILL, Fault.COMMAND_NAN):
            return self.now_s
        return self.now_s - seen.state_age_s

    def _advance(self, request: Request, seen: Observed) -> None:
        if self.mode is Mode.IDLE and request is Request.CHECK:
            self._enter(Mode.CHECKING)
        elif self.mode is Mode.CHECKING and request is Request.ARM:
            self._enter(Mode.ARMING)
        elif self.mode is Mode.ARMING:
            self._advance_arming(request, seen)
        elif self.mode in (Mode.RAMP, Mode.RUNNING, Mode.HOLDING):
            self._advance_flight(request, seen)
        elif self.mode is Mode.LANDING and self._landed(seen, self._setpoint[2] <= self._ground_z()):
            self._enter(Mode.OFF)
        elif self.mode is Mode.DESCENDING:
            elapsed = self.now_s - self._mode_since_s
            if self._landed(seen, elapsed > self._descent_from_m / DESCENT_M_S):
                self._enter(Mode.OFF)
        if request is Request.OFF and self.mode in (Mode.CHECKING, Mode.ARMING):
            self._enter(Mode.OFF)

    def _advance_arming(self, request: Request, seen: Observed) -> None:
        state = seen.state
        if state is not None and state.armed and not self._was_armed:
            self._was_armed = True
            self._mode_since_s = self.now_s
        warm = self._was_armed and self.now_s - self._mode_since_s >= WARM_UP_S
        if warm and request is Request.TAKE_OFF:
            self._setpoint = (*self._home, 0.0)
            self.envelope = position_envelope(self.limits, self._home)
            self._enter(Mode.RAMP)
        elif self.now_s - self._mode_since_s > ARMING_TIMEOUT_S:
            self._enter(Mode.OFF)

    def _advance_flight(self, request: Request, seen: Observed) -> None:
        if request in (Request.LAND, Request.OFF):
            self._enter(Mode.LANDING)
        elif request is Request.HOLD:
            self._enter(Mode.HOLDING)
        elif (self.mode is Mode.HOLDING and request is Request.FLY) or (
            self.mode is Mode.RAMP and abs(self._setpoint[2] - self._goal(seen.command)[2]) < RAMP_DONE_M
        ):
            self._enter(Mode.RUNNING)

    def _landed(self, seen: Observed, down: bool) -> bool:
        """Whether the robot stands: it is seen to, it says so, or it should for long enough while nobody sees it."""
        fresh = seen.state if seen.state_age_s <= self.limits.state_age_s else None
        if fresh is not None and fresh.landed:
            return True
        height = self._height(fresh)
        if fresh is not None and height is not None:
            speed = math.hypot(*fresh.velocity_w)
            if height < LANDED_HEIGHT_M:
                return speed < LANDED_SPEED_M_S
            down = down and speed < LANDED_SPEED_M_S  # at rest above the ground: it stands on something
        if not down:
            self._grounded_since_s = None
            return False
        if self._grounded_since_s is None:
            self._grounded_since_s = self.now_s
        return self.now_s - self._grounded_since_s > BLIND_WAIT_S

    def _height(self, state: StateSample | None) -> float | None:
        if state is None or not state.finite:
            return None
        return state.position_w[2] - self._home[2]

    def _ground_z(self) -> float:
        return self._home[2] - GROUND_MARGIN_M + RAMP_DONE_M

    def _goal(self, command: Sequence[float]) -> tuple[float, ...]:
        assert self.envelope is not None
        if not all(map(math.isfinite, command)):
            return self._setpoint
        return self.envelope.clip(command)

    def _move_setpoint(self, command: Sequence[float], dt_s: float) -> None:
        assert self.envelope is not None
        x, y, z, yaw = self._setpoint
        if self.mode is Mode.HOLDING:
            goal: Sequence[float] = self._setpoint
        elif self.mode is Mode.LANDING:
            goal = (x, y, max(z - DESCENT_M_S * dt_s, self._home[2] - GROUND_MARGIN_M), yaw)
        elif self.mode is Mode.RAMP:
            goal = (x, y, min(z + CLIMB_M_S * dt_s, self._goal(command)[2]), yaw)
        else:
            goal = command
        self._setpoint = self.envelope.approach(self._setpoint, goal, dt_s)
