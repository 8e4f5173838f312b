"""Press an object on a tactile pad and draw what it feels and sees."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from sim.errors import ConfigError

EXAMPLE = """sim2metal touch
sim2metal touch --pad gelsight_r15 --object peg --load 4 --shear 0.3 0.1 --out peg.png
sim2metal touch --pad digit --object stamp --load 1 --twist 5"""

MOST_MM = 5.0
"""Ways and places further than this leave the smallest pad."""


@dataclass
class Args:
    """Press an object on a tactile pad and draw what it feels and sees."""

    pad: str = "gelsight_mini"
    """Sensor: gelsight_r15, gelsight_mini, digit, taxel_array."""
    object: str = "ball"
    """What is pressed: ball, peg, stamp, pen, brick, edge, table."""
    load: float = 2.0
    """Normal force, N."""
    place: tuple[float, float] = field(default=(0.0, 0.0))
    """Where on the pad, x and y, mm."""
    shear: tuple[float, float] = field(default=(0.25, 0.0))
    """Way sideways after the press, x and y, mm; until it slips the gel's shear grows with it."""
    twist: float = 0.0
    """Turn about the pad's normal, degrees."""
    calibration: Path | None = None
    """Of your own sensor (.npz), as calibrate-touch writes it; default: a made-up one of three lights."""
    out: Path = Path("touch.png")
    """The figure."""

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
        if self.out.suffix.lower() != ".png":
            raise ConfigError(f"--out {self.out}: expected a name that ends in .png")


def run(args: Args) -> dict[str, Any]:
    """Draw the figure; returns total force, torque, depth and the number of taxels that touch.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    args.check()
    from sim.files import write_atomic
    from sim.tactile.figure import View, draw
    from sim.tactile.objects import load_object
    from sim.tactile.pads import load_pad
    from sim.tactile.press import press

    pad, held = load_pad(args.pad), load_object(args.object)
    place, shear = ((x * 1e-3, y * 1e-3) for x, y in (args.place, args.shear))
    calibration = _calibration(args, pad)
    if calibration is not None:
        pad = calibration.of(pad)
    camera = _camera(calibration, pad, held.shape)
    stiffness = None if calibration is None else calibration.stiffness_n_m3
    contact = press(pad, held, args.load, place, shear, math.radians(args.twist), stiffness)
    picture = skin = None
    if camera is not None:
        picture, skin = camera.render(contact.position, contact.quaternion)[0], camera.skin[0]
    force, torque = (part[0].tolist() for part in contact.field.wrench())
    sideways = math.hypot(force[0], force[1])
    title = f"{args.object} on {pad.title}: {-force[2]:.2f} N down, {sideways:.2f} N sideways"
    write_atomic(args.out, draw(View(title, contact, picture, skin)))
    depth, touching = float(contact.field.depth.max()), int((contact.field.depth > 0.0).sum())
    Console(highlight=False).print(
        f"{title}, {depth * 1e3:.2f} mm deep, {touching} of {pad.taxels.count} taxels touch; wrote {args.out}",
        soft_wrap=True,
    )
    return {
        "pad": pad.name, "object": args.object, "force_n": force, "torque_nm": torque, "depth_m": depth,
        "taxels_touching": touching, "stiffness_n_m3": contact.field.stiffness, "figure": str(args.out),
    }  # fmt: skip


def _calibration(args: Args, pad: Any) -> Any:
    if args.calibration is None:
        return None
    if pad.camera is None:
        raise ConfigError(f"--calibration {args.calibration}: {pad.title} has no camera")
    from sim.tactile.calibration import read_calibration

    return read_calibration(args.calibration)


def _camera(calibration: Any, pad: Any, shape: Any) -> Any:
    if pad.camera is None:
        return None
    from sim.tactile.image import TactileCamera

    return TactileCamera(pad, [shape], calibration=None if calibration is None else calibration.pictures(pad))
