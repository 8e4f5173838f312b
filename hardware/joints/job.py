"""Running a policy on a robot with joints: default pose, policy, damping, and what came of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.console import Console

from hardware.control_loop import ControlLoop
from hardware.joints.behaviour import NAMES, JointBehaviour
from hardware.joints.mission import JointMission, JointPlan
from hardware.joints.pilot import JointPilot
from hardware.joints.session import JointRecord, JointSession
from hardware.link import Link
from hardware.log import RunLog
from hardware.log_schema import JOINT_STEP
from hardware.operator_signals import OperatorSignals
from hardware.outcome import print_figures, run_result
from hardware.supervisor import Supervisor
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError
from sim.spec import JointLimits

if TYPE_CHECKING:
    from hardware.deploy import Args


class JointJob:
    """Moves to the default pose, lets the policy act, damps.

    Raises:
        ConfigError: for options that make no run, or a velocity that the policy was not trained for.
    """

    key = "run"
    schema = JOINT_STEP
    announcement = "taking the joints over; Ctrl-C or space damps, Ctrl-\\ or k switches the motors off"

    def __init__(self, args: Args, policy: OnnxPolicy) -> None:
        info = policy.bundle.info
        if not (math.isfinite(args.hold) and args.hold >= 0.0):
            raise ConfigError(f"--hold {args.hold}: expected a number of at least 0")
        assert isinstance(info.limits, JointLimits)
        self._behaviour = JointBehaviour(info.limits, info.command_ranges, args.wait)
        for name, value, (low, high) in zip(NAMES, args.velocity, self._behaviour.ranges):
            if not low <= value <= high:
                raise ConfigError(f"--velocity: {name} {value:g} is outside what the policy knows, {low:g} to {high:g}")
        self.plan = JointPlan(args.hold, args.velocity)
        self._pilot = JointPilot(policy)
        self._period_s = info.timing.control_period_s

    @property
    def motion(self) -> str:
        """What the robot will do."""
        return f"goes limp for a moment, moves to its default pose, acts for {self.plan.duration_s:g} s and goes limp"

    def loop(self, link: Link[Any], log: RunLog, signals: OperatorSignals) -> ControlLoop[Any]:
        """Return the session, ready to take over."""
        mission, supervisor = JointMission(self.plan), Supervisor(self._behaviour)
        return JointSession(link, mission, supervisor, log, signals, self._pilot, self._period_s)

    def result(self, record: JointRecord) -> dict[str, Any]:
        """Return the figures of the run."""
        mean_rad, most_rad = record.tilts_rad.mean, record.tilts_rad.maximum
        return {
            **run_result(record),
            "mean_tilt_deg": None if mean_rad is None else math.degrees(mean_rad),
            "max_tilt_deg": None if most_rad is None else math.degrees(most_rad),
            "hottest_c": record.hottest_c if math.isfinite(record.hottest_c) else None,
        }

    def show(self, console: Console, figures: dict[str, Any]) -> None:
        """Print them."""
        if figures["max_tilt_deg"] is not None:
            console.print(
                f"  tilt: {figures['mean_tilt_deg']:.1f} degrees mean, {figures['max_tilt_deg']:.1f} largest;"
                f" hottest motor {figures['hottest_c']:.0f} C"
            )
        print_figures(console, figures, "run")
