"""Calibrate a tactile pad: from pictures of a ball pressed on it, and weights, to table, scale and stiffness."""

from __future__ import annotations

import io
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from sim.errors import ConfigError

if TYPE_CHECKING:
    from calibration.tactile.fit import Fit
    from calibration.tactile.judge import Judgement
    from sim.tactile.calibration import Calibration

EXAMPLE = """sim2metal calibrate-touch demo --synthetic 24
sim2metal calibrate-touch recordings/mini --pad gelsight_mini --radius 4 --out mini.npz
sim2metal touch --pad gelsight_mini --calibration mini.npz"""

MOST_SYNTHETIC = 500


@dataclass
class Args:
    """Calibrate a tactile pad from pictures of a ball pressed on it."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """Pictures of presses (*.png), of the untouched pad (untouched*.png), presses.csv, recording.json."""
    pad: str | None = None
    """Sensor: gelsight_r15, gelsight_mini, digit; default: the recording's, or gelsight_mini."""
    radius: float | None = None
    """Of the ball, mm; default: the recording's."""
    rotate: int | None = None
    """Turn pictures by this many degrees counter-clockwise: 0, 90, 180, 270."""
    mm_per_px: tuple[float, float] | None = None
    """Size of a pixel along columns and rows, mm; default: from places in presses.csv, or the pad's nominal one."""
    out: Path = Path("touch-calibration.npz")
    """The calibration; the report and the untouched picture are written beside it (.png, .background.png)."""
    bins: int = 125
    """Steps of steepness and of direction in the look-up table."""
    held_out: int = 5
    """Every so many-th press is not fitted to, and judges the result."""
    truth: Path | None = None
    """Calibration to compare with."""
    synthetic: int = 0
    """First write a recording of this many presses of a made-up pad into FOLDER, with its truth.npz."""
    seed: int = 0
    """Of the synthetic recording."""

    def check(self) -> None:
        """Refuse values that make no sense.

        Raises:
            ConfigError: naming the option.
        """
        if self.out.suffix != ".npz":
            raise ConfigError(f"--out {self.out}: expected a name that ends in .npz")
        if self.out.resolve().parent == self.folder.resolve():
            raise ConfigError(f"--out {self.out} lies among the pictures: its report would be taken for one")
        if not 16 <= self.bins <= 512:
            raise ConfigError(f"--bins {self.bins}: expected 16 to 512")
        if not 2 <= self.held_out <= 1000:
            raise ConfigError(f"--held-out {self.held_out}: expected 2 to 1000")
        if self.synthetic and not 8 <= self.synthetic <= MOST_SYNTHETIC:
            raise ConfigError(f"--synthetic {self.synthetic}: expected 8 to {MOST_SYNTHETIC} presses")
        if self.seed < 0:
            raise ConfigError(f"--seed must not be negative, got {self.seed}")


def run(args: Args) -> dict[str, Any]:
    """Write calibration and report; return what was found, and how good it is.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    args.check()
    from calibration.tactile.figure import draw
    from calibration.tactile.fit import calibrate
    from calibration.tactile.judge import judge, judge_against
    from calibration.tactile.recording import read_recording
    from calibration.tactile.settings import Settings
    from sim.files import require_writable, write_atomic
    from sim.tactile.calibration import read_calibration, write_calibration

    console = Console(highlight=False)
    report, untouched = args.out.with_suffix(".png"), args.out.with_suffix(".background.png")
    for path in (args.out, report, untouched):
        require_writable(path)
    given = Settings(args.pad, args.radius, args.rotate, args.mm_per_px).check("options")
    truth_file = args.truth
    with console.status("") as status:
        if args.synthetic:
            status.update("writing a synthetic recording")
            truth_file = truth_file or _write_synthetic(args, given.pad or "gelsight_mini")
        status.update("reading the pictures")
        recording = read_recording(args.folder, given)
        truth = None if truth_file is None else read_calibration(truth_file)
        if truth is not None:
            truth.pictures(recording.pad)  # refuses one of another pad before the work
        fit = calibrate(recording, args.held_out, args.bins, status.update)
        judged = judge(fit)
        right = None if truth is None else judge_against(fit, truth)
        status.update("drawing the report")
        picture = draw(fit, judged)
    write_calibration(args.out, fit.calibration)
    write_atomic(untouched, _png(recording.background))
    write_atomic(report, picture)
    result = {**_figures(fit, judged), "calibration": str(args.out), "report": str(report)}
    table = _table(fit, judged)
    if truth is not None and right is not None:
        off = _off(fit.calibration, truth)
        result["against_truth"] = {**asdict(right), **off}
        table.add_row("to truth", _judged(right))
        table.add_row("", ", ".join(f"{name} {error:.2%} off" for name, error in off.items()))
    console.print(table)
    console.print(f"wrote {args.out}, {untouched.name} and the report {report.name}", soft_wrap=True)
    return result


def _write_synthetic(args: Args, pad: str) -> Path:
    from calibration.tactile.synthetic import TRUTH, write_synthetic
    from sim.tactile.pads import load_pad

    write_synthetic(args.folder, load_pad(pad), args.synthetic, args.seed)
    return args.folder / TRUTH


def _png(background: Any) -> bytes:
    import numpy as np
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.round(background), 0, 255).astype(np.uint8)).save(buffer, format="png")
    return buffer.getvalue()


def _figures(fit: Fit, judged: Judgement) -> dict[str, Any]:
    import numpy as np

    scale, stiffness = fit.scale, fit.stiffness
    return {
        "pad": fit.recording.pad.name,
        "presses": len(fit.seen),
        "left_out": fit.left_out,
        "noise_levels": fit.recording.noise,
        "law_residual_levels": fit.law.residual,
        "mm_per_px": [1e3 * size for size in fit.calibration.pixel_m or ()],
        "scale": "places" if scale else "given" if fit.recording.pixel_m else "nominal",
        "place_residual_mm": None if scale is None else 1e3 * float(np.sqrt(np.nanmean(np.square(scale.residual_m)))),
        "stage_turn_deg": None if scale is None else math.degrees(scale.turn_rad),
        "covered": fit.covered,
        "steepest_deg": math.degrees(fit.steepest_rad),
        "held_out": asdict(judged),
        "stiffness_n_m3": None if stiffness is None else stiffness.value,
        "load_error": None if stiffness is None else float(np.abs(stiffness.forces_n / stiffness.loads_n - 1.0).mean()),
        "circles": {
            fit.recording.presses[n].image: {
                "column": at.circle.column, "row": at.circle.row, "radius_px": at.circle.radius, "depth_m": at.depth_m,
            }
            for n, at in fit.seen.items()
        },
    }  # fmt: skip


def _off(found: Calibration, truth: Calibration) -> dict[str, float]:
    """Return the relative errors of what both know."""
    errors: dict[str, float] = {}
    if found.pixel_m is not None and truth.pixel_m is not None:
        errors["scale"] = max(abs(ours / true - 1.0) for ours, true in zip(found.pixel_m, truth.pixel_m, strict=True))
    if found.stiffness_n_m3 is not None and truth.stiffness_n_m3 is not None:
        errors["stiffness"] = abs(found.stiffness_n_m3 / truth.stiffness_n_m3 - 1.0)
    return errors


def _table(fit: Fit, judged: Judgement) -> Table:
    figures = _figures(fit, judged)
    table = Table(title=f"{fit.recording.pad.title}, {figures['presses']} presses", title_justify="left", box=None)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    across, down = figures["mm_per_px"]
    how = {"places": "from places", "given": "as given", "nominal": "nominal: no places were given"}[figures["scale"]]
    table.add_row("scale", f"{across:.5f} x {down:.5f} mm/px, {how}")
    if fit.scale is not None:
        table.add_row("places", f"{figures['place_residual_mm']:.3f} mm r.m.s. from where the pictures show them")
    covered, steepest = figures["covered"], figures["steepest_deg"]
    table.add_row("seen", f"{covered:.0%} of the picture, slopes to {steepest:.0f} degrees; the rest follows the law")
    table.add_row("noise", f"{figures['noise_levels']:.2f} grey levels; the law leaves {fit.law.residual:.2f}")
    table.add_row("held out", _judged(judged))
    if fit.stiffness is None:
        table.add_row("stiffness", "no weights on the taxels: the nominal one stays")
    else:
        error, value = figures["load_error"], fit.stiffness.value
        table.add_row("stiffness", f"{value:.3g} N/m^3 from {len(fit.stiffness.numbers)} weights, {error:.1%} off each")
    for name, reason in list(fit.left_out.items())[:5]:
        table.add_row("left out", f"{name}: {reason}")
    return table


def _judged(judged: Judgement) -> str:
    return (
        f"{judged.error:.2f} grey levels of error (95th percentile {judged.worst:.1f}), where the contact changes"
        f" {judged.change:.1f}; {judged.presses} press{'es' if judged.presses > 1 else ''}"
    )
