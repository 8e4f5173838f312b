"""Replay golden sequences through torch, onnxruntime and generated C, and compare.

Every back end runs free: its own state comes back to it. The figure is the largest action error
relative to the action's range, and the largest state error relative to the state's scale. C with int8 layers makes
errors that its export measured: it must repeat them, not float's, and show every NaN that float shows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from firmware_export.backends import open_backend
from firmware_export.c_folder import Int8Errors, exported_int8
from policies.bundle import Bundle, Golden, load_bundle
from policies.poison import poisoned, since_reset, spread
from policies.replay import parity_errors
from sim.errors import VerificationError

BOUND = 1e-5
"""Largest relative error of actions and states on any back end (single precision, free-running)."""
INT8_ROOM = 1.1
"""Int8 C must repeat the errors measured at export up to this factor: a last bit may turn a rounding."""

EXAMPLE = """sim2metal verify runs/demo/bundle
sim2metal verify runs/demo/bundle --backends torch onnx --json parity.json"""

GENERATED = ("c_host", "c_stm32f405")
"""Back ends that run a bundle's exported C."""

BackendName = Literal["torch", "onnx", "c_host", "c_stm32f405"]


@dataclass
class Args:
    """Options of ``sim2metal verify``."""

    bundle: tyro.conf.Positional[Path]
    """Folder of the bundle."""
    backends: tuple[BackendName, ...] = ("torch", "onnx", "c_host", "c_stm32f405")
    """What to replay on; leave out what this machine has no toolchain for."""


class ParityError(VerificationError):
    """A back end out of bounds; ``result`` is what was measured (the command line still writes it)."""

    def __init__(self, message: str, result: dict[str, Any]) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True)
class Parity:
    """How far one back end is off."""

    backend: str
    action: float
    """Largest action error relative to the action's range."""
    state: float
    """Largest state error relative to the state's scale."""
    spread_alike: bool
    """NaN and infinity appear and vanish where they do on the first back end; int8 may show NaN for infinity."""
    wall_s: float
    int8: Int8Errors | None = None
    """What the export of an int8 back end measured."""

    @property
    def action_bound(self) -> float:
        """Largest action error allowed."""
        return BOUND if self.int8 is None else BOUND + INT8_ROOM * self.int8.action

    @property
    def state_bound(self) -> float:
        """Largest state error allowed."""
        return BOUND if self.int8 is None else BOUND + INT8_ROOM * self.int8.state

    @property
    def passed(self) -> bool:
        """Whether every figure is within its bound."""
        return self.action <= self.action_bound and self.state <= self.state_bound and self.spread_alike


def run(args: Args) -> dict[str, Any]:
    """Verify a bundle and print one row per back end.

    Raises:
        ParityError: after the table, if a back end is out of bounds.
        ToolchainError: if a compiler or emulator is missing.
        BundleError: if the bundle is not valid.
    """
    bundle = load_bundle(args.bundle)
    console = Console(highlight=False)
    golden = bundle.golden()
    with console.status("replaying golden sequences"):
        parities = verify(bundle, args.backends, golden)
    console.print(_table(bundle, golden, parities))
    result = _result(bundle, golden, parities)
    failed = [parity for parity in parities if not parity.passed]
    if failed:
        raise ParityError(_complaint(bundle, failed[0]), result)
    return result


def verify(bundle: Bundle, backends: tuple[str, ...], golden: Golden | None = None) -> list[Parity]:
    """Replay the golden sequences and the poisoned ones through each back end.

    Args:
        bundle: a loaded bundle.
        backends: keys of ``BACKENDS``; NaN must spread as on the first of them.
        golden: the bundle's sequences, if already loaded.

    Raises:
        ToolchainError: if a compiler or emulator is missing.
        VerificationError: if exported C belongs to another bundle.
    """
    golden = golden or bundle.golden()
    bad = poisoned(golden, bundle.info)
    int8 = exported_int8(bundle)
    reference: tuple[np.ndarray, np.ndarray] | None = None
    parities = []
    for name in dict.fromkeys(backends):
        with open_backend(name, bundle) as policy:
            started = time.perf_counter()
            errors = parity_errors(policy, golden, bundle.info)
            wall_s = time.perf_counter() - started
            classes = spread(policy, bad)
        reference = reference or classes
        ours = int8 if name in GENERATED else None
        alike = _spread_alike(classes, reference, bad, exactly=ours is None)
        parities.append(Parity(name, errors.action, errors.state, alike, wall_s, ours))
    return parities


def _spread_alike(
    ours: tuple[np.ndarray, np.ndarray], theirs: tuple[np.ndarray, np.ndarray], bad: Golden, *, exactly: bool
) -> bool:
    """Compare where NaN and infinity are.

    Args:
        ours: classes of actions and states, as ``policies.poison.spread`` has them.
        theirs: those of the first back end.
        bad: the poisoned sequences.
        exactly: they must be the same; else whatever is no number there is none here, and all are numbers where no
            observation since the reset was none.
    """
    if exactly:
        return all(np.array_equal(a, b) for a, b in zip(ours, theirs))
    clean = ~since_reset(bad)
    return all(bool((a[b != 0] != 0).all() and (a[clean] == 0).all()) for a, b in zip(ours, theirs))


def _table(bundle: Bundle, golden: Golden, parities: list[Parity]) -> Table:
    sequences, steps = golden.reset.shape
    title = f"bundle {bundle.id[:12]}: {sequences} sequences of {steps} steps, free-running, bound {BOUND:.0e}"
    caption = "largest errors: action relative to its range, state relative to its scale"
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    table.add_column("back end")
    for heading in ("action error", "state error", "NaN and inf", "replay", "verdict"):
        table.add_column(heading, justify="right")
    for parity in parities:
        verdict = "[green]passed[/]" if parity.passed else "[red]FAILED[/]"
        verdict += "" if parity.int8 is None else f", int8, bound {parity.action_bound:.1e}"
        alike = "alike" if parity.spread_alike else "[red]differ[/]"
        figures = (f"{parity.action:.1e}", f"{parity.state:.1e}", alike, f"{parity.wall_s:.2f} s")
        table.add_row(parity.backend, *figures, verdict)
    return table


def _result(bundle: Bundle, golden: Golden, parities: list[Parity]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "bundle": bundle.path.name,
        "id": bundle.id,
        "bound": BOUND,
        "sequences": golden.reset.shape[0],
        "steps": int(golden.reset.size),
        "passed": all(parity.passed for parity in parities),
    }
    for parity in parities:
        key = f"parity.{parity.backend}"
        # JSON has no infinity: null stands for "a number against a NaN".
        result[key] = parity.action if np.isfinite(parity.action) else None
        result[f"{key}.state"] = parity.state if np.isfinite(parity.state) else None
        result[f"{key}.nan_alike"] = parity.spread_alike
        result[f"{key}.int8"] = parity.int8 is not None
        result[f"{key}.bound"] = parity.action_bound
        result[f"{key}.wall_s"] = parity.wall_s
    return result


def _complaint(bundle: Bundle, parity: Parity) -> str:
    if not parity.spread_alike:
        problem = "NaN or infinity in an observation spreads differently than on the first back end"
    else:
        bounds = (
            f"bounds {parity.action_bound:.0e} and {parity.state_bound:.0e}" if parity.int8 else f"bound {BOUND:.0e}"
        )
        problem = f"action off by {parity.action:.1e} of its range, state by {parity.state:.1e}, {bounds}"
    return f"{parity.backend} does not compute {bundle.path.name}: {problem}; do not fly it, export it again"
