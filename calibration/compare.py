"""Fly classical controllers and learned policies along the same trajectories, and compare how they follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from sim.controllers.registry import NAMES

EXAMPLE = """sim2metal compare
sim2metal compare runs/track/bundle --trajectory figure8:period=5.5 circle:period=3 --tuned
sim2metal compare --controllers lee indi --published --robot racer5 --trajectory figure8:period=5.5"""

FIGURE_EIGHTS = tuple(f"figure8:period={period:g}" for period in (15, 10, 5.5, 3.5))
"""The published figure-eight and its goals' periods."""
ZOO_POLICY = Path(__file__).parents[1] / "policies" / "zoo" / "track"
"""Compared where neither bundles nor controllers are named."""


@dataclass
class Args:
    """Compare controllers on trajectories."""

    bundles: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[BUNDLE ...]")] = ()
    """Bundles of the task 'track'; default: the zoo's, unless --controllers is given."""
    trajectory: Annotated[tuple[str, ...], tyro.conf.arg(metavar="TRAJECTORY ...")] = FIGURE_EIGHTS
    """What to fly: figure8:period=5.5, circle:period=3,radius=0.5, lissajous, langevin, waypoints, steps."""
    controllers: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = NAMES
    """Classical controllers: pid, mellinger, lee, indi; none when no name follows."""
    published: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Only with their published gains."""
    tuned: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Only with gains tuned for the airframe ('sim2metal tune')."""
    robot: str | None = None
    """Multirotor to fly; default: the bundles', or crazyflie."""
    parameter_set: str | None = None
    """Its airframe; default: the bundles', or the robot's default set."""
    randomised: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Draw airframes, batteries, wind and disturbances, too; default: the nominal airframe in still air."""
    flights: int = 50
    """Flights of each controller along each trajectory."""
    seed: int = 1000
    """Of airframes, sensors and noise; tuning uses others."""
    out: Annotated[Path, tyro.conf.arg(metavar="FOLDER")] = Path("runs/compare")
    """Where compare.json and the overlay compare.png go."""
    threads: int | None = None
    """Simulation threads; default: one per CPU. Results do not depend on it."""


def run(args: Args) -> dict[str, Any]:
    """Fly, print the table, write JSON and overlay; return the figures under ``compare.`` keys.

    Raises:
        ConfigError: for an unknown controller, trajectory, robot or parameter set, or nothing to fly.
        BundleError: for a bundle that is not valid or not of a task that tracks.
        StorageError: if a file cannot be written.
    """
    import json

    from calibration.comparison import Comparison
    from calibration.reporting.tracking_plots import overlay
    from sim.files import require_writable, write_atomic

    console = Console(highlight=False)
    comparison = Comparison(_with_default_bundle(args))
    picture, figures = args.out / "compare.png", args.out / "compare.json"
    for path in (picture, figures):
        require_writable(path)
    for note in comparison.notes:
        console.print(f"[yellow]note[/]  {note}")
    with console.status("") as status:
        comparison.fly(lambda text: status.update(text))
    result = {**comparison.result(), "compare.picture": str(picture)}
    write_atomic(picture, overlay(comparison.columns()))
    write_atomic(figures, json.dumps(result, indent=2) + "\n")
    console.print(comparison.table())
    console.print(comparison.caption())
    console.print(f"overlay {picture}, figures {figures}")
    return result


def _with_default_bundle(args: Args) -> Args:
    """Add the zoo's policy where the user named nobody and it flies the same robot."""
    named = args.bundles or args.controllers != NAMES or args.robot not in (None, "crazyflie")
    if named or not (ZOO_POLICY / "bundle.json").exists():
        return args
    return replace(args, bundles=(ZOO_POLICY,))
