"""The report of a calibration as one picture: what was found, what it renders, and what is left over."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from calibration.reporting.palette import LIGHT
from calibration.reporting.plotting import new_figure, style
from calibration.tactile.depth import BallRenderer
from calibration.tactile.fit import Fit, Seen
from calibration.tactile.judge import Judgement
from sim.tactile.image import camera_of

DISK = 241
"""Pixels along each side of the table's picture."""
STEEPEST_DEG = 70.0
"""Shown of the table."""
AMPLIFIED = 8.0
"""What is left over is drawn so many times stronger."""
MM, UM = 1e3, 1e6


def draw(fit: Fit, judged: Judgement) -> bytes:
    """Return the report as a PNG file's content."""
    with style():
        figure = new_figure(6.2, 12.0)
        figure.patch.set_facecolor(LIGHT["surface"])
        axes = figure.subplots(2, 4)
        _circles(axes[0, 0], fit)
        _pictures(axes[0, 1:], fit)
        _colours(axes[1, 0], fit)
        _residuals(axes[1, 1], fit)
        _places(axes[1, 2], fit)
        _loads(axes[1, 3], fit)
        figure.suptitle(
            f"{fit.recording.pad.title}: {judged.error:.2f} grey levels of error in {judged.presses} held-out presses",
            x=0.01, ha="left", fontweight="bold", fontsize=12,
        )  # fmt: skip
        return _png(figure)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _picture(axes: Axes, picture: npt.NDArray[Any], title: str) -> None:
    axes.imshow(np.clip(np.round(picture), 0, 255).astype(np.uint8), interpolation="nearest")
    axes.set_title(title)
    axes.set_axis_off()


def _circles(axes: Axes, fit: Fit) -> None:
    """The untouched pad with all contacts."""
    _picture(axes, fit.recording.background, "untouched, with contacts found")
    pixel_x, pixel_y = fit.calibration.pixel_m or (1.0, 1.0)
    for at in fit.seen.values():
        circle, across = at.circle, 2.0 * at.circle.radius
        colour = LIGHT["orange" if at.held_out else "blue"]
        middle = (circle.column, circle.row)
        axes.add_patch(Ellipse(middle, across, across * pixel_x / pixel_y, fill=False, color=colour, linewidth=1.0))
    axes.text(0.02, -0.02, "blue: fitted to, orange: held out", transform=axes.transAxes, va="top", fontsize=8)


def _pictures(axes: npt.NDArray[Any], fit: Fit) -> None:
    """The deepest held-out press: seen, rendered, left over."""
    n = max((n for n, at in fit.seen.items() if at.held_out), key=lambda n: fit.seen[n].depth_m)
    at, press = fit.seen[n], fit.recording.presses[n]
    rendered = BallRenderer(fit.recording.pad, fit.calibration).picture(at.circle, press.radius_m, at.depth_m)
    seen = fit.recording.picture(n)
    _picture(axes[0], seen, f"held out: {press.image}")
    _picture(axes[1], rendered, f"rendered, {at.depth_m * MM:.2f} mm deep")
    _picture(axes[2], 128.0 + AMPLIFIED * (seen - rendered), f"left over, x {AMPLIFIED:g}")


def _colours(axes: Axes, fit: Fit) -> None:
    """The table in the middle of the picture: direction around, steepness outwards."""
    camera, table = camera_of(fit.recording.pad), fit.calibration.table
    across, down = np.meshgrid(np.linspace(-1, 1, DISK), np.linspace(-1, 1, DISK))
    steepness = np.radians(STEEPEST_DEG) * np.hypot(across, down)
    i = np.minimum((steepness / (0.5 * np.pi / (table.bins - 1))).astype(int), table.bins - 1)
    j = ((np.arctan2(down, across) + np.pi) / (2.0 * np.pi / (table.bins - 1))).astype(int)
    x, y = 0.5 * (camera.columns - 1), 0.5 * (camera.rows - 1)
    middle = fit.recording.background[int(y), int(x)]
    colour = table.coefficients[i, j] @ np.array([x * x, y * y, x * y, x, y, 1.0]) + middle
    colour[np.hypot(across, down) > 1.0] = 255.0
    _picture(axes, colour, f"the table, slopes to {STEEPEST_DEG:g} degrees")
    ring = (DISK - 1) * np.degrees(fit.steepest_rad) / STEEPEST_DEG
    half = 0.5 * (DISK - 1)
    axes.add_patch(Ellipse((half, half), ring, ring, fill=False, color="white", linestyle="--", linewidth=1.2))
    axes.text(0.02, -0.02, "dashed: steepest slope that was seen", transform=axes.transAxes, va="top", fontsize=8)


def _residuals(axes: Axes, fit: Fit) -> None:
    """What the pictures have beyond the rendered ones, by the distance from the contact's middle."""
    renderer = BallRenderer(fit.recording.pad, fit.calibration)
    for held_out, colour, name in ((False, "blue", "fitted to"), (True, "orange", "held out")):
        chosen = {n: at for n, at in fit.seen.items() if at.held_out == held_out}
        where, error = zip(*(_profile(fit, renderer, n, at) for n, at in chosen.items()), strict=True)
        ring = np.concatenate(where)
        count, total = np.bincount(ring), np.bincount(ring, np.concatenate(error))
        centres = (np.flatnonzero(count) + 0.5) / 20.0
        axes.plot(centres, np.sqrt(total[count > 0] / count[count > 0]), color=LIGHT[colour], label=name)
    axes.axhline(fit.recording.noise, color=LIGHT["muted"], linestyle=":", label="the camera's noise")
    axes.set_title("left over, r.m.s.")
    axes.set_xlabel("distance from the middle, contact radii")
    axes.set_ylabel("grey levels")
    axes.set_ylim(bottom=0.0)
    axes.legend()


def _profile(fit: Fit, renderer: BallRenderer, n: int, at: Seen) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
    """Return twentieths of the contact's radius and squared errors, (pixels,) each."""
    part = renderer.around(at.circle)
    rendered = renderer.picture(at.circle, fit.recording.presses[n].radius_m, at.depth_m)[part]
    error = np.square(fit.recording.picture(n)[part] - rendered).mean(axis=2)
    rows, columns = np.mgrid[part]
    pixel_x, pixel_y = camera_of(renderer.pad).pixel_m
    distance = np.hypot(columns - at.circle.column, (rows - at.circle.row) * pixel_y / pixel_x) / at.circle.radius
    inside = distance < 1.5
    return (distance[inside] * 20.0).astype(np.intp), error[inside]


def _places(axes: Axes, fit: Fit) -> None:
    axes.set_title("places: stage against picture")
    if fit.scale is None:
        _nothing(axes, "no scale was fitted")
        return
    residual = fit.scale.residual_m[np.isfinite(fit.scale.residual_m)] * UM
    axes.hist(residual, bins=max(8, len(residual) // 4), color=LIGHT["teal"])
    axes.set_xlabel("distance, um")
    axes.set_ylabel("presses")


def _loads(axes: Axes, fit: Fit) -> None:
    axes.set_title("weights and the force field")
    if fit.stiffness is None:
        _nothing(axes, "no weights")
        return
    most = float(max(fit.stiffness.loads_n.max(), fit.stiffness.forces_n.max())) * 1.08
    axes.plot([0.0, most], [0.0, most], color=LIGHT["muted"], linewidth=1.0)
    axes.plot(fit.stiffness.loads_n, fit.stiffness.forces_n, "o", color=LIGHT["plum"], markersize=4)
    axes.set_xlabel("weight, N")
    axes.set_ylabel("sum of the taxels, N")
    axes.set_xlim(0.0, most)
    axes.set_ylim(0.0, most)


def _nothing(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", color=LIGHT["muted"])
    axes.set_xticks([])
    axes.set_yticks([])
