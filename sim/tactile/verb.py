"""Press an object on a tactile pad and draw, film or show live what it feels and sees."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from sim.errors import ConfigError

EXAMPLE = """sim2metal touch
sim2metal touch --pad gelsight_r15 --object peg --load 4 --shear 0.3 0.1 --out peg.png
sim2metal touch --pad digit --object stamp --load 1 --twist 5
sim2metal touch --object pen --markers --out pen.mp4
sim2metal touch --object part.stl --scale 0.001 --live"""

STILL, FILM = ".png", ".mp4"

MOST_MM = 5.0
"""Ways and places further than this leave the smallest pad."""


@dataclass
class Args:
    """Press an object on a tactile pad and draw what it feels and sees."""

    pad: str = "gelsight_mini"
    """Sensor: gelsight_r15, gelsight_mini, digit, taxel_array."""
    object: str = "ball"
    """What is pressed: ball, peg, stamp, pen, brick, edge, table, or a mesh file (.stl, .obj)."""
    scale: float = 0.001
    """Of a mesh file: metres per unit."""
    load: float = 2.0
    """Normal force, N; the way sideways and the turn then keep the height, which may change it a little."""
    place: tuple[float, float] = field(default=(0.0, 0.0))
    """Where on the pad, x and y, mm."""
    shear: tuple[float, float] = field(default=(0.25, 0.0))
    """Way sideways after the press, x and y, mm; until it slips the gel's shear grows with it."""
    twist: float = 0.0
    """Turn about the pad's normal, degrees."""
    calibration: Path | None = None
    """Of your own sensor (.npz), as calibrate-touch writes it; default: a made-up one of three lights."""
    background: Path | None = None
    """Picture of the untouched pad, which published calibrations have beside them; default: the one in the file."""
    shadows: bool = True
    """Whether the pressed skin throws shadows."""
    markers: bool = False
    """Whether dots are printed on the skin."""
    live: bool = False
    """Show press, slide, circle, twist and release as they happen: in a window, without a display in the terminal."""
    out: Path | None = None
    """The figure (.png), or a film of what --live shows (.mp4); default: touch.png, nothing with --live."""

    def check(self) -> None:
        """Refuse values that make no sense.

        Raises:
            ConfigError: naming the option.
        """
        for name, values in (("place", self.place), ("shear", self.shear)):
            if not all(abs(value) <= MOST_MM for value in values):
                raise ConfigError(f"--{name} {values[0]:g} {values[1]:g}: expected -{MOST_MM:g} to {MOST_MM:g} mm each")
        if not abs(self.twist) <= 180.0:
            raise ConfigError(f"--twist {self.twist:g}: expected -180 to 180 degrees")
        if not 0.0 < self.scale < math.inf:
            raise ConfigError(f"--scale {self.scale:g}: expected a positive number")
        if self.background is not None and self.calibration is None:
            raise ConfigError(f"--background {self.background}: it goes with the --calibration that it lies beside")
        if self.out is not None and self.out.suffix.lower() not in (STILL, FILM):
            raise ConfigError(f"--out {self.out}: expected a name that ends in {STILL} or {FILM}")


def run(args: Args) -> dict[str, Any]:
    """Draw, film or show; returns total force, torque, depth and the number of taxels that touch, at rest.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    args.check()
    from sim.files import require_writable
    from sim.tactile.pads import load_pad
    from sim.tactile.press import press

    out = Path("touch.png") if args.out is None and not args.live else args.out
    if out is not None:
        require_writable(out)
    pad, held = load_pad(args.pad), _held(args)
    place, shear = ((x * 1e-3, y * 1e-3) for x, y in (args.place, args.shear))
    calibration = _calibration(args, pad)
    if calibration is not None:
        pad = calibration.of(pad)
    camera = _camera(args, calibration, pad, held.shape)
    stiffness = None if calibration is None else calibration.stiffness_n_m3
    contact = press(pad, held, args.load, place, shear, math.radians(args.twist), stiffness)
    force, torque = (part[0].tolist() for part in contact.field.wrench())
    name = Path(args.object).stem
    title = f"{name} on {pad.title}: {max(0.0, -force[2]):.2f} N down, {math.hypot(force[0], force[1]):.2f} N sideways"
    console = Console(highlight=False)
    if args.live or (out is not None and out.suffix.lower() == FILM):
        from sim.tactile.tour import Tour

        turn = math.radians(args.twist) or Tour.twist_rad
        tour = Tour(pad, held, args.load, place, shear, turn, stiffness)
        _play(args, tour, camera, f"{name} on {pad.title}", out, console)
    if out is not None and out.suffix.lower() == STILL:
        _draw(title, contact, camera, out)
    depth, touching = float(contact.field.depth.max()), int((contact.field.depth > 0.0).sum())
    console.print(
        f"{title}, {depth * 1e3:.2f} mm deep, {touching} of {pad.taxels.count} taxels touch"
        + ("" if out is None else f"; wrote {out}"),
        soft_wrap=True,
    )
    return {
        "pad": pad.name, "object": args.object, "force_n": force, "torque_nm": torque, "depth_m": depth,
        "taxels_touching": touching, "stiffness_n_m3": contact.field.stiffness,
        "figure": None if out is None else str(out),
    }  # fmt: skip


def _held(args: Args) -> Any:
    from sim.tactile.mesh_file import is_mesh_file, load_mesh
    from sim.tactile.objects import load_object

    return load_mesh(Path(args.object), args.scale) if is_mesh_file(args.object) else load_object(args.object)


def _draw(title: str, contact: Any, camera: Any, out: Path) -> None:
    from sim.files import write_atomic
    from sim.tactile.figure import View, draw

    picture = skin = None
    if camera is not None:
        picture, skin = camera.render(contact.position, contact.quaternion, contact.field)[0], camera.skin[0]
    write_atomic(out, draw(View(title, contact, picture, skin)))


def _play(args: Args, tour: Any, camera: Any, title: str, out: Path | None, console: Console) -> None:
    from sim.files import write_atomic
    from sim.tactile import live

    if out is not None and out.suffix.lower() == FILM:
        write_atomic(out, live.film(tour, camera, title, console))
    if args.live and live.can_open_window():
        live.show_in_window(tour, camera, title)
    elif args.live:
        live.show_in_terminal(tour, camera, title, console)


def _calibration(args: Args, pad: Any) -> Any:
    if args.calibration is None:
        return None
    if pad.camera is None:
        raise ConfigError(f"--calibration {args.calibration}: {pad.title} has no camera")
    from sim.tactile.calibration import read_calibration
    from sim.tactile.untouched import with_untouched

    calibration = read_calibration(args.calibration)
    return calibration if args.background is None else with_untouched(calibration, args.background, pad)


def _camera(args: Args, calibration: Any, pad: Any, shape: Any) -> Any:
    if pad.camera is None:
        if args.markers:
            raise ConfigError(f"--markers: {pad.title} has no camera that could see them")
        return None
    from sim.tactile.image import TactileCamera
    from sim.tactile.lights import NOMINAL
    from sim.tactile.markers import Markers

    return TactileCamera(
        pad, [shape], calibration=None if calibration is None else calibration.pictures(pad),
        shadows=NOMINAL if args.shadows else None, markers=Markers.fitted(pad.camera) if args.markers else None,
    )  # fmt: skip
