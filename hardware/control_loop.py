"""Link, mission, supervisor, pilot and log joined in a fixed-rate loop, whatever the robot.

Every period: read the newest state, ask the mission what it wants, let the supervisor decide,
let the pilot turn that into a command, send it, log all of it. Whatever ends the loop, the robot
is left with its motors off or in the hands of its own dead-man. What a kind of robot measures
and logs is its own subclass (``hardware/flight.py``, ``hardware/joints/session.py``).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from hardware.behaviour import Mode
from hardware.clock import NS
from hardware.faults import Observed
from hardware.link import Link
from hardware.log import RunLog
from hardware.loop import HostStall, LoopTiming, PacedLoop, run_loop
from hardware.operator_signals import OperatorSignals
from hardware.pilot import Pilot
from hardware.realtime import steady_interpreter
from hardware.samples import Samples
from hardware.states import RobotState
from hardware.supervisor import FaultRecord, Output, Request, Supervisor

ARM_EVERY_S = 0.2
"""Time between arming requests until the robot confirms."""
OFF_EVERY_S = 0.05
"""Time between repetitions of the stop and disarm requests."""
OFF_CONFIRM_S = 1.0
"""Longest wait for the robot to say that it is disarmed."""
ABANDON_S = 10.0
"""After an internal error: longest wait for the robot to come to rest by itself before it is switched off."""
ABANDON_PERIOD_S = 0.01
OFF_TRIES = 5
"""After an internal error: how often the motors are switched off."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a mission wants now."""

    request: Request
    target: tuple[float, ...]
    """Reference: flight: x, y, z in m (world) and yaw in rad; joints: velocity ahead, to the left and turning."""
    phase: str
    judged: bool
    """Whether the distance to ``target`` counts in the run's error."""


class Mission(Protocol):
    """What to do, as a pure function of time and supervisor mode."""

    def step(self, time_s: float, mode: Mode) -> Order:
        """Return what to ask of the supervisor at ``time_s`` in ``mode``."""
        ...


@dataclass
class RunRecord:
    """What a run gathered besides its log."""

    timing: LoopTiming = field(default_factory=lambda: LoopTiming(0))
    duration_s: float = 0.0
    latencies_ns: Samples = field(default_factory=Samples)
    """From the arrival of the state a command rests on to that command's hand-over."""
    round_trips_ms: Samples = field(default_factory=Samples)
    """To the robot and back, as the link's driver measures it; empty where it does not."""
    faults: list[dict[str, Any]] = field(default_factory=list)
    """As ``fault_dict`` describes them."""
    took_off: bool = False
    """A command left the host."""
    plan_done: bool = False
    """The mission reached the end of its plan."""
    disarmed: bool = False
    """The robot confirmed that it is disarmed."""
    battery_start_v: float = math.nan
    battery_min_v: float = math.nan


@dataclass(frozen=True, slots=True)
class Step:
    """All that one period saw and did."""

    now_ns: int
    order: Order
    output: Output
    command: Sequence[float] | None
    """What left for the link."""
    seen: Observed


RecordT = TypeVar("RecordT", bound=RunRecord)


class ControlLoop(ABC, Generic[RecordT]):
    """Runs one mission to its end or to its safe end.

    Args:
        link: open.
        mission: what to do.
        supervisor: in idle.
        log: open.
        signals: the operator's wishes.
        pilot: where the policy runs.
        period_s: control period: the policy's where it runs on the host.
        record: empty.
    """

    def __init__(
        self,
        link: Link[Any],
        mission: Mission,
        supervisor: Supervisor,
        log: RunLog,
        signals: OperatorSignals,
        pilot: Pilot,
        period_s: float,
        record: RecordT,
    ) -> None:
        self.link = link
        self.mission = mission
        self.supervisor = supervisor
        self.log = log
        self.signals = signals
        self.pilot = pilot
        self.period_s = period_s
        self.record = record
        self.status = "starting"
        """One line for a display; replaced every step."""
        self._mode = Mode.IDLE
        self._stall = HostStall(round(period_s * NS))
        self._arm_every = max(round(ARM_EVERY_S / period_s), 1)
        self._off_every = max(round(OFF_EVERY_S / period_s), 1)
        self._steps = 0
        self._off_since_ns: int | None = None
        self._round_trip_ms: float | None = None

    @abstractmethod
    def fields(self, step: Step) -> dict[str, Any]:
        """Return what the log says of this step beyond what every robot has in common."""

    @abstractmethod
    def describe(self, step: Step, state: Any) -> str:
        """Return this step for a display; measure what is to be measured."""

    def run(self) -> RecordT:
        """Run; returns when the robot is disarmed or a bounded wait for that has ended."""
        started_ns = self.link.clock.now_ns()
        finished = False
        try:
            with steady_interpreter():
                self.record.timing = run_loop(self._step, self.period_s, self.link.clock)
            finished = True
        finally:
            self.record.duration_s = (self.link.clock.now_ns() - started_ns) / NS
            if not finished:
                self.abandon()
        return self.record

    def paced(self, offset_s: float = 0.0) -> PacedLoop:
        """Return the loop for a caller that runs several in one thread, instead of ``run``.

        That caller also sees to ``steady_interpreter``, and to ``abandon`` if a step raises.
        """
        loop = PacedLoop(self._step, self.period_s, self.link.clock, offset_s)
        self.record.timing = loop.timing
        return loop

    def abandon(self) -> None:
        """After an internal error: let the robot come to rest by itself, then switch it off; takes some seconds."""
        _abandon(self.link, self.signals)

    def _step(self, now_ns: int) -> bool:
        state, health = self.link.read(), self.link.health()
        order = self.mission.step(now_ns / NS, self.supervisor.mode)
        seen = Observed(
            state=state,
            state_age_s=math.inf if state is None else (now_ns - state.received_ns) / NS,
            heard_age_s=(now_ns - health.heard_ns) / NS,
            external_age_s=0.0 if health.external_ns is None else (now_ns - health.external_ns) / NS,
            connected=health.connected,
            command=order.target,
            host_stall_s=self._stall.allowance_ns(now_ns) / NS,
            operator_stop=self.signals.stop,
            kill=self.signals.kill,
            policy_failed=self.pilot.failed,
        )
        output = self.supervisor.step(now_ns / NS, order.request, seen)
        command = self.pilot.command(output.command, state)
        self._send(output, command)
        acted_ns = self.link.clock.now_ns()
        self.record.faults += [fault_dict(fault, acted_ns / NS) for fault in output.new_faults]
        step = Step(now_ns, order, output, command, seen)
        latency_ns = self._measure(step, acted_ns)
        self._note_round_trip(health.round_trip_ms)
        self._log(step, latency_ns, health.round_trip_ms)
        self._steps += 1
        return not self._over(now_ns, output, state)

    def _send(self, output: Output, command: Sequence[float] | None) -> None:
        if command is not None:
            self.link.write(command)
        elif output.mode is Mode.ARMING and self._steps % self._arm_every == 0:
            self.link.request_arm(True)
        elif output.action == "level_and_descend":
            self.link.safe_stop(output.action)
        elif output.action is not None and (output.mode is not self._mode or self._steps % self._off_every == 0):
            if output.mode is Mode.EMERGENCY_STOP:
                self.link.emergency_stop()
            self.link.safe_stop(output.action)

    def _measure(self, step: Step, acted_ns: int) -> int | None:
        """Take the figures of a step; returns the latency of its command, ns, if one left."""
        state = step.seen.state
        if state is None:
            return None
        if math.isnan(self.record.battery_start_v):
            self.record.battery_start_v = self.record.battery_min_v = state.battery_v
        self.record.battery_min_v = min(self.record.battery_min_v, state.battery_v)
        latency_ns = None
        if step.command is not None:
            self.record.took_off = True
            latency_ns = acted_ns - state.received_ns
            self.record.latencies_ns.add(latency_ns)
        # A robot that ends by damping is commanded no more in the very step that ends the plan.
        self.record.plan_done |= self.record.took_off and step.order.request is Request.END
        self.status = f"{step.order.phase:<16} {step.output.mode.value:<11} {self.describe(step, state)}"
        return latency_ns

    def _over(self, now_ns: int, output: Output, state: RobotState | None) -> bool:
        if output.mode not in (Mode.OFF, Mode.EMERGENCY_STOP):
            return False
        if self._off_since_ns is None:
            self._off_since_ns = now_ns
        fresh = state is not None and state.received_ns > self._off_since_ns
        self.record.disarmed = state is not None and fresh and not state.armed
        return self.record.disarmed or now_ns - self._off_since_ns > OFF_CONFIRM_S * NS

    def _note_round_trip(self, round_trip_ms: float | None) -> None:
        """Keep each figure of the driver once: it changes with every ping, not with every step."""
        if round_trip_ms is not None and round_trip_ms != self._round_trip_ms:
            self.record.round_trips_ms.add(round_trip_ms)
        self._round_trip_ms = round_trip_ms

    def _log(self, step: Step, latency_ns: int | None, round_trip_ms: float | None) -> None:
        now_ns, output, seen = step.now_ns, step.output, step.seen
        for fault in self.record.faults[len(self.record.faults) - len(output.new_faults) :]:
            self.log.event(now_ns, "fault", fault["fault"], **fault)
        if output.mode is not self._mode:
            self.log.event(now_ns, "mode", output.mode.value, before=self._mode.value)
            self._mode = output.mode
        state, pilot = seen.state, self.pilot
        common = {
            "time_ns": now_ns,
            "mode": output.mode.value,
            "phase": step.order.phase,
            "observation": [] if pilot.observation is None else pilot.observation.tolist(),
            "action": [] if pilot.action is None else pilot.action.tolist(),
            "reset": int(pilot.reset),
            "state_age_ms": 1e3 * seen.state_age_s,
            "heard_age_ms": 1e3 * seen.heard_age_s,
            "latency_ms": None if latency_ns is None else latency_ns / 1e6,
            "round_trip_ms": round_trip_ms,
            "orientation_wxyz": state.orientation_wxyz if state else (None,) * 4,
            "angular_velocity_b": state.angular_velocity_b if state else (None,) * 3,
            "battery_v": state.battery_v if state else None,
            "robot_ms": state.robot_ms if state else 0,
            "armed": int(state.armed) if state else 0,
        }
        self.log.step({**common, **self.fields(step)})


def fault_dict(record: FaultRecord, acted_s: float) -> dict[str, Any]:
    """Return a fault for logs and results, with its times in ms after the onset.

    Args:
        record: from the supervisor.
        acted_s: when this step's command or safe action had been handed to the link, on its clock. An action
            that was in force already counts from then: a fault that turns up later changes nothing about it.
    """
    if record.in_force_since_s is not None:
        acted_s = max(record.in_force_since_s, record.onset_s)
    return {
        "fault": record.fault.value,
        "safe_action": record.action,
        "detected_ms": round(1e3 * (record.detected_s - record.onset_s), 2),
        "safe_action_ms": round(1e3 * (acted_s - record.onset_s), 2),
    }


def _abandon(link: Link[Any], signals: OperatorSignals) -> None:
    """Get a robot to rest after an internal error: fall silent, so that its dead-man acts, then motors off.

    The operator's kill still cuts the motors at once.
    """
    clock = link.clock
    deadline_ns = clock.now_ns() + round(ABANDON_S * NS)
    while clock.now_ns() < deadline_ns and link.health().connected and not signals.kill:
        state = link.read()
        if state is None or not state.armed or getattr(state, "landed", False):
            break
        clock.sleep_until(clock.now_ns() + round(ABANDON_PERIOD_S * NS))
    for _ in range(OFF_TRIES):
        if signals.kill:
            link.emergency_stop()
        link.safe_stop("off")
        clock.sleep_until(clock.now_ns() + round(ABANDON_PERIOD_S * NS))
