"""Run a bundle on a robot, real or virtual: check, start, act, come to rest, and say what was measured.

A hover policy takes off, holds, visits three set-points and lands; a policy for joints moves to
its default pose, acts for a while and damps. The policy runs where its action level wants it:
motor commands on board of a Crazyflie, everything else here and over the link.
"""

from __future__ import annotations

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

from hardware.adaptation.session import require_virtual
from hardware.arm.pilot import LEVEL
from hardware.checks import Check, require
from hardware.clock import HOST_CLOCK, Clock
from hardware.control_loop import ControlLoop
from hardware.flying.job import FlightJob
from hardware.identity import UNITS, check_robot
from hardware.job import Job
from hardware.joints.job import JointJob
from hardware.link import Link, policy_on_board
from hardware.log import RunLog
from hardware.log_schema import FLIGHT_STEP, LogSchema
from hardware.mocap.feed import PoseFeed
from hardware.mocap.flying import motion_capture, plan_mocap
from hardware.operator_controls import operator_controls
from hardware.operator_signals import OperatorSignals
from hardware.outcome import aborted, reaction_times
from hardware.realtime import real_time
from hardware.registry import create_link, moves_metal, scheme_of
from policies.bundle import Bundle
from policies.runtime import OnnxPolicy, load_policy
from sim.errors import ConfigError, FlightRefusedError, StorageError
from sim.spec import JointLimits

EXAMPLE = """sim2metal run runs/demo/bundle --uri udp://127.0.0.1:19850
sim2metal run runs/demo/bundle --uri sim://crazyflie
sim2metal run runs/track/bundle --uri sim://crazyflie --trajectory figure8:period=5.5
sim2metal run policies/zoo/hover --uri sim://crazyflie --trajectory figure8:period=16,laps=20 --adapt adapt.json
sim2metal run runs/demo/bundle --uri serial:///dev/ttyACM0 --arm
sim2metal run runs/demo/bundle --uri radio://0/80/2M/E7E7E7E7E7 --check-only
sim2metal run runs/demo/bundle --uri radio://0/80/2M/E7E7E7E7E7 --arm
sim2metal run runs/demo/bundle --uri radio://0/80/2M/E7E7E7E7E7 --mocap natnet://192.168.1.5 --arm"""

STATUS_PER_S = 4


@dataclass
class Args:
    """Options of ``sim2metal run``."""

    bundle: tyro.conf.Positional[Path]
    """Bundle folder; a policy that commands motors must be on board of a Crazyflie already."""
    uri: Annotated[str, tyro.conf.arg(metavar="URI")] = "udp://127.0.0.1:19850"
    """Where the robot is: radio://0/80/2M/E7E7E7E7E7, usb://0, udp://HOST:PORT, serial:///dev/ttyACM0, dds://eth0;
    or sim://crazyflie, MuJoCo in this process."""
    serial: Annotated[str | None, tyro.conf.arg(metavar="SERIAL")] = None
    """Which robot it is: a bundle that was trained for another one (train --calibration) is refused; for the log."""
    log: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """MCAP log to write; default runs/flights/TIME.mcap."""
    height: float = 0.5
    """Height of the flight above the take-off point, m."""
    hold: float = 10.0
    """Time to hold the first position, or to act on legs, s."""
    step: float = 0.5
    """Distance between the three set-points of a flight, m."""
    dwell: float = 3.0
    """Time at each of the three set-points, s."""
    trajectory: str | None = None
    """Follow a trajectory from the place of the hold in place of the set-points, e.g. figure8:period=5.5; also circle,
    lissajous, langevin, waypoints, steps with name=value after a colon."""
    settle: float = 1.0
    """Transient after the take-off and after each move that the error leaves out, s."""
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Legs: velocity ahead and to the left, m/s, and turning left, rad/s."""
    wait: float = 0.0
    """Legs: how long the default pose is held before the policy acts, s: time to let a hanging robot down."""
    mocap: Annotated[str | None, tyro.conf.arg(metavar="URI")] = None
    """Motion capture that tells the robot where it is: natnet://HOST (OptiTrack), vicon://HOST, qualisys://HOST,
    vrpn://HOST, json://127.0.0.1:PORT; ?up=y if its vertical axis is y. No positioning deck is needed."""
    mocap_body: str = "cf1"
    """The robot's name in motion capture."""
    external_position: bool = False
    """Positions reach the robot by a way of their own: no positioning deck is needed."""
    check_only: bool = False
    """Do the checks and stop: nothing moves."""
    arm: bool = False
    """Needed for a robot outside this computer: propellers will turn, joints will move."""
    gamepad: Annotated[Path | None, tyro.conf.arg(metavar="DEVICE")] = None
    """Gamepad as an emergency stop, e.g. /dev/input/js0: any button lands or damps, two at once cut the motors."""
    adapt: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Virtual robots that fly: learn while flying how far beside the set-point to aim, and keep it in this file; what
    is in it already is learnt on."""
    adapted: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Aim as that file says, and learn nothing."""
    units: Annotated[Path, tyro.conf.arg(metavar="DIR")] = UNITS
    """Folder of the files of identified robots: that of --serial is to be of this kind of robot."""
    real_time: bool = False
    """Ask for real-time scheduling (SCHED_FIFO) and locked memory; says what the system granted."""


def run(args: Args) -> dict[str, Any]:
    """Run the bundle and return what was measured.

    Returns:
        ``flight`` or ``run`` (completed, errors, loop timing, latency, battery, faults with their
        times), ``checks``, ``bundle_id``, ``uri`` and ``log``.

    Raises:
        BundleError, ConfigError: before any packet leaves the host.
        LinkError: if the robot does not answer.
        FlightRefusedError: if a check failed; nothing moved.
        FlightAbortedError: if a fault ended the run; ``result`` carries what was measured.
    """
    scheme_of(args.uri)
    require_virtual(args)
    bundle, policy = load_policy(args.bundle)
    note = check_serial(args, bundle)
    job = make_job(args, policy)
    mocap = plan_mocap(args.mocap, [args.mocap_body], [args.uri])
    console = Console(highlight=False, soft_wrap=True)
    result: dict[str, Any] = {"bundle_id": bundle.id, "uri": args.uri}
    with operator_controls(args.gamepad) as signals, real_time(args.real_time) as scheduling, ExitStack() as stack:
        link: Link[Any] = create_link(
            args.uri,
            level=bundle.info.action.level,
            stopped=lambda: signals.stop or signals.kill,
            external_position=args.external_position or mocap is not None,
        )
        on_board = policy_on_board(link.level, bundle.info.action.level)
        where = "on board" if on_board else f"here (commands: {link.level.replace('_', ' ')})"
        console.print(f"bundle {bundle.id[:12]} for {bundle.info.robot.name}, robot at {args.uri}, policy {where}")
        if note:
            console.print(f"  [yellow]note[/] {note}")
        if args.real_time:
            console.print(f"  scheduling: {scheduling}")
        stack.enter_context(link)
        feed = stack.enter_context(motion_capture(mocap, [args.mocap_body], [link]))
        result |= _preflight(link, bundle, console)
        if args.check_only:
            console.print("checks passed; nothing moved")
            return result
        require_consent(args, job)
        log = stack.enter_context(open_log(args, bundle, job.schema, link.clock))
        return _run(job, link, log, signals, console, result, feed)


def check_serial(args: Args, bundle: Bundle) -> str:
    """Refuse a bundle for another robot than ``args`` names; return what to say of the robot's file (identity.py).

    Raises:
        ConfigError: naming both.
    """
    return check_robot(bundle, args.serial, args.uri, args.units)


def make_job(args: Args, policy: OnnxPolicy) -> Job:
    """Return what running this bundle means for its kind of robot.

    Raises:
        ConfigError: if the options or the bundle make no such run.
    """
    if policy.bundle.info.action.level == LEVEL:
        raise ConfigError(
            f"{policy.bundle.path} moves an arm's tool, which takes set-points over ROS topics:"
            f" sim2metal ros launch arm bundle:={policy.bundle.path}"
        )
    if isinstance(policy.bundle.info.limits, JointLimits):
        if args.adapt is not None or args.adapted is not None:
            raise ConfigError(f"--adapt corrects set-points of robots that fly; {policy.bundle.path} moves joints")
        return JointJob(args, policy)
    return FlightJob(args, policy)


def _preflight(link: Link[Any], bundle: Bundle, console: Console) -> dict[str, Any]:
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


def require_consent(args: Args, job: Job) -> None:
    """Refuse to move a robot outside this computer without ``--arm``.

    Raises:
        FlightRefusedError: saying what would move.
    """
    if moves_metal(args.uri) and not args.arm:
        raise FlightRefusedError(
            f"checks passed; with --arm the robot at {args.uri} {job.motion}: clear the space and add --arm"
        )


def open_log(args: Args, bundle: Bundle, schema: LogSchema = FLIGHT_STEP, clock: Clock = HOST_CLOCK) -> RunLog:
    """Open the log with what identifies the run in it."""
    path = args.log or Path("runs/flights") / time.strftime("%Y%m%d-%H%M%S.mcap")
    packages = ("cflib", "numpy", "onnxruntime", "mcap")
    metadata = {
        "bundle_id": bundle.id,
        "bundle_path": str(args.bundle),
        "uri": args.uri,
        "task": bundle.info.task,
        "robot": bundle.info.robot.name,
        "parameter_set": bundle.info.robot.parameter_set,
        "action_names": " ".join(bundle.info.action.names),
        "joint_names": " ".join(bundle.info.robot.joint_names),
        **({"serial": args.serial} if args.serial else {}),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        **{f"version.{name}": version(name) for name in packages},
    }
    return RunLog(path, metadata, schema, clock)


def _run(
    job: Job,
    link: Link[Any],
    log: RunLog,
    signals: OperatorSignals,
    console: Console,
    result: dict[str, Any],
    feed: PoseFeed | None,
) -> dict[str, Any]:
    loop = job.loop(link, log, signals)
    console.print(f"{job.announcement}; log {log.path}")
    with _status_line(console, loop):
        record = loop.run()
    result[job.key] = job.result(record)
    result["faults"] = reaction_times(record.faults)
    result["log"] = str(log.path)
    if feed is not None:
        result["mocap"] = feed.document()
    _close_log(log, console, result)
    job.show(console, result[job.key])
    if not result[job.key]["completed"]:
        if problem := getattr(link, "problem", ""):
            console.print(f"  the link says: {problem}")
        if feed is not None:
            console.print(f"  motion capture: {feed.verdict(*feed.bodies)[1]}")
        raise aborted(result, job.key)
    return result


def _close_log(log: RunLog, console: Console, result: dict[str, Any]) -> None:
    """A full disk ends the log, not the run: say so and go on."""
    try:
        log.close()
    except StorageError as error:
        result["log_error"] = str(error)
        console.print(f"[yellow]warning:[/] {error}")


@contextmanager
def _status_line(console: Console, loop: ControlLoop[Any]) -> Iterator[None]:
    """Show the run's status a few times per second, from a thread of its own; nothing if not a terminal."""
    if not console.is_terminal:
        yield
        return
    done = threading.Event()
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def refresh() -> None:
            while not done.wait(1.0 / STATUS_PER_S):
                live.update(Text(loop.status), refresh=True)

        thread = threading.Thread(target=refresh, name="status-line", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=1.0)
