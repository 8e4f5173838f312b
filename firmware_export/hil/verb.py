"""Hardware in the loop: MuJoCo on this computer, the policy on a microcontroller, compared at every step.

Writes nothing, unless the board is out of bounds: then the worst step goes into ``--dump``.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from firmware_export.c_folder import exported_int8
from firmware_export.hil.campaign import Campaign, Findings
from firmware_export.hil.devices import QEMU, TARGET, open_boards, self_test
from firmware_export.hil.fleet import MOST_EMULATORS, default_emulators
from firmware_export.hil.outcome import Outcome, complaint, outcome_of
from firmware_export.hil.port import parse_port
from firmware_export.hil.summary import summary_table
from firmware_export.targets import load_target
from firmware_export.verify import BOUND, INT8_ROOM, ParityError
from hardware.realtime import raised_priority, steady_interpreter
from policies.bundle import Bundle, load_bundle
from policies.evaluate import check_same_task
from policies.runtime import OnnxPolicy
from sim.envs.task import FlightTask, task_flown_by
from sim.errors import ConfigError
from sim.files import require_writable

EXAMPLE = """sim2metal hil runs/demo/bundle
sim2metal hil runs/demo/bundle --episodes 100 --json hil.json
sim2metal hil runs/demo/bundle --port /dev/ttyACM0 --real-time --episodes 3"""


@dataclass
class Args:
    """Options of ``sim2metal hil``."""

    bundle: tyro.conf.Positional[Path]
    """Folder of the bundle."""
    port: str = QEMU
    """Where the policy runs: qemu, a board's serial port such as /dev/ttyACM0, or socket://HOST:PORT."""
    episodes: int = 10
    """Randomised closed-loop episodes of the bundle's task."""
    seed: int = 1000
    """Seed of airframes, starts and noise; as for 'sim2metal eval'."""
    real_time: bool = False
    """Run the world at the control rate, one episode after another; otherwise it waits for the board."""
    bound: float | None = None
    """Largest action error at any step, relative to the action's range (default: 1e-5; for int8 what its export
    measured against float comes on top)."""
    late: float = 0.01
    """With --real-time: largest share of control periods without an answer in time."""
    emulators: int | None = None
    """With --port qemu: how many share the episodes (default: one per processor core, at most 4; 1 in real time)."""
    dump: Path = Path("hil-worst.npz")
    """Where the worst step is written if it is out of bounds."""


def run(args: Args) -> dict[str, Any]:
    """Fly the episodes and print what was measured.

    Raises:
        ConfigError: for impossible options or a task that is not flown.
        BundleError: if the bundle is not valid or not made for its task as it is now.
        ToolchainError: if the compiler or the emulator is missing.
        LinkError: if no board answers, or it was lost or too slow in flight.
        VerificationError: if the board holds another bundle or fails its self-test.
        ParityError: after the table, if a bound is broken; carries the result.
    """
    _check(args)
    bundle = load_bundle(args.bundle)
    task = task_flown_by(bundle.info.task, bundle.info.robot.name)
    check_same_task(bundle, task)
    bound = args.bound or default_bound(bundle)
    console = Console(highlight=False)
    findings, outcome, where = _fly(args, bundle, task, console)
    pace = ("real time" if args.real_time else "lock-step") + (", int8" if exported_int8(bundle) else "")
    console.print(summary_table(f"bundle {bundle.id[:12]} on {where}, {pace}", outcome, bound, args.late))
    about = {"bundle": bundle.path.name, "id": bundle.id, "port": args.port, "bound": bound}
    result = {**about, **outcome.to_json(), "passed": True}
    problem = complaint(outcome, bound, args.late)
    if problem is not None:
        dumped = _dump(findings, args) if outcome.max_relative_err > bound else ""
        raise ParityError(f"{problem}{dumped}", {**result, "passed": False})
    return result


def _fly(args: Args, bundle: Bundle, task: FlightTask, console: Console) -> tuple[Findings, Outcome, str]:
    """Fly the episodes; return what they showed, the figures and the boards in words."""
    policy = OnnxPolicy(bundle)
    emulators = 1 if args.real_time else min(args.emulators or default_emulators(), args.episodes)
    with ExitStack() as stack:
        if args.real_time:
            stack.enter_context(raised_priority())  # before the emulator starts, which inherits it
            stack.enter_context(steady_interpreter())
        with console.status("starting the emulator" if args.port == QEMU else f"asking the board on {args.port}"):
            opened = open_boards(bundle, args.port, emulators, count_instructions=not args.real_time)
            boards = stack.enter_context(opened)
            error = max(self_test(board) for board in boards)
        bar = stack.enter_context(_progress(console))
        steps = bar.add_task("policy steps", total=args.episodes * task.TASK.control_steps)
        campaign = Campaign(
            boards, policy, task, real_time=args.real_time, progress=lambda count: bar.advance(steps, count)
        )
        started = time.perf_counter()
        findings = campaign.fly(args.episodes, args.seed)
        wall_s = time.perf_counter() - started
        outcome = outcome_of(
            findings,
            [board.read_info() for board in boards],
            load_target(TARGET),
            self_test_error=error,
            repeated=sum(board.repeated for board in boards),
            counts_instructions=args.port == QEMU and not args.real_time,
            wall_s=wall_s,
        )
    return findings, outcome, _boards(args.port, emulators)


def default_bound(bundle: Bundle) -> float:
    """Return the bound of ``sim2metal verify``: of rounding, and of int8's coarseness where the export has it.

    Raises:
        VerificationError: if the export's manifest is damaged.
    """
    int8 = exported_int8(bundle)
    return BOUND if int8 is None else BOUND + INT8_ROOM * int8.action


def _check(args: Args) -> None:
    """Refuse what cannot be, before anything is built.

    Raises:
        ConfigError: naming the option.
    """
    if args.port != QEMU:
        parse_port(args.port)
        if args.emulators is not None:
            raise ConfigError("--emulators goes with --port qemu only")
    if args.episodes < 1:
        raise ConfigError(f"--episodes {args.episodes}: at least 1")
    if args.emulators is not None and not 1 <= args.emulators <= MOST_EMULATORS:
        raise ConfigError(f"--emulators {args.emulators}: 1 to {MOST_EMULATORS}")
    if args.bound is not None and not args.bound > 0.0:
        raise ConfigError(f"--bound {args.bound}: a positive number, e.g. {BOUND:.0e}")
    if not 0.0 <= args.late <= 1.0:
        raise ConfigError(f"--late {args.late}: a share, 0 to 1")
    require_writable(args.dump)


def _boards(port: str, count: int) -> str:
    if port != QEMU:
        return f"the board on {port}"
    return f"{count} emulated {TARGET}" if count > 1 else f"an emulated {TARGET}"


def _dump(findings: Findings, args: Args) -> str:
    assert findings.watch.worst is not None
    findings.watch.worst.save(args.dump)
    return f"; that step is in {args.dump}"


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)
