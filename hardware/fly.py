"""Fly a bundle on a robot, real or virtual: check, take off, hold, visit three set-points, land.

The policy runs where its action level wants it: motor commands on board of a Crazyflie, attitude
and thrust here and over the radio, motor commands here for a robot that takes them by wire.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.live import Live
from rich.text import Text

from hardware.checks import Check, require
from hardware.clock import HOST_CLOCK, Clock
from hardware.flight import PERIOD_S, Flight
from hardware.flying.behaviour import FlightBehaviour
from hardware.flying.faults import HOST_SAFE_ACTIONS, SAFE_ACTIONS
from hardware.flying.mission import Mission, Plan, largest_step_m
from hardware.flying.observation import FlightObservation
from hardware.link import Link
from hardware.log import RunLog
from hardware.operator_signals import OperatorSignals, operator_signals
from hardware.outcome import aborted, flight_result, print_summary, reaction_times
from hardware.pilot import HostPilot, OnboardPilot, Pilot
from hardware.realtime import raised_priority
from hardware.registry import create_link, moves_metal, scheme_of
from hardware.states import FlightState
from hardware.supervisor import Supervisor
from policies.bundle import Bundle
from policies.runtime import OnnxPolicy, load_policy
from sim.errors import ConfigError, FlightRefusedError, LinkError, StorageError
from sim.spec import FlightLimits

EXAMPLE = """sim2metal run runs/demo/bundle --uri udp://127.0.0.1:19850
sim2metal run runs/demo/bundle --uri radio://0/80/2M/E7E7E7E7E7 --check-only
sim2metal run runs/demo/bundle --uri radio://0/80/2M/E7E7E7E7E7 --arm"""

HOVER_TASKS = ("hover", "hover_attitude")
"""Tasks whose policies hold a set-point."""
STATUS_PER_S = 4


@dataclass
class Args:
    """Options of ``sim2metal run``."""

    bundle: tyro.conf.Positional[Path]
    """Bundle folder; a policy that commands motors must be on board of a Crazyflie already."""
    uri: str = "udp://127.0.0.1:19850"
    """Where the robot is: radio://0/80/2M/E7E7E7E7E7, usb://0, udp://HOST:PORT, serial:///dev/ttyACM0."""
    log: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """MCAP log to write; default runs/flights/TIME.mcap."""
    height: float = 0.5
    """Height of the flight above the take-off point, m."""
    hold: float = 10.0
    """Time to hold the first position, s."""
    step: float = 0.5
    """Distance between the three set-points, m."""
    dwell: float = 3.0
    """Time at each of the three set-points, s."""
    settle: float = 1.0
    """Transient after the take-off and after each move that the error leaves out, s."""
    external_position: bool = False
    """Positions come from outside (motion capture): no positioning deck is needed."""
    check_only: bool = False
    """Do the checks before flight and stop: nothing moves."""
    arm: bool = False
    """Needed to fly a robot outside this computer: propellers will turn."""


def run(args: Args) -> dict[str, Any]:
    """Fly and return what was measured.

    Returns:
        ``flight`` (completed, errors, loop timing, latency, battery, faults with their times),
        ``checks``, ``bundle_id``, ``uri`` and ``log``.

    Raises:
        BundleError, ConfigError: before any packet leaves the host.
        LinkError: if the robot does not answer.
        FlightRefusedError: if a check failed; nothing moved.
        FlightAbortedError: if a fault ended the flight; ``result`` carries what was measured.
    """
    plan = make_plan(args)
    scheme_of(args.uri)
    bundle, policy = load_policy(args.bundle)
    _check_plan(plan, bundle)
    console = Console(highlight=False, soft_wrap=True)
    result: dict[str, Any] = {"bundle_id": bundle.id, "uri": args.uri}
    with operator_signals() as signals, raised_priority(), ExitStack() as stack:
        link: Link[FlightState] = create_link(
            args.uri,
            level=bundle.info.action.level,
            stopped=lambda: signals.stop or signals.kill,
            external_position=args.external_position,
        )
        where = "on board" if link.level == "position" else f"here, commanding {link.level.replace('_', ' and ')}"
        console.print(f"bundle {bundle.id[:12]} for {bundle.info.robot.name}, robot at {args.uri}, policy {where}")
        stack.enter_context(link)
        result |= _preflight(link, bundle, console)
        if args.check_only:
            console.print("checks passed; nothing moved")
            return result
        _require_consent(args, plan)
        log = stack.enter_context(open_log(args, bundle, link.clock))
        return _fly(link, policy, plan, log, signals, console, result)


def make_plan(args: Args) -> Plan:
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


def _check_plan(plan: Plan, bundle: Bundle) -> None:
    """Refuse a plan outside what the policy was trained or is supervised for."""
    limits = bundle.info.limits
    if bundle.info.task not in HOVER_TASKS or not isinstance(limits, FlightLimits):
        raise ConfigError(
            f"bundle {bundle.path} is for task '{bundle.info.task}' on '{bundle.info.robot.name}';"
            f" this flight needs a robot that flies and one of the tasks: {', '.join(HOVER_TASKS)}"
        )
    if plan.height_m > 0.8 * limits.ceiling_m:
        raise ConfigError(f"--height {plan.height_m}: the ceiling of this bundle allows {0.8 * limits.ceiling_m:.2f} m")
    reach = max(math.hypot(x, y) for x, y, _ in plan.waypoints)
    if reach > 0.6 * limits.geofence_radius_m:
        raise ConfigError(f"--step {largest_step_m(plan)}: the set-points leave 60 % of the bundle's geofence")


def _preflight(link: Link[FlightState], bundle: Bundle, console: Console) -> dict[str, Any]:
    checks = link.checks(bundle)
    _print_checks(console, checks)
    require(checks)
    settled = link.prepare()
    _print_checks(console, [settled])
    require([settled, after := link.checks(bundle)[-1]])
    return {"checks": {check.name: check.detail for check in (*checks, settled, after)}}


def _print_checks(console: Console, checks: list[Check]) -> None:
    for check in checks:
        mark = "[green]ok    [/]" if check.passed else "[red]failed[/]"
        console.print(f"  {mark} {check.name}: {check.detail}")


def _require_consent(args: Args, plan: Plan) -> None:
    if moves_metal(args.uri) and not args.arm:
        raise FlightRefusedError(
            f"checks passed; with --arm the robot at {args.uri} starts its propellers, climbs {plan.height_m:g} m,"
            f" moves {largest_step_m(plan):g} m sideways three times and lands: clear the space and add --arm"
        )


def open_log(args: Args, bundle: Bundle, clock: Clock = HOST_CLOCK) -> RunLog:
    """Open the flight's log with what identifies the flight in it."""
    path = args.log or Path("runs/flights") / time.strftime("%Y%m%d-%H%M%S.mcap")
    packages = ("cflib", "numpy", "onnxruntime", "mcap")
    metadata = {
        "bundle_id": bundle.id,
        "bundle_path": str(args.bundle),
        "uri": args.uri,
        "task": bundle.info.task,
        "robot": bundle.info.robot.name,
        "parameter_set": bundle.info.robot.parameter_set,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        **{f"version.{name}": version(name) for name in packages},
    }
    return RunLog(path, metadata, clock=clock)


def _fly(
    link: Link[FlightState],
    policy: OnnxPolicy,
    plan: Plan,
    log: RunLog,
    signals: OperatorSignals,
    console: Console,
    result: dict[str, Any],
) -> dict[str, Any]:
    state = link.read()
    if state is None:
        raise LinkError(f"{link.uri}: the state stream stopped before take-off; try again")
    pilot, supervisor, period_s = make_pilot(policy, link)
    flight = Flight(link, Mission(plan, state.position_w), supervisor, log, signals, pilot, period_s)
    console.print(f"taking off; Ctrl-C lands, Ctrl-\\ cuts the motors; log {log.path}")
    with _status_line(console, flight):
        record = flight.run()
    result["flight"] = flight_result(record, plan)
    result["faults"] = reaction_times(record.faults)
    result["log"] = str(log.path)
    _close_log(log, console, result)
    print_summary(console, result["flight"])
    if not result["flight"]["completed"]:
        raise aborted(result)
    return result


def make_pilot(policy: OnnxPolicy, link: Link[FlightState]) -> tuple[Pilot, Supervisor, float]:
    """Return who flies, who supervises it and the control period, s: all three depend on where the policy runs.

    Raises:
        ConfigError: if the bundle's limits are not those of a flying robot or it observes what no flight delivers.
    """
    info = policy.bundle.info
    if not isinstance(info.limits, FlightLimits):
        raise ConfigError(f"bundle {policy.bundle.path} is for '{info.robot.name}', which does not fly")
    if link.level == "position":
        return OnboardPilot(), Supervisor(FlightBehaviour(info.limits, SAFE_ACTIONS)), PERIOD_S
    pilot = HostPilot(policy, FlightObservation(info))
    return pilot, Supervisor(FlightBehaviour(info.limits, HOST_SAFE_ACTIONS)), info.timing.control_period_s


def _close_log(log: RunLog, console: Console, result: dict[str, Any]) -> None:
    """A full disk ends the log, not the flight: say so and go on."""
    try:
        log.close()
    except StorageError as error:
        result["log_error"] = str(error)
        console.print(f"[yellow]warning:[/] {error}")


@contextmanager
def _status_line(console: Console, flight: Flight) -> Iterator[None]:
    """Show the flight's status a few times per second, from a thread of its own; nothing if not a terminal."""
    if not console.is_terminal:
        yield
        return
    done = threading.Event()
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def refresh() -> None:
            while not done.wait(1.0 / STATUS_PER_S):
                live.update(Text(flight.status), refresh=True)

        thread = threading.Thread(target=refresh, name="status-line", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=1.0)
