"""Fly a bundle on a robot, real or virtual: check, take off, hold, visit three set-points, land."""

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

from hardware.crazyflie.link import CrazyflieLink
from hardware.crazyflie.preflight import Check, require, reset_estimator, run_checks
from hardware.flight import Flight
from hardware.log import FlightLog
from hardware.mission import Mission, Plan, largest_step_m
from hardware.operator_signals import OperatorSignals, operator_signals
from hardware.outcome import aborted, flight_result, print_summary, reaction_times
from hardware.realtime import raised_priority
from hardware.registry import create_link, scheme_of
from hardware.supervisor import Supervisor
from policies.bundle import Bundle
from policies.runtime import load_policy
from sim.errors import ConfigError, FlightRefusedError, LinkError, StorageError

EXAMPLE = """sim2metal run runs/demo/bundle --uri udp://127.0.0.1:19850
sim2metal run runs/demo/bundle --uri radio://0/80/2M/E7E7E7E7E7 --check-only
sim2metal run runs/demo/bundle --uri radio://0/80/2M/E7E7E7E7E7 --arm"""

REAL_SCHEMES = ("radio", "usb")
"""Schemes behind which propellers turn: these fly only with ``--arm``."""
STATUS_PER_S = 4


@dataclass
class Args:
    """Options of ``sim2metal run``."""

    bundle: tyro.conf.Positional[Path]
    """Bundle folder; its policy must be on board already."""
    uri: str = "udp://127.0.0.1:19850"
    """Where the robot is: radio://0/80/2M/E7E7E7E7E7, usb://0 or udp://HOST:PORT."""
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
    """Needed to fly a robot behind radio:// or usb://: propellers will turn."""


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
    scheme = scheme_of(args.uri)
    bundle, _policy = load_policy(args.bundle)
    _check_plan(plan, bundle)
    console = Console(highlight=False, soft_wrap=True)
    result: dict[str, Any] = {"bundle_id": bundle.id, "uri": args.uri}
    with operator_signals() as signals, raised_priority(), ExitStack() as stack:
        link: CrazyflieLink = create_link(args.uri, stopped=lambda: signals.stop or signals.kill)
        console.print(f"bundle {bundle.id[:12]} for {bundle.info.robot.name}, robot at {args.uri}")
        stack.enter_context(link)
        result |= _preflight(link, bundle, args, console)
        if args.check_only:
            console.print("checks passed; nothing moved")
            return result
        _require_consent(args, scheme, plan)
        log = stack.enter_context(open_log(args, bundle))
        return _fly(link, bundle, plan, log, signals, console, result)


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
    if bundle.info.task != "hover" or bundle.info.robot.name != "crazyflie":
        raise ConfigError(
            f"bundle {bundle.path} is for task '{bundle.info.task}' on '{bundle.info.robot.name}';"
            " this flight needs 'hover' on 'crazyflie'"
        )
    limits = bundle.info.limits
    if plan.height_m > 0.8 * limits.ceiling_m:
        raise ConfigError(f"--height {plan.height_m}: the ceiling of this bundle allows {0.8 * limits.ceiling_m:.2f} m")
    reach = max(math.hypot(x, y) for x, y, _ in plan.waypoints)
    if reach > 0.6 * limits.geofence_radius_m:
        raise ConfigError(f"--step {largest_step_m(plan)}: the set-points leave 60 % of the bundle's geofence")


def _preflight(link: CrazyflieLink, bundle: Bundle, args: Args, console: Console) -> dict[str, Any]:
    checks = run_checks(link, bundle, args.external_position)
    _print_checks(console, checks)
    require(checks)
    seconds = reset_estimator(link, link.stopped)
    settled = Check("state estimate", True, f"converged {seconds:.1f} s after its reset")
    _print_checks(console, [settled])
    require([after := run_checks(link, bundle, args.external_position)[-1]])
    return {"checks": {check.name: check.detail for check in (*checks, settled, after)}}


def _print_checks(console: Console, checks: list[Check]) -> None:
    for check in checks:
        mark = "[green]ok    [/]" if check.passed else "[red]failed[/]"
        console.print(f"  {mark} {check.name}: {check.detail}")


def _require_consent(args: Args, scheme: str, plan: Plan) -> None:
    if scheme in REAL_SCHEMES and not args.arm:
        raise FlightRefusedError(
            f"checks passed; with --arm the robot at {args.uri} starts its propellers, climbs {plan.height_m:g} m,"
            f" moves {largest_step_m(plan):g} m sideways three times and lands: clear the space and add --arm"
        )


def open_log(args: Args, bundle: Bundle) -> FlightLog:
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
    return FlightLog(path, metadata)


def _fly(
    link: CrazyflieLink,
    bundle: Bundle,
    plan: Plan,
    log: FlightLog,
    signals: OperatorSignals,
    console: Console,
    result: dict[str, Any],
) -> dict[str, Any]:
    state = link.read()
    if state is None:
        raise LinkError(f"{link.uri}: the state stream stopped before take-off; try again")
    flight = Flight(link, Mission(plan, state.position_w), Supervisor(bundle.info.limits), log, signals)
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


def _close_log(log: FlightLog, console: Console, result: dict[str, Any]) -> None:
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
