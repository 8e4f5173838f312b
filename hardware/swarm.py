"""Fly several Crazyflies at once: check all, take off together, each at its own place, and land.

One process and one thread step every robot's control loop in turn, each at its own rate and with
its own supervisor; a fault of one robot is answered by its own safe action, and the others land,
or go on if asked to. One Ctrl-C lands all.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from hardware.checks import Check, require
from hardware.crazyflie.link import CrazyflieLink
from hardware.flight import Flight
from hardware.flying.job import check_plan, flight_result, make_pilot, make_plan
from hardware.flying.mission import Mission, Plan
from hardware.identity import UNITS, check_robot, serials_of
from hardware.link import policy_on_board
from hardware.log import RunLog
from hardware.mocap.flying import default_bodies, motion_capture, plan_mocap
from hardware.operator_controls import operator_controls
from hardware.operator_signals import OperatorSignals
from hardware.outcome import aborted
from hardware.realtime import real_time
from hardware.registry import moves_metal, scheme_of
from hardware.swarm_loop import Member, fly_together
from policies.bundle import Bundle
from policies.runtime import OnnxPolicy, load_policy
from sim.errors import ConfigError, FlightAbortedError, FlightRefusedError, LinkError, StorageError

EXAMPLE = """sim2metal swarm runs/hover/bundle --uris udp://127.0.0.1:19850-19859
sim2metal swarm runs/hover/bundle --uris radio://0/80/2M/E7E7E7E701 radio://0/80/2M/E7E7E7E702 --arm
sim2metal swarm "runs/{serial}/bundle" --uris udp://127.0.0.1:19850-19851 --serials cf01 cf02"""

SCHEMES = ("radio", "usb", "udp")
"""Links of Crazyflies."""
MOST_ROBOTS = 32


@dataclass
class Args:
    """Options of ``sim2metal swarm``."""

    bundle: tyro.conf.Positional[Path]
    """Bundle folder; every robot flies it. {serial} in it stands for each robot's own serial number."""
    uris: tuple[str, ...] = ("udp://127.0.0.1:19850-19859",)
    """Where the robots are: radio://, usb:// or udp://; udp://HOST:FIRST-LAST are several ports."""
    serials: tuple[str, ...] = ()
    """The robots' serial numbers, in the order of --uris; a bundle that was trained for another robot is refused."""
    units: Annotated[Path, tyro.conf.arg(metavar="DIR")] = UNITS
    """Folder of the files of identified robots, SERIAL.json each."""
    logs: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Folder for one MCAP log per robot; default runs/flights/TIME."""
    height: float = 0.5
    """Height of the flight above each take-off point, m."""
    hold: float = 10.0
    """Time to hold the first position, s."""
    step: float = 0.0
    """Distance between three set-points that all visit in formation, m; 0: only hold."""
    dwell: float = 3.0
    """Time at each of the three set-points, s."""
    settle: float = 1.0
    """Transient after the take-off and after each move that the error leaves out, s."""
    separation: float = 0.3
    """Least distance between two robots on the ground, m; closer ones are not flown."""
    on_fault: Literal["land-all", "go-on"] = "land-all"
    """What the others do when one robot's supervisor sees a fault."""
    state_rate: Literal[100, 50, 20] = 100
    """Reports of each robot's state per second: robots that share a radio have to make do with fewer."""
    mocap: str | None = None
    """Motion capture that tells the robots where they are, as of ``sim2metal run``; no positioning deck is needed."""
    mocap_bodies: tuple[str, ...] = ()
    """The robots' names in motion capture, in the order of --uris; default: cf1 cf2 ..."""
    external_position: bool = False
    """Positions reach the robots by a way of their own: no positioning deck is needed."""
    check_only: bool = False
    """Do the checks and stop: nothing moves."""
    arm: bool = False
    """Needed for robots outside this computer: propellers will turn."""
    gamepad: Annotated[Path | None, tyro.conf.arg(metavar="DEVICE")] = None
    """Gamepad as an emergency stop, e.g. /dev/input/js0: any button lands all, two at once cut all motors."""
    real_time: bool = False
    """Ask for real-time scheduling (SCHED_FIFO) and locked memory; says what the system granted."""


def run(args: Args) -> dict[str, Any]:
    """Fly the swarm and return what was measured.

    Returns:
        ``swarm`` (``robots``, ``completed``, ``rate_hz_min``, ``rms_error_m_max``), ``robots`` (for each
        its URI, serial number, bundle, checks, log and figures as of ``sim2metal run``), ``bundle_id`` of the first.

    Raises:
        BundleError, ConfigError: before any packet leaves the host.
        LinkError: if a robot does not answer.
        FlightRefusedError: if a check of any robot failed; nothing moved.
        FlightAbortedError: if not every robot completed; ``result`` carries what was measured.
    """
    uris = expand(args.uris)
    if not 0.0 <= args.separation < math.inf:
        raise ConfigError(f"--separation {args.separation}: expected a distance in m of at least 0")
    serials = serials_of(args.serials, len(uris), "--serials")
    loaded = _load_each(args.bundle, serials)
    notes = [
        check_robot(bundle, serial, uri, args.units, "--serials ")
        for (bundle, _), serial, uri in zip(loaded, serials, uris)
    ]
    bundle, plan = loaded[0][0], make_plan(args)
    for each, _ in loaded:
        check_plan(plan, each)
    if args.step == 0.0:
        plan = replace(plan, waypoints=())
    bodies = args.mocap_bodies or default_bodies(len(uris))
    mocap = plan_mocap(args.mocap, bodies, uris)
    console = Console(highlight=False, soft_wrap=True)
    with operator_controls(args.gamepad) as signals, real_time(args.real_time) as scheduling, ExitStack() as stack:
        links = [_make_link(uri, each, args, signals) for uri, (each, _) in zip(uris, loaded)]
        for ours in dict.fromkeys(each.id for each, _ in loaded):
            console.print(f"bundle {ours[:12]} for {sum(each.id == ours for each, _ in loaded)} robots")
        for note in filter(None, notes):
            console.print(f"  [yellow]note[/] {note}")
        if args.real_time:
            console.print(f"  scheduling: {scheduling}")
        _open_all(links, stack)
        stack.enter_context(motion_capture(mocap, bodies, links, args.state_rate))
        checks = _check_all(links, [each for each, _ in loaded], console)
        require([check_separation(links, args.separation)])
        if args.check_only:
            console.print("checks passed; nothing moved")
            return {
                "bundle_id": bundle.id,
                "robots": [{"uri": link.uri, "checks": c} for link, c in zip(links, checks)],
            }
        _require_consent(uris, args)
        folder = args.logs or Path("runs/flights") / time.strftime("%Y%m%d-%H%M%S")
        members = [
            _member(number, link, plan, *loaded[number], serials[number], folder, signals)
            for number, link in enumerate(links)
        ]
        console.print(
            f"{len(members)} robots take off; Ctrl-C or space lands all, Ctrl-\\ or k cuts all motors; logs in {folder}"
        )
        try:
            first = fly_together(members, signals, land_all=args.on_fault == "land-all")
        finally:
            for member in members:
                _close_log(member, console)
    about = [{"serial": serial, "bundle_id": each.id} for serial, (each, _) in zip(serials, loaded)]
    return _outcome(members, first, plan, checks, about, console)


def expand(uris: Sequence[str]) -> list[str]:
    """Return one URI per robot; ``udp://HOST:FIRST-LAST`` stands for several.

    Raises:
        ConfigError: for a URI of something else, a double one, none or too many.
    """
    expanded: list[str] = []
    for uri in uris:
        ports = re.fullmatch(r"(udp://[^/:]+):(\d{1,5})-(\d{1,5})", uri)
        if ports is None:
            expanded.append(uri)
        elif 0 <= int(ports[3]) - int(ports[2]) < MOST_ROBOTS:
            expanded += [f"{ports[1]}:{port}" for port in range(int(ports[2]), int(ports[3]) + 1)]
        else:
            raise ConfigError(f"'{uri}': expected FIRST-LAST of at most {MOST_ROBOTS} ports")
    if not 1 <= len(expanded) <= MOST_ROBOTS:
        raise ConfigError(f"--uris names {len(expanded)} robots: expected 1 to {MOST_ROBOTS}")
    for uri in expanded:
        if scheme_of(uri) not in SCHEMES:
            raise ConfigError(f"'{uri}': a swarm is flown over {', '.join(SCHEMES)}")
        if expanded.count(uri) > 1:
            raise ConfigError(f"'{uri}' is named twice")
    return expanded


def _load_each(path: Path, serials: Sequence[str | None]) -> list[tuple[Bundle, OnnxPolicy]]:
    """Return each robot's bundle and policy; the same pair for robots of the same bundle."""
    if "{serial}" in str(path) and None in serials:
        raise ConfigError(f"{path}: say which robots fly with --serials")
    paths = [Path(str(path).replace("{serial}", str(serial))) for serial in serials]
    loaded = {each: load_policy(each) for each in dict.fromkeys(paths)}
    return [loaded[each] for each in paths]


def check_separation(links: Sequence[CrazyflieLink], least_m: float) -> Check:
    """Whether all robots stand apart; positions are in one frame only if they share a positioning system."""
    states = [(link.uri, state) for link in links if (state := link.read()) is not None]
    pairs = [(math.dist(a.position_w, b.position_w), one, two) for (one, a), (two, b) in combinations(states, 2)]
    close = [pair for pair in pairs if not pair[0] >= least_m]  # a distance that is no number is one of them
    distance, one, two = min(close or pairs, default=(math.inf, "", ""))
    if close:
        return Check("separation", False, f"{one} and {two} stand {distance:.2f} m apart, less than {least_m:g} m")
    return Check("separation", True, f"{distance:.2f} m")


def _make_link(uri: str, bundle: Bundle, args: Args, signals: OperatorSignals) -> CrazyflieLink:
    return CrazyflieLink(
        uri,
        level=bundle.info.action.level,
        stopped=lambda: signals.stop or signals.kill,
        external_position=args.external_position or args.mocap is not None,
        motor_log=False,
        state_period_ms=1000 // args.state_rate,
    )


def _open_all(links: Sequence[CrazyflieLink], stack: ExitStack) -> None:
    """One after the other: cflib's handshakes would slow each other down to their time-outs."""
    for link in links:
        stack.enter_context(link)


def _check_all(links: Sequence[CrazyflieLink], bundles: Sequence[Bundle], console: Console) -> list[dict[str, str]]:
    """Check every robot, let all estimators converge at once, and refuse with the first failure."""
    before = [link.checks(bundle) for link, bundle in zip(links, bundles)]
    for link, checks in zip(links, before):
        _show(console, link, checks)
        _require_of(link, checks)
    with ThreadPoolExecutor(len(links)) as pool:
        settled = list(pool.map(CrazyflieLink.prepare, links))
    results = []
    for link, bundle, checks, converged in zip(links, bundles, before, settled):
        after = [converged, link.checks(bundle)[-1]]
        _require_of(link, after)
        results.append({check.name: check.detail for check in (*checks, *after)})
    return results


def _show(console: Console, link: CrazyflieLink, checks: Sequence[Check]) -> None:
    failed = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
    mark = "[red]failed[/]" if failed else "[green]ok    [/]"
    console.print(f"  {mark} {link.uri}: {'; '.join(failed) or f'{len(checks)} checks'}")


def _require_of(link: CrazyflieLink, checks: Sequence[Check]) -> None:
    try:
        require([*checks])
    except FlightRefusedError as error:
        raise FlightRefusedError(f"{link.uri}: {error}") from None


def _require_consent(uris: Sequence[str], args: Args) -> None:
    metal = [uri for uri in uris if moves_metal(uri)]
    if metal and not args.arm:
        raise FlightRefusedError(
            f"checks passed; with --arm {len(metal)} robots start their propellers and climb {args.height:g} m:"
            " clear the space and add --arm"
        )


def _member(
    number: int,
    link: CrazyflieLink,
    plan: Plan,
    bundle: Bundle,
    policy: OnnxPolicy,
    serial: str | None,
    folder: Path,
    signals: OperatorSignals,
) -> Member:
    state = link.read()
    if state is None:
        raise LinkError(f"{link.uri}: the state stream stopped before take-off; try again")
    if (
        not policy_on_board(link.level, bundle.info.action.level) and number > 0
    ):  # a policy on the host has a memory of its own for each robot
        _, policy = load_policy(bundle.path)
    pilot, supervisor, period_s = make_pilot(policy, link)
    metadata = {"bundle_id": bundle.id, "uri": link.uri, "task": bundle.info.task, "robot": bundle.info.robot.name}
    metadata |= {"serial": serial} if serial else {}
    log = RunLog(folder / f"robot-{number}.mcap", metadata, clock=link.clock)
    flight = Flight(link, Mission(plan, state.position_w), supervisor, log, signals, pilot, period_s)
    return Member(link.uri, flight)


def _close_log(member: Member, console: Console) -> None:
    try:
        member.loop.log.close()
    except StorageError as error:
        console.print(f"[yellow]warning:[/] {error}")


def _outcome(
    members: Sequence[Member],
    first: Member | None,
    plan: Plan,
    checks: Sequence[dict[str, str]],
    about: Sequence[dict[str, str | None]],
    console: Console,
) -> dict[str, Any]:
    robots = []
    for member, passed, known in zip(members, checks, about):
        figures = flight_result(member.loop.record, plan)
        figures["completed"] = figures["completed"] and member.error is None
        log = str(member.loop.log.path)
        robots.append(
            {"uri": member.uri, **known, "flight": figures, "checks": passed, "log": log, "rate_hz": member.rate_hz}
        )
        error = figures["rms_error_m"]
        console.print(
            f"  {member.uri}: {'completed' if figures['completed'] else '[red]not completed[/]'},"
            f" {member.rate_hz:.1f} Hz" + ("" if error is None else f", {100 * error:.1f} cm rms")
        )
    completed = sum(robot["flight"]["completed"] for robot in robots)
    errors = [robot["flight"]["rms_error_m"] for robot in robots if robot["flight"]["rms_error_m"] is not None]
    swarm = {
        "robots": len(robots),
        "completed": completed,
        "rate_hz_min": min(robot["rate_hz"] for robot in robots),
        "rms_error_m_max": max(errors, default=None),
        "first_fault": None if first is None else first.uri,
    }
    result = {"bundle_id": about[0]["bundle_id"], "swarm": swarm, "robots": robots}
    if completed < len(robots):
        raise _aborted(result, robots, first)
    console.print("[green]all completed[/]")
    return result


def _aborted(result: dict[str, Any], robots: Sequence[dict[str, Any]], first: Member | None) -> FlightAbortedError:
    """The first robot in trouble says what happened; one that just landed with the others does not."""
    failed = [robot for robot in robots if not robot["flight"]["completed"]]
    cause = next((robot for robot in failed if first is not None and robot["uri"] == first.uri), failed[0])
    words = first.error if first is not None and first.error is not None else aborted(cause)
    count = f"{result['swarm']['completed']} of {len(robots)} robots completed"
    error = FlightAbortedError(f"{cause['uri']}: {words}; {count}")
    error.result = result  # type: ignore[attr-defined]  # the command line writes it to --json
    return error
