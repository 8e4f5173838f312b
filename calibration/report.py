"""Write one HTML page about a run: figures, plots and a video of the flight, all in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from sim.errors import ConfigError, ToolchainError

EXAMPLE = """sim2metal report runs/demo
sim2metal report runs/flights/20261121-101500.mcap --out flight.html
sim2metal report runs/demo --no-video --picture docs/pictures/first-flight.png"""


@dataclass
class Args:
    """Options of ``sim2metal report``."""

    run: tyro.conf.Positional[Path]
    """Run folder (``make demo`` writes runs/demo) or one flight log (.mcap)."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """The page to write; default report.html in the run folder, or beside the log."""
    video: bool = True
    """Render the flight; about half a minute."""
    width: int = 640
    """Width of the video, pixels; 16:9."""
    speed: float = 2.0
    """Flight seconds per second of video."""
    picture: Annotated[Path | None, tyro.conf.arg(metavar="PNG")] = None
    """Also write one still picture of the flight: the robot, its path and its error."""


def run(args: Args) -> dict[str, Any]:
    """Write the page and, for a run folder, ``summary.json``; return the summary.

    Raises:
        ConfigError: for a path without a run, or an option out of range.
        StorageError: if a file cannot be written.
    """
    _check(args)
    from calibration.reporting.build import build_page
    from calibration.reporting.run_folder import read_run_folder
    from calibration.reporting.summary import summarise, write_summary
    from sim.files import write_atomic

    console = Console(highlight=False)
    found = read_run_folder(args.run)
    is_folder = found.path.is_dir()
    summary = write_summary(found, found.path / "summary.json") if is_folder else summarise(found)
    page, notes = build_page(found, summary, _settings(args), console)
    out = args.out or (found.path / "report.html" if is_folder else found.path.with_suffix(".html"))
    write_atomic(out, page)
    for note in (*found.problems, *notes):
        console.print(f"[yellow]note[/]  {note}")
    if is_folder and summary["missing"]:
        console.print(f"[yellow]note[/]  not in this folder: {', '.join(summary['missing'])}")
    console.print(f"report  {out}  ({len(page.encode()) / 1e6:.1f} MB)")
    if args.picture is not None:
        _write_picture(args, found, console)
    return {**summary, "report": str(out), "notes": [*found.problems, *notes]}


def _check(args: Args) -> None:
    if not 160 <= args.width <= 1920:
        raise ConfigError(f"--width {args.width}: choose a width from 160 to 1920 pixels")
    if not 0.1 <= args.speed <= 20.0:
        raise ConfigError(f"--speed {args.speed}: choose a speed from 0.1 to 20")


def _settings(args: Args) -> Any:
    if not args.video:
        return None
    from calibration.reporting.settings import VideoSettings

    height = args.width * 9 // 16
    return VideoSettings(width=args.width // 2 * 2, height=height // 2 * 2, speed=args.speed)


def _write_picture(args: Args, found: Any, console: Console) -> None:
    from calibration.reporting.picture import flight_picture
    from calibration.reporting.record import FlightRecord

    if not isinstance(found.flight, FlightRecord):
        raise ConfigError(f"--picture needs a flight log; {args.run} holds none")
    from sim.files import write_atomic

    path = args.picture
    assert path is not None
    try:
        write_atomic(path, flight_picture(found.flight))
    except ToolchainError as error:
        raise ToolchainError(f"{path} not written: {error}") from None
    console.print(f"picture {path}")
