"""What every virtual robot's command has in common: its options, its run until Ctrl-C, its events at the end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from hardware.virtual.faults import FaultKind
from sim.errors import ConfigError

FAULT_SYNTAX = "NAME[=VALUE][@START][:DURATION]"
FAULT_START = "START is in seconds, or after an event: armed+3, flying+8."
TRUTH_PERIOD_MS = 10
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def fault_help(kinds: Mapping[str, FaultKind], start: str = FAULT_START) -> str:
    """Return the help of ``--fault`` for a robot with these faults; ``start`` says when they can begin."""
    return f"Faults to come: {', '.join(fault_names(kinds))}. {start}"


def fault_names(kinds: Mapping[str, FaultKind]) -> list[str]:
    """Return the faults with the units of their values, as the help shows them."""
    units = {name: kind.unit.removeprefix("motor ").replace("degrees C", "C") for name, kind in kinds.items()}
    return [name if kind.high == kind.low else f"{name}={units[name]}" for name, kind in kinds.items()]


@dataclass
class CommonArgs:
    """Options of every virtual robot."""

    fault: Annotated[tuple[str, ...], tyro.conf.arg(metavar=FAULT_SYNTAX)] = ()
    """Faults to come. START is in seconds, or after an event: armed+3, flying+8. A wrong name lists them all."""
    seed: int = 0
    """Seed of all noise."""
    duration: Annotated[float | None, tyro.conf.arg(metavar="S")] = None
    """End after this many seconds; default: at Ctrl-C."""
    events: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Write what happened on board here as JSON at the end."""
    truth: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Write where the body really was and how fast as CSV, every 10 ms: MuJoCo's qpos (q0, ...) and qvel (v0, ...)."""
    control: bool = False
    """Take commands from standard input: 'fault NAME...', 'events', 'stop'; its end is the robot's end."""

    def check(self) -> None:
        """Refuse values that make no sense.

        Raises:
            ConfigError: naming the option.
        """
        if self.duration is not None and not self.duration > 0.0:
            raise ConfigError(f"--duration {self.duration}: expected a positive number of seconds")
        if self.seed < 0:
            raise ConfigError(f"--seed {self.seed}: expected a whole number of at least 0")


def serve(
    args: CommonArgs, server: Any, parse_fault: Callable[[str], Any], ready: str, summary: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Run a robot's server until Ctrl-C, SIGTERM or the duration's end.

    Args:
        args: the robot's options.
        server: a ``RobotServer``; closed by the caller.
        parse_fault: reads the robot's faults.
        ready: line printed when a client may connect.
        summary: what happened on board, in a few numbers.

    Returns:
        The summary with the timing.
    """
    from hardware.virtual.control import ControlInput

    console = Console(highlight=False, soft_wrap=True)
    events = server.robot.events

    def write_events() -> None:
        if args.events is not None:
            events.write(args.events, **summary(), timing=server.timing(), pid=os.getpid())

    previous = {number: signal.signal(number, lambda *_: server.stop()) for number in _SIGNALS}
    with ExitStack() as stack:
        for number, handler in previous.items():
            stack.callback(signal.signal, number, handler)
        stack.enter_context(_truth(args, server))
        if args.control:
            ControlInput(server, sys.stdin.fileno(), parse_fault, write_events).start()
        console.print(ready, soft_wrap=True)
        sys.stdout.flush()
        server.run(args.duration)
    write_events()
    result = {**summary(), "timing": server.timing()}
    timing = result["timing"]
    console.print(
        f"ran {timing['onboard_s']:.1f} s at {timing['real_time_factor']} x real time,"
        f" {timing['cpu_s']:.1f} s of CPU; {sum(events.counters.values())} packets counted"
    )
    return result


@contextmanager
def _truth(args: CommonArgs, server: Any) -> Iterator[None]:
    """Let the server write the truth about its robots, if that is asked for."""
    if args.truth is None:
        yield
        return
    from hardware.virtual.truth import TruthLog

    robots = getattr(server.robot, "robots", [server.robot])
    server.truth = TruthLog(args.truth, [robot.body for robot in robots], TRUTH_PERIOD_MS)
    try:
        server.truth.note(server.robot.now_ms)
        yield
    finally:
        server.truth.close()
