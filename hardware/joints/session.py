"""One run of a robot with joints: the control loop with what such a robot measures and logs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from hardware.behaviour import Mode
from hardware.control_loop import ControlLoop, Mission, RunRecord, Step
from hardware.link import Link
from hardware.log import RunLog
from hardware.operator_signals import OperatorSignals
from hardware.pilot import Pilot
from hardware.samples import Samples
from hardware.states import JointState
from hardware.supervisor import Supervisor

_STILL = (None,) * 3


@dataclass
class JointRecord(RunRecord):
    """What a run gathered besides its log."""

    tilts_rad: Samples = field(default_factory=Samples)
    """Tilt in every step in which the policy acted."""
    hottest_c: float = -math.inf


class JointSession(ControlLoop[JointRecord]):
    """Runs one mission; see ``ControlLoop``."""

    def __init__(
        self,
        link: Link[JointState],
        mission: Mission,
        supervisor: Supervisor,
        log: RunLog,
        signals: OperatorSignals,
        pilot: Pilot,
        period_s: float,
    ) -> None:
        super().__init__(link, mission, supervisor, log, signals, pilot, period_s, JointRecord())

    def describe(self, step: Step, state: JointState) -> str:
        """Return tilt, temperature, battery and age; note the tilt of a judged step."""
        if step.order.judged and step.output.mode is Mode.RUNNING:
            self.record.tilts_rad.add(state.tilt_rad)
        self.record.hottest_c = max(self.record.hottest_c, *state.temperature_c)
        return (
            f"tilt {math.degrees(state.tilt_rad):4.1f} deg   hottest {max(state.temperature_c):3.0f} C   "
            f"battery {state.battery_v:.1f} V   state {1e3 * step.seen.state_age_s:3.0f} ms old"
        )

    def fields(self, step: Step) -> dict[str, Any]:
        """Return what such a run logs: targets and joint states."""
        state = step.seen.state if isinstance(step.seen.state, JointState) else None
        reference = step.output.command
        return {
            "target": step.order.target,
            "velocity_command": reference[1:] if reference else _STILL,
            "command": list(step.command or ()),
            "joint_position": state.position if state else (),
            "joint_velocity": state.velocity if state else (),
            "joint_torque": state.torque if state else (),
            "temperature_c": state.temperature_c if state else (),
            "onboard_mode": state.onboard_mode if state else 0,
        }
