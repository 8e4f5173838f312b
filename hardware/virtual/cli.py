"""Run a virtual robot behind its real protocol: MuJoCo is its body, the bundle's C code its controller."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from hardware.virtual.control import READY, ControlInput
from hardware.virtual.crazyflie.build import build_virtual_crazyflie
from hardware.virtual.crazyflie.faults import parse_fault
from hardware.virtual.crazyflie.robot import Options, VirtualCrazyflie
from hardware.virtual.crazyflie.server import DEFAULT_URI, Server
from sim.errors import ConfigError

EXAMPLE = """sim2metal virtual crazyflie --bundle runs/hover/bundle
sim2metal virtual crazyflie --profile stock --fault packet-loss=5 link-loss@flying+8 --events events.json"""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Args:
    """Options of ``sim2metal virtual``."""

    robot: tyro.conf.Positional[Literal["crazyflie"]]
    """Which virtual robot."""
    uri: str = DEFAULT_URI
    """Where to listen; another computer can connect only if the host is this one's address or 0.0.0.0."""
    bundle: Path | None = None
    """The policy on board; required by the policy profile."""
    profile: Literal["policy", "stock"] = "policy"
    """Which controller flies after the start: the bundle's policy or the stock PID."""
    fault: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME[=VALUE][@START][:DURATION]")] = ()
    """Faults to come: link-loss, log-stall, packet-loss=%, delay=ms, jitter=ms, dead-motor=1-4, low-battery,
    nan-policy, nan-estimate, kick=degrees. START is in seconds, or after an event: armed+3, flying+8."""
    seed: int = 0
    """Seed of all noise."""
    parameter_set: str | None = None
    """Airframe; default: the one the bundle was trained for."""
    deck: Literal["lighthouse", "none"] = "lighthouse"
    """Positioning deck; with none the client must send external positions."""
    charge: float = 0.95
    """Battery charge at the start, 0 to 1."""
    duration: float | None = None
    """End after this many seconds; default: at Ctrl-C."""
    events: Path | None = None
    """Write what happened on board here as JSON at the end."""
    control: bool = False
    """Take commands from standard input: 'fault NAME...', 'events', 'stop'; its end is the robot's end."""


def run(args: Args) -> dict[str, Any]:
    """Serve until Ctrl-C, SIGTERM or the duration's end; returns the summary without the list of events.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    console = Console(highlight=False)
    _check(args)
    faults = [parse_fault(text) for text in args.fault]
    decks = ("bcLighthouse4",) if args.deck == "lighthouse" else ()
    options = Options(args.profile, args.seed, decks, args.charge)
    robot = build_virtual_crazyflie(args.bundle, options, faults, args.parameter_set)
    with Server(robot, args.uri) as server:
        previous = {number: signal.signal(number, lambda *_: server.stop()) for number in _SIGNALS}
        try:
            if args.control:
                ControlInput(server, sys.stdin.fileno(), lambda: _write_events(args, robot, server)).start()
            console.print(
                f"virtual Crazyflie {READY} {args.uri} (profile {args.profile}); Ctrl-C ends it", soft_wrap=True
            )
            sys.stdout.flush()
            server.run(args.duration)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        _write_events(args, robot, server)
        summary = {**_summary(robot), "timing": server.timing()}
    console.print(
        f"flew {summary['timing']['onboard_s']:.1f} s at {summary['timing']['real_time_factor']} x real time,"
        f" {summary['timing']['cpu_s']:.1f} s of CPU; {sum(robot.events.counters.values())} packets counted"
    )
    return summary


def _check(args: Args) -> None:
    if not 0.0 <= args.charge <= 1.0:
        raise ConfigError(f"--charge {args.charge}: expected a number from 0 to 1")
    if args.duration is not None and not args.duration > 0.0:
        raise ConfigError(f"--duration {args.duration}: expected a positive number of seconds")
    if args.seed < 0:
        raise ConfigError(f"--seed {args.seed}: expected a whole number of at least 0")


def _summary(robot: VirtualCrazyflie) -> dict[str, Any]:
    from hardware.virtual.crazyflie.report import onboard_summary

    return onboard_summary(robot)


def _write_events(args: Args, robot: VirtualCrazyflie, server: Server) -> None:
    if args.events is not None:
        robot.events.write(args.events, **_summary(robot), timing=server.timing(), pid=os.getpid())
