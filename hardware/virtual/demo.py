"""The first whole flight, one command: train, judge, export, verify, fly, lose the link, report.

Every step is a ``sim2metal`` command that is printed before it runs, so that each can be typed
by hand; only the virtual Crazyflie is started and stopped around the two flights.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.rule import Rule

from hardware.virtual.process import VirtualProcess
from sim.errors import ConfigError, FlightAbortedError, Sim2MetalError

WRITES = (
    *("train", "train.json", "bundle", "eval.json", "export.json", "verify.json"),
    *("flight.mcap", "flight.json", "flight-virtual.json", "fault.mcap", "fault.json", "fault-virtual.json"),
    *("report.html", "summary.json"),
)
"""What the demo writes into its folder."""

EXAMPLE = """sim2metal demo
sim2metal demo --out runs/demo --seed 1"""


@dataclass
class Args:
    """Options of ``sim2metal demo``."""

    out: Path = Path("runs/demo")
    """Folder for everything the demo writes; an earlier demo in it is replaced."""
    seed: int = 0
    """Seed of the training."""
    uri: str = "udp://127.0.0.1:19850"
    """Where the virtual Crazyflie listens."""


@dataclass(frozen=True)
class Step:
    """One command of the chain."""

    title: str
    command: tuple[str, ...]
    expected_exit: int = 0
    virtual_options: tuple[str, ...] | None = None
    """Options of a virtual Crazyflie to run beside the command, or None for none."""


def steps(out: Path, seed: int, uri: str) -> list[Step]:
    """The chain as data."""
    bundle = str(out / "bundle")
    fault = ("--fault", "link-loss@flying+6", "--events", str(out / "fault-virtual.json"))
    return [
        Step("train", ("train", "hover", "--seed", str(seed), "--out", str(out / "train"), "--bundle", bundle)),
        Step("eval", ("eval", bundle)),
        Step("export", ("export", bundle, "--target", "host", "stm32f405")),
        Step("verify", ("verify", bundle)),
        Step(
            "flight",
            ("run", bundle, "--uri", uri, "--log", str(out / "flight.mcap")),
            virtual_options=("--events", str(out / "flight-virtual.json")),
        ),
        Step(
            "fault",
            ("run", bundle, "--uri", uri, "--log", str(out / "fault.mcap")),
            expected_exit=FlightAbortedError.exit_code,
            virtual_options=fault,
        ),
    ]


def run(args: Args) -> dict[str, Any]:
    """Run the chain and the report; stop at the first step that does not end as it should.

    Raises:
        ConfigError: the folder holds something else than an earlier demo.
        Sim2MetalError: naming the step that failed.
    """
    console = Console(highlight=False)
    _clear(args.out)
    times: dict[str, float] = {}
    for step in steps(args.out, args.seed, args.uri):
        started = time.monotonic()
        _run_step(step, args, console)
        times[step.title] = round(time.monotonic() - started, 2)
    started = time.monotonic()
    _command(("report", str(args.out)), console)
    times["report"] = round(time.monotonic() - started, 2)
    console.print(Rule("done"))
    for title, seconds in times.items():
        console.print(f"  {title:<8} {seconds:6.1f} s")
    console.print(f"  report: {args.out / 'report.html'}   figures: {args.out / 'summary.json'}")
    return {"seconds": times, "report": str(args.out / "report.html"), "summary": str(args.out / "summary.json")}


def _clear(out: Path) -> None:
    """Make ``out`` an empty folder, deleting nothing but an earlier demo."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is a file: choose a folder with --out")
    present = {path.name for path in out.iterdir()} if out.exists() else set()
    if present and not present & set(WRITES):
        raise ConfigError(f"{out} is not empty and no earlier demo: choose another folder with --out")
    for name in WRITES:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)


def _run_step(step: Step, args: Args, console: Console) -> None:
    console.print(Rule(step.title))
    if step.expected_exit:
        console.print(f"the link will be lost in the air: the right end is exit code {step.expected_exit}")
    command = (*step.command, "--json", str(args.out / f"{step.title}.json"))
    with ExitStack() as stack:
        if step.virtual_options is not None:
            options = ("--bundle", str(args.out / "bundle"), *step.virtual_options)
            console.print(f"[dim]$ sim2metal virtual crazyflie --uri {args.uri} {' '.join(options)} &[/]")
            stack.enter_context(VirtualProcess("crazyflie", uri=args.uri, options=options))
        code = _command(command, console)
    if code != step.expected_exit:
        raise Sim2MetalError(f"demo stopped at '{step.title}': exit code {code}, expected {step.expected_exit}")


def _command(arguments: tuple[str, ...], console: Console) -> int:
    console.print(f"[bold]$ sim2metal {' '.join(arguments)}[/]")
    return subprocess.run([sys.executable, "-m", "sim2metal", *arguments]).returncode
