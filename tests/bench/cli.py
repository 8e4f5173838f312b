"""Measure the figures that the documentation quotes and record machine, date and commit.

A suite is a list of parts; a part is a module here with ``measure(repeats) -> dict`` whose keys
are the figures' dotted names. Times are CPU-seconds and wall seconds, best of ``repeats``.
"""

import importlib
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from tests.bench.machine import machine

EXAMPLE = """sim2metal bench first-flight --json figures.json
sim2metal bench first-flight --parts kernel mlp64
sim2metal bench robot-side --json robot-side.json
sim2metal bench firmware --parts networks zoo
sim2metal bench flight --parts hover_full recovery"""

SUITES = {
    "first-flight": ("kernel", "mlp64", "hover", "demo"),
    "robot-side": ("policy_node", "radio", "swarm", "fuzz", "faults"),
    "firmware": ("networks", "emlearn", "random_graphs", "broken_files", "zoo", "hil", "int8", "int8_touch"),
    "flight": (
        "hover_full", "tracking", "baselines", "recovery", "radio_tracking", "levels", "any_airframe",
        "kernel", "l2f_ratio", "warp_kernel",
    ),
    "touch": ("touch_field", "touch_image", "touch_wrench", "touch_scene", "touch_learning"),
    "bodies": (
        "bodies_overhead", "bodies_warp", "bodies_walking", "bodies_twist", "bodies_imitation", "bodies_sparse",
        "bodies_learners",
    ),
    "calibration": (
        "wrong_logs", "quadruped", "crazyflie", "excitation", "closed_loop", "calibration_legs", "streaming",
    ),
}  # fmt: skip


@dataclass
class Args:
    """Options of ``sim2metal bench``."""

    suite: Annotated[
        Literal["first-flight", "robot-side", "firmware", "flight", "touch", "bodies", "calibration"],
        tyro.conf.Positional,
    ] = "first-flight"
    """Which set of figures to measure."""
    parts: tuple[str, ...] = ()
    """Only these parts of the suite (default: all)."""
    repeats: int = 3
    """Timings are the best of this many; shares of bodies' physics the middle one."""
    onto: Path | None = None
    """Take what is not measured now from this file of an earlier run: a long suite may be measured part by part."""


def run(args: Args) -> dict[str, Any]:
    """Measure every part and print its figures."""
    from sim.errors import Sim2MetalError

    figures: dict[str, Any] = {} if args.onto is None else read_json(args.onto)
    figures.pop("error", None)
    try:
        _measure_onto(figures, args)
    except Sim2MetalError as error:
        error.result = figures  # type: ignore[attr-defined]  # for --json: figures measured before are kept
        raise
    return figures


def _measure_onto(figures: dict[str, Any], args: Args) -> None:
    from sim.errors import ConfigError

    if args.repeats < 1:
        raise ConfigError(f"--repeats must be at least 1, got {args.repeats}")
    parts = args.parts or SUITES[args.suite]
    unknown = sorted(set(parts) - set(SUITES[args.suite]))
    if unknown:
        raise ConfigError(f"unknown part '{unknown[0]}'; choose from: {', '.join(SUITES[args.suite])}")
    console = Console(highlight=False)
    figures["machine"] = machine()
    for part in parts:
        where = machine()
        console.print(f"[bold]{args.suite}: {part}[/]")
        measured = measure_apart(part, args.repeats)
        for key, value in measured.items():
            for line in _lines(key, value):
                console.print(f"  {line}")
        figures.update(measured)
        figures.setdefault("parts", {})[part] = where


def measure_apart(part: str, repeats: int) -> dict[str, object]:
    """Measure a part in a process of its own: none inherits the threads, priorities or memory of the one before."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measure, part, repeats).result()


def _measure(part: str, repeats: int) -> dict[str, object]:
    return importlib.import_module(f"tests.bench.{part}").measure(repeats=repeats)


def read_json(path: Path) -> dict[str, Any]:
    """Return the figures of an earlier run.

    Raises:
        ConfigError: it cannot be read.
    """
    from sim.errors import ConfigError

    try:
        figures = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"--onto {path}: {error}") from None
    if not isinstance(figures, dict) or "machine" not in figures:
        raise ConfigError(f"--onto {path}: no figures of 'sim2metal bench'")
    return figures


def _lines(key: str, value: object) -> list[str]:
    if isinstance(value, list):
        return [f"{key}[{i}]: {_text(item)}" for i, item in enumerate(value)]
    return [f"{key}: {_text(value)}"]


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return str(value)
