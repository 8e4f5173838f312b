"""The supervisor: a state machine without clocks and without I/O that has the last word on every command.

It is asked once per control period with the time, what the mission wants and what was seen,
and answers with the reference that may be followed, or with a safe action. The same code runs
against every robot, virtual and real; a ``Behaviour`` brings what a kind of robot has of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hardware.behaviour import ACTION_OF, MODE_OF, Behaviour, Mode
from hardware.faults import SEVERITY, Fault, Observed
from sim.spec import SafeAction

MOVING = frozenset({Mode.RAMP, Mode.RUNNING, Mode.HOLDING, Mode.LANDING, Mode.DESCENDING, Mode.DAMPING})
"""Modes in which the robot acts."""
COMMANDING = frozenset({Mode.RAMP, Mode.RUNNING, Mode.HOLDING, Mode.LANDING})
"""Modes in which a reference leaves the supervisor."""
ENDED = frozenset({Mode.OFF, Mode.EMERGENCY_STOP})


class Request(Enum):
    """What the mission asks for."""

    NONE = "none"
    CHECK = "check"
    ARM = "arm"
    START = "start"
    """Leave the ground, or stand up."""
    RUN = "run"
    HOLD = "hold"
    END = "end"
    """Land, or damp the joints: the behaviour's ``ending``."""
    OFF = "off"


ARMING_TIMEOUT_S = 3.0
"""Longest wait for the robot to say that it is armed, and for the mission to start after that."""
MAX_STEP_S = 0.05
"""Longest time one step may account for: a late step moves the reference no further than this."""


_HOST_FAULTS = frozenset({Fault.OPERATOR_STOP, Fault.KILL, Fault.COMMAND_NAN, Fault.HOST_STALLED})
"""Faults that begin in the step that sees them; the others date from when their data came."""


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """One fault with its times, seconds on the clock of ``step``."""

    fault: Fault
    onset_s: float
    """When the data that shows it was received (for silence: when the last data was)."""
    detected_s: float
    action: SafeAction
    """The safe action in force right after, which may be a more severe one of an earlier fault."""
    in_force_since_s: float | None = None
    """Since when, if it was in force before this fault was seen."""


@dataclass(frozen=True, slots=True)
class Output:
    """What may be done in this period."""

    mode: Mode
    command: tuple[float, ...] | None
    """The reference to follow within its limits (flight: x, y, z in m and yaw in rad), or ``None``: none."""
    action: SafeAction | None
    """Safe action the link must take (again) now, or ``None``."""
    new_faults: tuple[FaultRecord, ...] = ()


class Supervisor:
    """Limits references, notes faults and takes their safe actions.

    Args:
        behaviour: of the robot, with the bundle's limits.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.reset()

    def reset(self) -> None:
        """Forget everything and go to idle: the only way out of an emergency stop."""
        self.mode = Mode.IDLE
        self.faults: list[FaultRecord] = []
        self.behaviour.reset()
        self._time_s: float | None = None
        self._mode_since_s = 0.0
        self._was_armed = False
        self._ending = False

    def step(self, time_s: float, request: Request, seen: Observed) -> Output:
        """Advance one control period.

        Args:
            time_s: monotonic time; a step back counts as no time.
            request: what the mission wants.
            seen: inputs of this period; ``seen.command`` is the mission's wish for the reference.

        Returns:
            The reference or safe action for this period.
        """
        dt_s = 0.0 if self._time_s is None else min(max(time_s - self._time_s, 0.0), MAX_STEP_S)
        self._time_s = time_s if self._time_s is None else max(time_s, self._time_s)
        if self.mode in (Mode.IDLE, Mode.CHECKING, Mode.ARMING) and seen.state is not None and seen.state.finite:
            self.behaviour.note_start(seen.state)
        new = self._note_faults(seen)
        if self.mode not in ENDED:
            self._advance(request, seen)
        if self.mode in COMMANDING:
            return Output(self.mode, self.behaviour.reference(self.mode, seen.command, dt_s), None, new)
        return Output(self.mode, None, ACTION_OF.get(self.mode), new)

    @property
    def now_s(self) -> float:
        """Time of the last step."""
        return self._time_s or 0.0

    def _enter(self, mode: Mode, seen: Observed) -> None:
        if mode is not self.mode:
            self.mode = mode
            self._mode_since_s = self.now_s
            self.behaviour.enter(mode, seen)

    # Faults ---------------------------------------------------------------------------------

    def _note_faults(self, seen: Observed) -> tuple[FaultRecord, ...]:
        known = {record.fault for record in self.faults}
        new = []
        for fault in self._found(seen):
            if self._ending and SEVERITY[self.behaviour.safe_actions[fault]] <= SEVERITY[self._action_in_force()]:
                continue  # a mission that ends by itself does already what this asks for: legs that damp do fall
            self._act(fault, seen)
            if fault not in known:
                since_s = self._mode_since_s if self._mode_since_s < self.now_s else None
                onset_s = self._onset(fault, seen)
                new.append(FaultRecord(fault, onset_s, self.now_s, self._action_in_force(), since_s))
        self.faults += new
        return tuple(new)

    def _found(self, seen: Observed) -> list[Fault]:
        """Return the faults of this step, the most severe action first."""
        if self.mode is Mode.EMERGENCY_STOP:
            return []
        if self.mode in (Mode.IDLE, Mode.OFF):
            return [Fault.KILL] if seen.kill else []
        found = self.behaviour.faults(seen, self._was_armed)
        return sorted(found, key=lambda fault: -SEVERITY[self.behaviour.safe_actions[fault]])

    def _act(self, fault: Fault, seen: Observed) -> None:
        action = self.behaviour.safe_actions[fault]
        if fault is Fault.KILL:
            self._enter(Mode.EMERGENCY_STOP, seen)
        elif self.mode is Mode.CHECKING:
            self._enter(Mode.OFF, seen)
        elif self.mode is Mode.ARMING:
            self._give_up_arming(seen, action)
        elif self.mode in (Mode.RAMP, Mode.RUNNING) or SEVERITY[action] > SEVERITY[self._action_in_force()]:
            self._enter(MODE_OF[action], seen)

    def _action_in_force(self) -> SafeAction:
        return ACTION_OF.get(self.mode, "hold")

    def _onset(self, fault: Fault, seen: Observed) -> float:
        if fault is Fault.LINK_LOST:
            return self.now_s - seen.heard_age_s
        if fault is Fault.EXTERNAL_POSE_LOST:
            return self.now_s - seen.external_age_s
        if fault in _HOST_FAULTS or seen.policy_failed:
            return self.now_s
        return self.now_s - seen.state_age_s

    # Progress -------------------------------------------------------------------------------

    def _advance(self, request: Request, seen: Observed) -> None:
        if self.mode is Mode.IDLE and request is Request.CHECK:
            self._enter(Mode.CHECKING, seen)
        elif self.mode is Mode.CHECKING and request is Request.ARM:
            self._enter(Mode.ARMING, seen)
        elif self.mode is Mode.ARMING:
            self._advance_arming(request, seen)
        elif self.mode in (Mode.RAMP, Mode.RUNNING, Mode.HOLDING):
            self._advance_mission(request, seen)
        elif self.mode in ACTION_OF and self.behaviour.at_rest(self.mode, seen, self.now_s, self._mode_since_s):
            self._enter(Mode.OFF, seen)
        if request is Request.OFF and self.mode is Mode.CHECKING:
            self._enter(Mode.OFF, seen)

    def _advance_arming(self, request: Request, seen: Observed) -> None:
        state = seen.state
        if state is not None and state.armed and not self._was_armed:
            self._was_armed = True
            self._mode_since_s = self.now_s
        waited_s = self.now_s - self._mode_since_s
        if self._was_armed and waited_s >= self.behaviour.warm_up_s and request is Request.START:
            self.behaviour.begin()
            self._enter(Mode.RAMP, seen)
        elif waited_s > ARMING_TIMEOUT_S or request is Request.OFF:
            self._ending = not self.faults
            self._give_up_arming(seen)

    def _give_up_arming(self, seen: Observed, action: SafeAction = "hold") -> None:
        """End an arming as the behaviour does; at least as severely as by ``action``."""
        safe = max(action, self.behaviour.before_start, key=SEVERITY.__getitem__)
        self._enter(MODE_OF[safe], seen)

    def _advance_mission(self, request: Request, seen: Observed) -> None:
        if request in (Request.END, Request.OFF):
            self._ending = not self.faults
            self._enter(MODE_OF[self.behaviour.ending], seen)
        elif request is Request.HOLD:
            self._enter(Mode.HOLDING, seen)
        elif (self.mode is Mode.HOLDING and request is Request.RUN and not self.faults) or (
            self.mode is Mode.RAMP and self.behaviour.ramped(seen.command)
        ):
            self._enter(Mode.RUNNING, seen)
