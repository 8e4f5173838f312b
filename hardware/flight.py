"""One flight: the control loop with what a flying robot measures and logs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from hardware.behaviour import Mode
from hardware.control_loop import ControlLoop, Mission, RunRecord, Step
from hardware.link import Link
from hardware.log import RunLog
from hardware.operator_signals import OperatorSignals
from hardware.pilot import OnboardPilot, Pilot
from hardware.samples import Samples
from hardware.states import FlightState
from hardware.supervisor import Supervisor

PERIOD_S = 0.01
"""Set-point stream, 100 Hz: twenty set-points within the on-board dead-man's 200 ms."""

_NO_VECTOR = {size: (None,) * size for size in (3, 4)}


@dataclass
class FlightRecord(RunRecord):
    """What a flight gathered besides its log."""

    errors_m: Samples = field(default_factory=Samples)
    """3-D distance from the set-point, every judged step, from the robot's own estimate."""

    def errors(self) -> dict[str, float | None]:
        """Return root mean square and largest error of the judged steps; ``None`` without any."""
        return {"rms_error_m": self.errors_m.rms, "max_error_m": self.errors_m.maximum}


class Flight(ControlLoop[FlightRecord]):
    """Flies one mission; see ``ControlLoop``. By default the policy is on board."""

    def __init__(
        self,
        link: Link[FlightState],
        mission: Mission,
        supervisor: Supervisor,
        log: RunLog,
        signals: OperatorSignals,
        pilot: Pilot | None = None,
        period_s: float = PERIOD_S,
    ) -> None:
        super().__init__(link, mission, supervisor, log, signals, pilot or OnboardPilot(), period_s, FlightRecord())

    def describe(self, step: Step, state: FlightState) -> str:
        """Return position, battery and age; note the error of a judged step."""
        if step.order.judged and step.output.mode is Mode.RUNNING:
            self.record.errors_m.add(math.dist(state.position_w, step.order.target[:3]))
        x, y, z = state.position_w
        age_ms = 1e3 * step.seen.state_age_s
        return f"x {x:+.2f} y {y:+.2f} z {z:+.2f} m   battery {state.battery_v:.2f} V   state {age_ms:3.0f} ms old"

    def fields(self, step: Step) -> dict[str, Any]:
        """Return what a flight logs: set-points and the state estimate."""
        state = step.seen.state if isinstance(step.seen.state, FlightState) else None
        return {
            "target": step.order.target,
            "setpoint": step.output.command or _NO_VECTOR[4],
            "command": step.command or _NO_VECTOR[4],
            "position_w": state.position_w if state else _NO_VECTOR[3],
            "velocity_w": state.velocity_w if state else _NO_VECTOR[3],
            "motors": (state.motors if state else ()) or _NO_VECTOR[4],
            "onboard_mode": state.onboard_mode if state else 0,
        }
