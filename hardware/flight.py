"""One flight: link, mission, supervisor, pilot and log joined in a fixed-rate loop.

Every period: read the newest state, ask the mission what it wants, let the supervisor decide,
let the pilot turn that into a command, send it, log all of it. Whatever ends the loop, the robot
is left with its motors off or in the hands of its own dead-man.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hardware.behaviour import Mode
from hardware.clock import NS
from hardware.faults import Observed
from hardware.flying.mission import Mission, Order
from hardware.link import Link
from hardware.log import FlightLog
from hardware.loop import HostStall, LoopTiming, run_loop
from hardware.operator_signals import OperatorSignals
from hardware.pilot import OnboardPilot, Pilot
from hardware.realtime import steady_interpreter
from hardware.states import FlightState
from hardware.supervisor import FaultRecord, Output, Request, Supervisor

PERIOD_S = 0.01
"""Set-point stream, 100 Hz: twenty set-points within the on-board dead-man's 200 ms."""
ARM_EVERY_S = 0.2
"""Time between arming requests until the robot confirms."""
OFF_EVERY_S = 0.05
"""Time between repetitions of the stop and disarm requests."""
OFF_TRIES = 5
"""After an internal error: how often the motors are switched off."""
OFF_CONFIRM_S = 1.0
"""Longest wait for the robot to say that it is disarmed."""
ABANDON_S = 10.0
"""After an internal error: longest wait for the robot to descend by itself before it is switched off."""

_NO_VECTOR = {size: (None,) * size for size in (3, 4)}


@dataclass
class FlightRecord:
    """What a flight gathered besides its log."""

    timing: LoopTiming = field(default_factory=lambda: LoopTiming(round(PERIOD_S * NS)))
    duration_s: float = 0.0
    errors_m: list[float] = field(default_factory=list)
    """3-D distance from the set-point, every judged step, from the robot's own estimate."""
    latencies_ns: list[int] = field(default_factory=list)
    """From the arrival of the state a command rests on to that command's hand-over."""
    faults: list[dict[str, Any]] = field(default_factory=list)
    """As ``fault_dict`` describes them."""
    took_off: bool = False
    """A set-point left the host."""
    plan_done: bool = False
    """The mission reached the landing of its plan."""
    disarmed: bool = False
    """The robot confirmed that it is disarmed."""
    battery_start_v: float = math.nan
    battery_min_v: float = math.nan

    def errors(self) -> dict[str, float | None]:
        """Return root mean square and largest error of the judged steps; ``None`` without any."""
        if not self.errors_m:
            return {"rms_error_m": None, "max_error_m": None}
        values = np.asarray(self.errors_m)
        return {"rms_error_m": float(np.sqrt(np.mean(values**2))), "max_error_m": float(values.max())}


class Flight:
    """Runs one mission to its end or to its safe end.

    Args:
        link: open.
        mission: what to do.
        supervisor: in idle.
        log: open.
        signals: the operator's wishes.
        pilot: where the policy runs; by default on board.
        period_s: control period: the policy's where it runs on the host.
    """

    def __init__(
        self,
        link: Link[FlightState],
        mission: Mission,
        supervisor: Supervisor,
        log: FlightLog,
        signals: OperatorSignals,
        pilot: Pilot | None = None,
        period_s: float = PERIOD_S,
    ) -> None:
        self.link = link
        self.pilot = pilot or OnboardPilot()
        self.period_s = period_s
        self.mission = mission
        self.supervisor = supervisor
        self.log = log
        self.signals = signals
        self.record = FlightRecord()
        self.status = "starting"
        """One line for a display; replaced every step."""
        self._mode = Mode.IDLE
        self._stall = HostStall(round(period_s * NS))
        self._arm_every = max(round(ARM_EVERY_S / period_s), 1)
        self._off_every = max(round(OFF_EVERY_S / period_s), 1)
        self._steps = 0
        self._off_since_ns: int | None = None

    def run(self) -> FlightRecord:
        """Fly; returns when the robot is disarmed or a bounded wait for that has ended."""
        started_ns = self.link.clock.now_ns()
        finished = False
        try:
            with steady_interpreter():
                self.record.timing = run_loop(self._step, self.period_s, self.link.clock)
            finished = True
        finally:
            self.record.duration_s = (self.link.clock.now_ns() - started_ns) / NS
            if not finished:
                _abandon(self.link, self.signals)
        return self.record

    def _step(self, now_ns: int) -> bool:
        state, health = self.link.read(), self.link.health()
        order = self.mission.step(now_ns / NS, self.supervisor.mode)
        seen = Observed(
            state=state,
            state_age_s=math.inf if state is None else (now_ns - state.received_ns) / NS,
            heard_age_s=(now_ns - health.heard_ns) / NS,
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
        self._measure(now_ns, order, output, state)
        if command is not None and state is not None:
            self.record.latencies_ns.append(acted_ns - state.received_ns)
        self._log(now_ns, order, output, command, seen)
        self._steps += 1
        return not self._over(now_ns, output, state, seen)

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

    def _measure(self, now_ns: int, order: Order, output: Output, state: FlightState | None) -> None:
        if state is None:
            return
        battery = state.battery_v
        if math.isnan(self.record.battery_start_v):
            self.record.battery_start_v = self.record.battery_min_v = battery
        self.record.battery_min_v = min(self.record.battery_min_v, battery)
        if output.command is not None:
            self.record.took_off = True
            self.record.plan_done |= order.request is Request.END
        if order.judged and output.mode is Mode.RUNNING:
            self.record.errors_m.append(math.dist(state.position_w, order.target[:3]))
        age_ms = (now_ns - state.received_ns) / 1e6
        x, y, z = state.position_w
        self.status = (
            f"{order.phase:<16} {output.mode.value:<11} x {x:+.2f} y {y:+.2f} z {z:+.2f} m   "
            f"battery {battery:.2f} V   state {age_ms:3.0f} ms old"
        )

    def _over(self, now_ns: int, output: Output, state: FlightState | None, seen: Observed) -> bool:
        if output.mode not in (Mode.OFF, Mode.EMERGENCY_STOP):
            return False
        if self._off_since_ns is None:
            self._off_since_ns = now_ns
        fresh = state is not None and state.received_ns > self._off_since_ns
        self.record.disarmed = state is not None and fresh and not state.armed
        return self.record.disarmed or now_ns - self._off_since_ns > OFF_CONFIRM_S * NS

    # Log ------------------------------------------------------------------------------------

    def _log(self, now_ns: int, order: Order, output: Output, command: Sequence[float] | None, seen: Observed) -> None:
        for fault in self.record.faults[len(self.record.faults) - len(output.new_faults) :]:
            self.log.event(now_ns, "fault", fault["fault"], **fault)
        if output.mode is not self._mode:
            self.log.event(now_ns, "mode", output.mode.value, before=self._mode.value)
            self._mode = output.mode
        state = seen.state if isinstance(seen.state, FlightState) else None
        record: dict[str, Any] = {
            "time_ns": now_ns,
            "mode": output.mode.value,
            "phase": order.phase,
            "target": order.target,
            "setpoint": output.command or _NO_VECTOR[4],
            "command": command or _NO_VECTOR[4],
            "observation": _numbers(self.pilot.observation),
            "action": _numbers(self.pilot.action),
            "reset": int(self.pilot.reset),
            "state_age_ms": 1e3 * seen.state_age_s,
            "heard_age_ms": 1e3 * seen.heard_age_s,
            "position_w": state.position_w if state else _NO_VECTOR[3],
            "velocity_w": state.velocity_w if state else _NO_VECTOR[3],
            "orientation_wxyz": state.orientation_wxyz if state else _NO_VECTOR[4],
            "angular_velocity_b": state.angular_velocity_b if state else _NO_VECTOR[3],
            "motors": (state.motors if state else ()) or _NO_VECTOR[4],
            "battery_v": state.battery_v if state else None,
            "robot_ms": state.robot_ms if state else 0,
            "onboard_mode": state.onboard_mode if state else 0,
            "armed": int(state.armed) if state else 0,
        }
        self.log.step(record)


def _numbers(values: np.ndarray | None) -> list[float]:
    return [] if values is None else values.tolist()


def fault_dict(record: FaultRecord, acted_s: float) -> dict[str, Any]:
    """Return a fault for logs and results, with its times in ms after the onset.

    Args:
        record: from the supervisor.
        acted_s: when the safe action had been handed to the link, monotonic.
    """
    return {
        "fault": record.fault.value,
        "safe_action": record.action,
        "detected_ms": round(1e3 * (record.detected_s - record.onset_s), 2),
        "safe_action_ms": round(1e3 * (acted_s - record.onset_s), 2),
    }


def _abandon(link: Link[FlightState], signals: OperatorSignals) -> None:
    """Get a robot down after an internal error: fall silent, so that its dead-man lands it, then motors off.

    The operator's kill still cuts the motors at once.
    """
    clock = link.clock
    deadline_ns = clock.now_ns() + round(ABANDON_S * NS)
    while clock.now_ns() < deadline_ns and link.health().connected and not signals.kill:
        state = link.read()
        if state is None or not state.armed or state.landed:
            break
        clock.sleep_until(clock.now_ns() + round(PERIOD_S * NS))
    for _ in range(OFF_TRIES):
        if signals.kill:
            link.emergency_stop()
        link.safe_stop("off")
        clock.sleep_until(clock.now_ns() + round(PERIOD_S * NS))
