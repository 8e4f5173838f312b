"""Flying a hover policy: the plan from the options, who flies, and what came of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console

from hardware.adaptation.session import Adaptation, show_adaptation
from hardware.control_loop import ControlLoop
from hardware.flight import PERIOD_S, Flight, FlightRecord
from hardware.flying.behaviour import FlightBehaviour
from hardware.flying.faults import HOST_SAFE_ACTIONS, SAFE_ACTIONS
from hardware.flying.mission import Mission, Plan, largest_step_m
from hardware.flying.observation import FlightObservation
from hardware.flying.outlook import Outlook
from hardware.flying.setpoint import CONVERSIONS
from hardware.flying.trajectory_mission import Course, TrajectoryMission, setpoint_speed
from hardware.link import Link, policy_on_board
from hardware.log import RunLog
from hardware.log_schema import FLIGHT_STEP
from hardware.operator_signals import OperatorSignals
from hardware.outcome import print_figures, run_result
from hardware.pilot import HostPilot, OnboardPilot, Pilot
from hardware.states import FlightState
from hardware.supervisor import Supervisor
from policies.bundle import Bundle
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError, LinkError
from sim.spec import FlightLimits

if TYPE_CHECKING:
    from hardware.deploy import Args

HOVER_TASKS = (
    "hover",
    "track",
    "any_airframe",
    "hover_rates",
    "track_rates",
    "hover_attitude",
    "hover_velocity",
    "hover_position",
)
"""Tasks whose policies hold a set-point."""


class PlanOptions(Protocol):
    """The options that make a plan: lengths in m, times in s."""

    height: float
    hold: float
    step: float
    dwell: float
    settle: float


class FlightJob:
    """Takes off, holds, visits three set-points or follows a trajectory, lands.

    Raises:
        ConfigError: for options that make no flight, or a plan that the bundle is not made for.
    """

    key = "flight"
    schema = FLIGHT_STEP
    announcement = "taking off; Ctrl-C or space lands, Ctrl-\\ or k cuts the motors"

    def __init__(self, args: Args, policy: OnnxPolicy) -> None:
        self.plan = make_plan(args)
        self._policy = policy
        check_plan(self.plan, policy.bundle)
        self.course = None if args.trajectory is None else Course(args.trajectory)
        if self.course is not None:
            self.plan = replace(self.plan, waypoints=())
            self.course.check(_flight_limits(policy), self.plan.height_m)
        self._adaptation = self._adapts(args)

    @property
    def motion(self) -> str:
        """What the robot will do."""
        if self.course is not None:
            height, speed = self.plan.height_m, self.course.speed_m_s
            return (
                f"starts its propellers, climbs {height:g} m, follows {self.course.text} at {speed:.1f} m/s and lands"
            )
        height, step = self.plan.height_m, largest_step_m(self.plan)
        return f"starts its propellers, climbs {height:g} m, moves {step:g} m sideways three times and lands"

    def loop(self, link: Link[Any], log: RunLog, signals: OperatorSignals) -> ControlLoop[Any]:
        """Return the flight, ready to take off."""
        state = link.read()
        if state is None:
            raise LinkError(f"{link.uri}: the state stream stopped before take-off; try again")
        outlook = Outlook(self._policy.bundle.info)
        pilot, supervisor, period_s = make_pilot(self._policy, link, outlook, setpoint_speed(self.course))
        mission = Mission(self.plan, state.position_w)
        if self.course is not None:
            if outlook.names and isinstance(pilot, OnboardPilot):
                raise ConfigError(
                    f"{link.uri}: this policy is on board, where set-points do not tell it what is ahead;"
                    " fly it in sim://crazyflie, or fly a policy that runs on this computer"
                )
            mission = TrajectoryMission(self.plan, state.position_w, self.course, outlook)
        if self._adaptation is not None:

            def tell(words: str) -> None:
                log.event(link.clock.now_ns(), "note", "correction", words=words)

            pilot = self._adaptation.around(pilot, supervisor, period_s, tell)
        return Flight(link, mission, supervisor, log, signals, pilot, period_s)

    def result(self, record: FlightRecord) -> dict[str, Any]:
        """Return the figures of the flight, and keep what was learnt in it."""
        figures = flight_result(record, self.plan)
        if self._adaptation is not None:
            figures["adaptation"] = self._adaptation.finish()
        if self.course is None:
            return figures
        begin, end = self.course.judged_s
        return figures | {
            "trajectory": self.course.text,
            "error_source": f"state estimate, along the trajectory from {begin:g} to {end:g} s",
            "reference_speed_m_s": self.course.speed_m_s,
            "reference_acceleration_m_s2": self.course.acceleration_m_s2,
        }

    def show(self, console: Console, figures: dict[str, Any]) -> None:
        """Print them."""
        if figures["rms_error_m"] is not None:
            rms, largest = 100 * figures["rms_error_m"], 100 * figures["max_error_m"]
            where = "at the set-points" if self.course is None else f"along {self.course.text}"
            console.print(f"  error {where}: {rms:.1f} cm rms, {largest:.1f} cm largest")
        if "adaptation" in figures:
            show_adaptation(console, figures["adaptation"])
        print_figures(console, figures, "flight")

    def _adapts(self, args: Args) -> Adaptation | None:
        """Return the correction that is asked for; it acts where the error of the flight is judged first."""
        if args.adapt is None and args.adapted is None:
            return None
        if self.course is None:
            return Adaptation(args, self._policy.bundle, "hold", (self.plan.settle_s, self.plan.hold_s))
        begin_s, end_s = (self.plan.hold_s + t for t in self.course.judged_s)
        return Adaptation(args, self._policy.bundle, one_lap(self.course.text), (begin_s, end_s))


def one_lap(course: str) -> str:
    """Return a trajectory's name without its number of laps."""
    kind, _, rest = course.partition(":")
    items = [item for item in rest.split(",") if item and not item.strip().startswith("laps")]
    return ":".join(filter(None, (kind, ",".join(items))))


def flight_result(record: FlightRecord, plan: Plan) -> dict[str, Any]:
    """Return the figures of a flight."""
    return {
        **run_result(record),
        **record.errors(),
        "error_source": f"state estimate, at rest set-points, the first {plan.settle_s:g} s at each left out",
        "judged_steps": record.errors_m.count,
    }


def make_plan(args: PlanOptions) -> Plan:
    """Return the flight plan of the options.

    Raises:
        ConfigError: for a value that makes no flight.
    """
    values = {name: getattr(args, name) for name in ("height", "hold", "step", "dwell", "settle")}
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0.0):
            raise ConfigError(f"--{name} {value}: expected a number of at least 0")
    if not args.height >= 0.1:
        raise ConfigError(f"--height {args.height}: expected at least 0.1 m")
    d = args.step
    return Plan(
        height_m=args.height,
        hold_s=args.hold,
        waypoints=((d, 0.0, 0.0), (d, d, 0.0), (0.0, d, 0.0)),
        dwell_s=args.dwell,
        settle_s=args.settle,
    )


def check_plan(plan: Plan, bundle: Bundle) -> None:
    """Refuse a plan outside what the policy was trained or is supervised for.

    Raises:
        ConfigError: saying which limit it breaks.
    """
    limits = bundle.info.limits
    if bundle.info.task not in HOVER_TASKS or not isinstance(limits, FlightLimits):
        raise ConfigError(
            f"bundle {bundle.path} is for task '{bundle.info.task}' on '{bundle.info.robot.name}';"
            f" a flight needs a robot that flies and one of the tasks: {', '.join(HOVER_TASKS)}"
        )
    if plan.height_m > 0.8 * limits.ceiling_m:
        raise ConfigError(f"--height {plan.height_m}: the ceiling of this bundle allows {0.8 * limits.ceiling_m:.2f} m")
    reach = max(math.hypot(x, y) for x, y, _ in plan.waypoints)
    if reach > 0.6 * limits.geofence_radius_m:
        raise ConfigError(f"--step {largest_step_m(plan)}: the set-points leave 60 % of the bundle's geofence")


def make_pilot(
    policy: OnnxPolicy,
    link: Link[FlightState],
    outlook: Outlook | None = None,
    setpoint_speed_m_s: float | None = None,
) -> tuple[Pilot, Supervisor, float]:
    """Return who flies, who supervises it and the control period, s: all three depend on where the policy runs.

    Args:
        policy: from the bundle.
        link: to the robot.
        outlook: told by the mission where its reference goes; default: it rests.
        setpoint_speed_m_s: fastest set-point; default: what any policy can follow.

    Raises:
        ConfigError: if the bundle's limits are not those of a flying robot or it observes what no flight delivers.
    """
    info, limits = policy.bundle.info, _flight_limits(policy)
    if policy_on_board(link.level, info.action.level):
        return OnboardPilot(), Supervisor(FlightBehaviour(limits, SAFE_ACTIONS, setpoint_speed_m_s)), PERIOD_S
    pilot = HostPilot(policy, FlightObservation(info, outlook), convert=CONVERSIONS.get(info.action.level))
    supervisor = Supervisor(FlightBehaviour(limits, HOST_SAFE_ACTIONS, setpoint_speed_m_s))
    return pilot, supervisor, info.timing.control_period_s


def _flight_limits(policy: OnnxPolicy) -> FlightLimits:
    limits = policy.bundle.info.limits
    if not isinstance(limits, FlightLimits):
        raise ConfigError(f"bundle {policy.bundle.path} is for '{policy.bundle.info.robot.name}', which does not fly")
    return limits
